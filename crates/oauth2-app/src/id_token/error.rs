//! Why an ID token must not be believed.

use thiserror::Error;
use wellspring_core::TokenError;

/// Why an ID token must not be believed. It shows nothing of the token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the ID token is not valid: {reason}")]
pub struct IdTokenError {
    kind: IdTokenErrorKind,
    reason: &'static str,
}

impl IdTokenError {
    pub(super) const fn new(kind: IdTokenErrorKind, reason: &'static str) -> Self {
        Self { kind, reason }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> IdTokenErrorKind {
        self.kind
    }
}

impl From<IdTokenError> for TokenError {
    /// `Misconfigured` if the app lacks a setting, else `Protocol`.
    fn from(error: IdTokenError) -> Self {
        let text = error.to_string();
        if error.kind == IdTokenErrorKind::Unconfigured {
            Self::misconfigured(text)
        } else {
            Self::protocol(text)
        }
    }
}

/// What is wrong with an ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdTokenErrorKind {
    /// It is not a signed JWT, or a claim has another type than the standard says.
    Malformed,
    /// Its algorithm is `none`, symmetric or not known here.
    Algorithm,
    /// No key of the key set fits. The server may have exchanged its keys.
    UnknownKey,
    /// The signature is not that of the key.
    Signature,
    /// Another server issued it.
    Issuer,
    /// It was issued to another client.
    Audience,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It belongs to another sign-in.
    Nonce,
    /// The user authenticated too long ago, or the token does not say when.
    AuthTime,
    /// The user authenticated in another way than the sign-in asked for.
    Acr,
    /// The app lacks a setting.
    Unconfigured,
}
