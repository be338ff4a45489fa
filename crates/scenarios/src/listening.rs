//! A provider that writes down what its reader had to overlook, and is the provider itself otherwise.
//!
//! Leniencies are told in events and kept in records; a token does not carry them. Here the three executions
//! are to be compared, so all three are listened to at the one place they share.

use core::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    AuthorizationGrant, Deviation, HttpRequest, HttpResponse, Provider, ProviderSpec, Reading, RefreshToken,
    ResponseHead, TokenError, UnixTime, Verdict,
};

/// The provider, with what was overlooked so far.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    provider: Arc<dyn Provider>,
    overlooked: Arc<Mutex<Vec<Deviation>>>,
}

impl Listening {
    /// Listens to this provider.
    #[must_use]
    pub(crate) fn to(provider: Arc<dyn Provider>) -> Self {
        Self { provider, overlooked: Arc::default() }
    }

    /// What was overlooked since the last look.
    #[must_use]
    pub(crate) fn overlooked(&self) -> Vec<Deviation> {
        core::mem::take(&mut self.overlooked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Provider for Listening {
    fn request(&self, spend: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        self.provider.request(spend, now)
    }

    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        let reading = self.provider.read(spend, response, now);
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
