//! Why a sign-in failed.

use thiserror::Error;
use wellspring_core::TokenError;

use crate::callback_error::CallbackError;
use crate::login::PendingLogin;

/// Why a sign-in failed.
#[derive(Debug, Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum SignInError {
    /// The callback holds no valid code. The sign-in may still be pending: see [`into_pending`](Self::into_pending).
    Callback(#[from] CallbackError),
    /// The code was sent and brought no token. It is not sent again, so the user has to start a new sign-in.
    Token(#[from] TokenError),
}

impl SignInError {
    /// The sign-in, if it is still pending because the callback belongs to another one.
    #[must_use]
    pub fn into_pending(self) -> Option<PendingLogin> {
        match self {
            Self::Callback(error) => error.into_pending(),
            Self::Token(_) => None,
        }
    }
}
