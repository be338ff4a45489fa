//! A provider that makes signals wait while a token request is in flight.
//!
//! The renewal asks the provider for a request right before it sends it, and hands over the response right after it has
//! received it. Signals wait between the two. After a request without a response the source calls
//! [`GuardedProvider::release`].

use core::hash::Hasher;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Provider, ProviderSpec, Reading, RefreshToken,
    ResponseHead, TokenError, TokenResponse, UnixTime, Verdict,
};

use crate::interrupt::{self, SignalGuard};
use crate::progress::{self, Wait};

/// A request without its response.
#[derive(Debug)]
struct InFlight {
    _wait: Wait,
    _signals: Option<SignalGuard>,
}

#[derive(Debug)]
pub(crate) struct GuardedProvider {
    provider: Arc<dyn Provider>,
    /// Whether signals wait for the response. With a store, [`GuardedStore`](super::GuardedStore) makes them wait.
    defers: bool,
    in_flight: Mutex<Option<InFlight>>,
    rotated: AtomicBool,
    /// The refresh token that the last sign-in was granted.
    granted: Mutex<Option<RefreshToken>>,
}

impl GuardedProvider {
    pub(crate) fn new(provider: Arc<dyn Provider>, defers: bool) -> Self {
        Self {
            provider,
            defers,
            in_flight: Mutex::new(None),
            rotated: AtomicBool::new(false),
            granted: Mutex::new(None),
        }
    }

    /// No request is in flight; a pending signal ends the process now.
    pub(crate) fn release(&self) {
        // A pending signal ends the process in this drop, which must not hold the lock.
        let guard = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(guard);
    }

    /// The refresh token that the last sign-in was granted.
    pub(crate) fn granted(&self) -> Option<RefreshToken> {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a response has replaced the refresh token.
    pub(crate) fn has_rotated(&self) -> bool {
        self.rotated.load(Ordering::Relaxed)
    }
}

impl Provider for GuardedProvider {
    fn request(&self, grant: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        let request = self.provider.request(grant, now)?;
        // The grant of a client needs no store.
        progress::retries(None);
        let mut in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.get_or_insert_with(|| InFlight {
            _signals: self.defers.then(interrupt::defer_signals),
            _wait: progress::wait_for("the token endpoint's response"),
        });
        Ok(request)
    }

    fn own_token(&self, now: UnixTime) -> Option<Result<TokenResponse, TokenError>> {
        self.provider.own_token(now)
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        let reading = self.provider.read(grant, response, now);
        let new = match &reading {
            Reading::Granted(granted) => granted.refresh_token.as_ref(),
            Reading::Unusable { successor, .. } => Some(&successor.refresh_token),
            Reading::Next(_) | Reading::Refused(_) => None,
        };
        if let (AuthorizationGrant::RefreshToken(old), Some(new)) = (grant, new) {
            if new != old {
                self.rotated.store(true, Ordering::Relaxed);
            }
        }
        if matches!(grant, AuthorizationGrant::AuthorizationCode { .. } | AuthorizationGrant::DeviceCode(_)) {
            let mut last = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
            *last = new.cloned();
        }
        self.release();
        reading
    }

    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        self.provider.revocation(token)
    }

    fn judge(&self, head: &ResponseHead, body_start: &[u8]) -> Verdict {
        self.provider.judge(head, body_start)
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        self.provider.credential(hasher);
    }

    fn spec(&self) -> &ProviderSpec {
        self.provider.spec()
    }
}
