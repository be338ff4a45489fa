//! A provider whose token requests signals wait for.
//!
//! A provider is asked for each request right before it is sent and for the meaning of each answer right after it
//! has come: between the two, Ctrl-C and SIGTERM are held back. A request that got no answer is let go by whoever
//! asked for the token.

use core::hash::Hasher;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Provider, ProviderSpec, Reading, RefreshToken,
    ResponseHead, TokenError, UnixTime, Verdict,
};

use crate::interrupt::{self, Hold};

#[derive(Debug)]
pub(crate) struct Held {
    provider: Arc<dyn Provider>,
    under_way: Mutex<Option<Hold>>,
    rotated: AtomicBool,
}

impl Held {
    pub(crate) fn new(provider: Arc<dyn Provider>) -> Self {
        Self { provider, under_way: Mutex::new(None), rotated: AtomicBool::new(false) }
    }

    /// No request is under way any more.
    pub(crate) fn release(&self) {
        let hold = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(hold);
    }

    /// Whether a refresh token was replaced by another one.
    pub(crate) fn has_rotated(&self) -> bool {
        self.rotated.load(Ordering::Relaxed)
    }
}

impl Provider for Held {
    fn request(&self, spend: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        let request = self.provider.request(spend, now)?;
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.get_or_insert_with(interrupt::hold);
        Ok(request)
    }

    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        let reading = self.provider.read(spend, response, now);
        if let (AuthorizationGrant::RefreshToken(spent), Reading::Granted(granted)) = (spend, &reading)
            && granted.refresh_token.as_ref().is_some_and(|new| new != spent)
        {
            self.rotated.store(true, Ordering::Relaxed);
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
