//! Why a callback brings no authorization code.

use core::fmt;

use thiserror::Error;

use crate::login::PendingLogin;

/// What is wrong with a callback.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackErrorKind {
    /// The authorization server refused the sign-in; `access_denied` means that the user refused it
    /// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    Refused {
        /// The server's error code, at most 64 characters. A code that is longer or has other characters than the RFC
        /// allows is replaced by `server_error`.
        code: String,
        /// The server's description, at most 200 characters. It is text, not HTML.
        description: Option<String>,
    },
    /// The code or the state is missing or empty, or the code is repeated.
    MissingParameters,
    /// The state is not the one of this sign-in.
    InvalidState,
    /// The callback comes from another authorization server.
    InvalidIssuer,
}

impl fmt::Display for CallbackErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, description: None } => {
                write!(f, "the authorization server refused the sign-in ({code})")
            }
            Self::Refused { code, description: Some(description) } => {
                write!(f, "the authorization server refused the sign-in ({code}: {description})")
            }
            Self::MissingParameters => f.write_str("the callback has no code or no state"),
            Self::InvalidState => f.write_str("the callback's state does not match this sign-in"),
            Self::InvalidIssuer => {
                f.write_str("the callback does not come from the expected authorization server")
            }
        }
    }
}

/// A callback that brings no authorization code.
#[derive(Debug, Error)]
#[error("{kind}")]
pub struct CallbackError {
    pub(crate) kind: CallbackErrorKind,
    pub(crate) pending: Option<Box<PendingLogin>>,
}

impl CallbackError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &CallbackErrorKind {
        &self.kind
    }

    /// The error as one code: the server's own, or `missing_parameters`, `invalid_state` or `invalid_issuer`. A caller
    /// that puts it into a URL has to percent-encode it, and one that puts it into HTML has to escape it.
    #[must_use]
    pub fn code(&self) -> &str {
        match &self.kind {
            CallbackErrorKind::Refused { code, .. } => code,
            CallbackErrorKind::MissingParameters => "missing_parameters",
            CallbackErrorKind::InvalidState => "invalid_state",
            CallbackErrorKind::InvalidIssuer => "invalid_issuer",
        }
    }

    /// The sign-in, if it is still pending because the callback belongs to another one.
    #[must_use]
    pub fn into_pending(self) -> Option<PendingLogin> {
        self.pending.map(|pending| *pending)
    }
}
