//! The result of a renewal or a save, for the callers that wait for it.

use wellspring_core::{Permit, Revocation, Token, TokenError};

use crate::sync::OnceLock;

/// A renewal or a save in flight, as the callers that wait for it see it.
#[derive(Debug, Default)]
pub struct InFlight {
    result: OnceLock<Result<Token, TokenError>>,
    revocation: OnceLock<Revocation>,
}

impl InFlight {
    /// The result, once the renewal has ended.
    #[must_use]
    pub fn result(&self) -> Option<Result<Token, TokenError>> {
        self.result.get().cloned()
    }

    /// The result of the revocation at the endpoint, once a logout has ended.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        self.revocation.get().cloned()
    }

    pub(crate) fn finish(&self, result: Result<Token, TokenError>) {
        // A renewal has one guard, which ends once.
        let _ = self.result.set(result);
    }

    pub(crate) fn sign_out(&self, revocation: Revocation) {
        let _ = self.revocation.set(revocation);
    }
}

/// What a renewal was started for.
#[derive(Debug)]
pub(crate) enum JobKind {
    Renewal(Box<Permit>),
    SignIn,
    SignOut,
}
