//! A wrapper around a provider that records the deviations in its responses.
//!
//! The drivers report deviations in events and records; a token does not carry them. The provider is the only place that all
//! three executions share, so the comparison of their deviations happens here.

use core::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    AuthorizationGrant, Deviation, HttpRequest, HttpResponse, Provider, ProviderSpec, Reading, RefreshToken,
    ResponseHead, TokenError, UnixTime, Verdict,
};

/// The provider, with the deviations so far.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    provider: Arc<dyn Provider>,
    overlooked: Arc<Mutex<Vec<Deviation>>>,
}

impl Listening {
    /// Wraps this provider.
    #[must_use]
    pub(crate) fn to(provider: Arc<dyn Provider>) -> Self {
        Self { provider, overlooked: Arc::default() }
    }

    /// Takes the deviations since the last call.
    #[must_use]
    pub(crate) fn overlooked(&self) -> Vec<Deviation> {
        core::mem::take(&mut self.overlooked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Provider for Listening {
    fn request(&self, grant: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        self.provider.request(grant, now)
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        let reading = self.provider.read(grant, response, now);
        if let Reading::Granted(granted) = &reading {
            let mut overlooked = self.overlooked.lock().unwrap_or_else(PoisonError::into_inner);
            overlooked.extend(&granted.deviations);
        }
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
