//! What is wrong with TLS settings, and which of them is to be corrected.

use core::error::Error;
use core::fmt;
use std::borrow::Cow;
#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
use std::sync::Arc;

use wellspring_core::TokenError;

/// One of the TLS settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsSetting {
    /// The TLS library, or something that concerns all settings.
    Library,
    /// A certificate authority to trust in addition.
    CertificateAuthority,
    /// The client certificate.
    ClientCertificate,
    /// The password of the client certificate's file.
    ClientCertificatePassword,
    /// The client key.
    ClientKey,
    /// The password of the client key.
    ClientKeyPassword,
}

/// What is wrong with TLS settings: the error, and the setting to correct.
#[derive(Clone, Debug)]
pub struct TlsFault {
    setting: TlsSetting,
    error: TokenError,
}

impl TlsFault {
    pub(super) fn new(setting: TlsSetting, text: impl Into<Cow<'static, str>>) -> Self {
        Self { setting, error: TokenError::misconfigured(text) }
    }

    /// The setting to correct.
    #[must_use]
    pub const fn setting(&self) -> TlsSetting {
        self.setting
    }

    /// The error of the whole settings.
    #[must_use]
    pub fn into_error(self) -> TokenError {
        self.error
    }

    #[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
    pub(super) fn with_source(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self { error: self.error.with_source(Arc::new(source)), ..self }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for TlsFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl From<TlsFault> for TokenError {
    fn from(fault: TlsFault) -> Self {
        fault.error
    }
}

impl From<TokenError> for TlsFault {
    fn from(error: TokenError) -> Self {
        Self { setting: TlsSetting::Library, error }
    }
}

/// Why a file cannot be read: the end of a sentence that begins with what the file is for.
#[derive(Debug)]
pub(super) struct Problem {
    /// Whether a password is missing or wrong.
    pub(super) is_of_password: bool,
    pub(super) text: Cow<'static, str>,
}

impl Problem {
    pub(super) fn format(text: impl Into<Cow<'static, str>>) -> Self {
        Self { is_of_password: false, text: text.into() }
    }

    #[cfg(feature = "pkcs12")]
    pub(super) fn password(text: impl Into<Cow<'static, str>>) -> Self {
        Self { is_of_password: true, text: text.into() }
    }
}
