//! Why a sign-in failed: the word for `?error=`, and what the operator is told.

use oauth2_app::{CallbackError, CallbackErrorKind};
use wellspring_core::{ErrorKind, TokenError};

use crate::events;

/// Why a sign-in failed.
pub(crate) enum Failure {
    /// The callback brings no code.
    Callback(CallbackError),
    /// The code brought no tokens.
    Exchange(TokenError),
    /// The id_token must not be believed.
    IdToken(TokenError),
    /// The application has refused the user, with this sentence.
    Refused(String),
    /// The application could not decide.
    Undecided(TokenError),
    /// This site failed.
    Site(TokenError),
}

impl Failure {
    /// Reports the failure, once.
    pub(crate) fn report(&self, provider: &str) {
        match self {
            Self::Callback(error) => match error.kind() {
                CallbackErrorKind::Refused { code, description } => {
                    events::refused(provider, "server", code, description.as_deref());
                }
                CallbackErrorKind::InvalidIssuer => {
                    events::invalid(Some(provider), "the callback comes from another authorization server");
                }
                _ => events::invalid(Some(provider), "the callback has no code"),
            },
            Self::Refused(_) => events::refused(provider, "application", "refused", None),
            Self::Exchange(error) => events::failed("callback", Some(provider), error),
            Self::IdToken(error) => events::failed("id_token", Some(provider), error),
            Self::Undecided(error) => events::failed("on_sign_in", Some(provider), error),
            Self::Site(error) => events::failed("session", Some(provider), error),
        }
    }

    /// The word for `?error=`.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Callback(error) => error.code(),
            Self::Refused(_) => "refused",
            Self::IdToken(error) if error.kind() == ErrorKind::Protocol => "invalid_id_token",
            Self::Exchange(error) if error.kind() == ErrorKind::Misconfigured => "misconfigured",
            Self::Exchange(_) | Self::IdToken(_) | Self::Undecided(_) | Self::Site(_) => "server_error",
        }
    }
}
