//! TLS settings, as one configuration for both clients.
//!
//! The features choose the TLS libraries; [`TlsBackend`] says which of them a client uses. Only [`TlsBackend::Rustls`] reads
//! the process-wide provider of rustls, and nothing here sets it.

use std::sync::Arc;

use wellspring_core::TokenError;
use zeroize::Zeroizing;

use crate::certified::Identity;

#[cfg(feature = "native-tls")]
mod native;
#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
mod pem;
#[cfg(feature = "rustls-no-provider")]
mod rustls;

#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
use pem::{Trust, certificates};

/// The TLS library of a client. A library whose feature is not enabled has no variant.
///
/// A client that names none uses the first of these variants, in this order, so an additional feature of another crate
/// in the program changes nothing for a client that has one already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsBackend {
    /// rustls with ring.
    #[cfg(feature = "rustls-ring")]
    RustlsRing,
    /// rustls with aws-lc-rs.
    #[cfg(feature = "rustls-aws-lc-rs")]
    RustlsAwsLcRs,
    /// The operating system's library: OpenSSL, SChannel on Windows, Secure Transport on Apple systems. It always trusts
    /// the operating system's certificate store.
    #[cfg(feature = "native-tls")]
    NativeTls,
    /// rustls with the process-wide provider, which the program installs before it builds a client
    /// (`rustls::crypto::CryptoProvider::install_default`).
    #[cfg(feature = "rustls-no-provider")]
    Rustls,
}

impl TlsBackend {
    /// Every TLS library whose feature is enabled. A client that names none uses the first.
    pub const ENABLED: &'static [Self] = &[
        #[cfg(feature = "rustls-ring")]
        Self::RustlsRing,
        #[cfg(feature = "rustls-aws-lc-rs")]
        Self::RustlsAwsLcRs,
        #[cfg(feature = "native-tls")]
        Self::NativeTls,
        #[cfg(feature = "rustls-no-provider")]
        Self::Rustls,
    ];
}

/// TLS settings: the TLS library, a client certificate, and the certificate authorities to trust.
#[derive(Clone, Default)]
pub struct Tls {
    backend: Option<TlsBackend>,
    identity: Option<Identity>,
    authorities: Vec<Vec<u8>>,
    #[cfg(feature = "platform-verifier")]
    system_roots: bool,
}

/// What a client needs to make TLS connections.
#[derive(Clone)]
#[doc(hidden)]
#[non_exhaustive]
pub enum TlsConnector {
    /// No TLS library is enabled.
    None,
    /// A configuration of rustls.
    #[cfg(feature = "rustls-no-provider")]
    Rustls(Arc<::rustls::ClientConfig>),
    /// A connector of the operating system's library.
    #[cfg(feature = "native-tls")]
    NativeTls(native_tls::TlsConnector),
}

impl Tls {
    /// The enabled TLS library, its usual certificate authorities and no client certificate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses this TLS library. Default: the first of [`TlsBackend::ENABLED`].
    #[must_use]
    pub const fn backend(mut self, backend: TlsBackend) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Shows this certificate (chain) to servers that ask for a client certificate. Both arguments are PEM.
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let key = Arc::new(Zeroizing::new(key.into()));
        self.identity = Some(Identity { certificate: certificate.into(), key });
        self
    }

    /// Trusts the certificate authorities in this PEM text too.
    #[must_use]
    pub fn certificate_authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Trusts the operating system's certificate store instead of the webpki roots.
    ///
    /// The authorities of [`certificate_authority`](Self::certificate_authority) are trusted too. On Linux and the BSDs,
    /// the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name take the place of the store. The store is read when the
    /// client is built. [`TlsBackend::NativeTls`] always trusts the operating system's store.
    #[cfg(feature = "platform-verifier")]
    #[must_use]
    pub const fn system_roots(mut self) -> Self {
        self.system_roots = true;
        self
    }

    /// The client certificate as given, for the key of the tokens that are bound to it. A certificate is not a secret.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.identity.as_ref().map(|identity| identity.certificate.as_slice())
    }

    /// The TLS library that these settings name, else the first that is enabled.
    fn chosen(&self) -> Option<TlsBackend> {
        self.backend.or(TlsBackend::ENABLED.first().copied())
    }

    pub(crate) const fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Checks the settings, as a client does when it is built.
    ///
    /// # Errors
    ///
    /// When a certificate or the key cannot be read, the key does not belong to the certificate, the TLS library does
    /// not take them, or the settings need a TLS library and none is enabled.
    pub fn check(&self) -> Result<(), TokenError> {
        self.connector().map(drop)
    }

    /// The configuration of rustls, for another client of the program.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check), and when the TLS library is not rustls.
    #[cfg(feature = "rustls-no-provider")]
    pub fn client_config(&self) -> Result<Arc<::rustls::ClientConfig>, TokenError> {
        match self.connector()? {
            TlsConnector::Rustls(config) => Ok(config),
            _ => Err(TokenError::misconfigured("the TLS library of these settings is not rustls")),
        }
    }

    /// The configuration for both clients.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check).
    #[doc(hidden)]
    pub fn connector(&self) -> Result<TlsConnector, TokenError> {
        match self.chosen() {
            #[cfg(feature = "rustls-ring")]
            Some(TlsBackend::RustlsRing) => self.rustls(Arc::new(::rustls::crypto::ring::default_provider())),
            #[cfg(feature = "rustls-aws-lc-rs")]
            Some(TlsBackend::RustlsAwsLcRs) => {
                self.rustls(Arc::new(::rustls::crypto::aws_lc_rs::default_provider()))
            }
            #[cfg(feature = "native-tls")]
            Some(TlsBackend::NativeTls) => native::connector(&self.trust()?).map(TlsConnector::NativeTls),
            #[cfg(feature = "rustls-no-provider")]
            Some(TlsBackend::Rustls) => match ::rustls::crypto::CryptoProvider::get_default() {
                Some(provider) => self.rustls(Arc::clone(provider)),
                None => Err(TokenError::misconfigured(
                    "rustls has no process-wide provider: install one, or enable the feature `rustls-ring` or `rustls-aws-lc-rs`",
                )),
            },
            _ if self.identity.is_none() && self.authorities.is_empty() => Ok(TlsConnector::None),
            _ => Err(TokenError::misconfigured(
                "TLS settings need a TLS library: enable the feature `rustls-ring`, `rustls-aws-lc-rs` or `native-tls`",
            )),
        }
    }

    #[cfg(feature = "rustls-no-provider")]
    fn rustls(&self, provider: Arc<::rustls::crypto::CryptoProvider>) -> Result<TlsConnector, TokenError> {
        #[cfg(feature = "platform-verifier")]
        let system_roots = self.system_roots;
        #[cfg(not(feature = "platform-verifier"))]
        let system_roots = false;
        let config = rustls::config(&self.trust()?, system_roots, provider)?;
        Ok(TlsConnector::Rustls(Arc::new(config)))
    }
}

#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
impl Tls {
    /// What every TLS library gets.
    fn trust(&self) -> Result<Trust, TokenError> {
        let mut authorities = Vec::new();
        for pem in &self.authorities {
            authorities.extend(certificates(pem, "the CA certificate")?);
        }
        Ok(Trust { authorities, identity: self.identity.clone() })
    }
}

crate::debug_fields!([] Tls, |tls|
    backend: tls.backend,
    client_certificate: tls.identity.is_some(),
    authorities: tls.authorities.len()
);
crate::debug_fields!([] TlsConnector, |_|);

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(all(feature = "rustls-ring", feature = "rustls-aws-lc-rs", feature = "native-tls"))]
    #[test]
    fn a_client_uses_the_first_enabled_tls_library_unless_the_settings_name_another() {
        assert_eq!(Tls::new().chosen(), Some(TlsBackend::RustlsRing));
        for &backend in TlsBackend::ENABLED {
            assert_eq!(Tls::new().backend(backend).chosen(), Some(backend));
        }
        let ring = Tls::new().client_config().unwrap();
        let aws = Tls::new().backend(TlsBackend::RustlsAwsLcRs).client_config().unwrap();
        let groups = |config: &::rustls::ClientConfig| config.crypto_provider().kx_groups.len();
        assert_ne!(groups(&ring), groups(&aws), "aws-lc-rs has post-quantum key exchange, ring has none");
        let native = Tls::new().backend(TlsBackend::NativeTls);
        assert!(matches!(native.connector(), Ok(TlsConnector::NativeTls(_))));
        assert!(native.client_config().is_err());
        let error = Tls::new().backend(TlsBackend::Rustls).check().unwrap_err();
        assert!(error.to_string().contains("no process-wide provider"), "{error}");
    }

    #[cfg(not(any(feature = "rustls-no-provider", feature = "native-tls")))]
    #[test]
    fn without_a_tls_library_tls_settings_are_refused_in_a_sentence() {
        assert!(matches!(Tls::new().connector(), Ok(TlsConnector::None)));
        let error = Tls::new().certificate_authority("PEM").check().unwrap_err();
        assert!(error.to_string().contains("enable the feature `rustls-ring`"), "{error}");
    }

    #[cfg(feature = "native-tls")]
    #[test]
    fn native_tls_names_the_key_that_it_does_not_take() {
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
        let tls = Tls::new().client_certificate(certificate, key);
        let error = tls.backend(TlsBackend::NativeTls).check().unwrap_err();
        assert!(error.to_string().contains("only as PKCS #8"), "{error}");
    }
}
