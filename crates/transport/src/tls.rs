//! TLS settings, as one configuration for both clients.
//!
//! The features choose the TLS libraries; [`TlsBackend`] says which of them a client uses. Only [`TlsBackend::Rustls`] reads
//! the process-wide provider of rustls, and nothing here sets it.

use core::hash::Hasher;
use std::path::PathBuf;
use std::sync::Arc;

use wellspring_core::{Credential, TokenError, UnixTime};

mod authorities;
mod certificate;
mod chain;
mod connector;
mod contents;
mod current;
mod date;
mod der;
mod encrypted;
mod fault;
mod identity;
mod key;
#[cfg(feature = "native-tls")]
mod native;
mod pem;
#[cfg(feature = "rustls-no-provider")]
mod rustls;

pub use certificate::{CertificateInfo, Validity};
use chain::Material;
use connector::Settings;
pub use connector::{TlsConnector, TlsLibrary};
use current::{Current, Stamp};
pub use fault::{TlsFault, TlsSetting};
pub use identity::TlsIdentity;
use identity::{Part, Unordered};
use key::PrivateKey;

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
    identity: Option<Arc<Current>>,
    authorities: Vec<Part>,
    #[cfg(feature = "platform-verifier")]
    system_roots: bool,
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

    /// Shows this certificate to servers that ask for a client certificate. Both arguments may have any form that
    /// [`TlsIdentity`] reads.
    #[must_use]
    pub fn client_certificate(self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.client_identity(TlsIdentity::new(certificate).key(key))
    }

    /// Shows the certificate of this PKCS #12 file (`.p12`, `.pfx`) to servers that ask for a client certificate.
    #[cfg(feature = "pkcs12")]
    #[must_use]
    pub fn client_pkcs12(self, file: impl Into<Vec<u8>>, password: impl Into<String>) -> Self {
        self.client_identity(TlsIdentity::new(file).password(password))
    }

    /// Shows this certificate to servers that ask for a client certificate. It may be in files, which are read again when
    /// they change.
    #[must_use]
    pub fn client_identity(mut self, identity: TlsIdentity) -> Self {
        self.identity = Some(Arc::new(Current::new(identity)));
        self
    }

    /// Trusts the certificate authorities in this file too: PEM with one or many certificates, DER or PKCS #7.
    #[must_use]
    pub fn certificate_authority(mut self, file: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(Part::bytes_of(file));
        self
    }

    /// The same, from a file. A file that is exchanged while the program runs is used from the next connection on; if it
    /// cannot be used, the old authorities stay trusted, and the event `authorities.unusable` says why.
    #[must_use]
    pub fn certificate_authority_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorities.push(Part::File(path.into()));
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

    /// What the client certificate says of itself; `None` if none is set.
    ///
    /// # Errors
    ///
    /// When the certificate or its key cannot be read, or they do not belong together.
    pub fn certificate_info(&self) -> Result<Option<CertificateInfo>, TlsFault> {
        Ok(self.material()?.map(|material| material.info.clone()))
    }

    /// The client certificate without its chain, as PEM, for the key of the tokens that are bound to it. A certificate is not
    /// a secret.
    ///
    /// # Errors
    ///
    /// As for [`certificate_info`](Self::certificate_info).
    pub fn certificate_pem(&self) -> Result<Option<String>, TlsFault> {
        Ok(self.material()?.map(|material| material.pem()))
    }

    /// The TLS library that these settings name, else the first that is enabled.
    fn chosen(&self) -> Option<TlsBackend> {
        self.backend.or(TlsBackend::ENABLED.first().copied())
    }

    /// Feeds the certificate in use and its key to a hasher, as parts of a credential, and the authorities that stand in files:
    /// what an operator exchanges after a handshake that has failed.
    pub(crate) fn feed_credential(&self, hasher: &mut dyn Hasher) {
        if let Ok(Some(material)) = self.material() {
            Credential::new(hasher).certificate(material.certificate()).private_key(material.key().der());
        }
        for authority in self.authorities.iter().filter(|authority| authority.path().is_some()) {
            if let Ok(bytes) = authority.bytes() {
                Credential::new(hasher).certificate(&bytes);
            }
        }
    }

    /// Whether a part of these settings belongs to the credential.
    pub(crate) fn has_credential(&self) -> bool {
        self.identity.is_some() || self.authorities.iter().any(|authority| authority.path().is_some())
    }

    /// Checks the settings, as a client does when it is built.
    ///
    /// # Errors
    ///
    /// When a certificate or the key cannot be read, the key does not belong to the certificate, the TLS library does
    /// not take them, or the settings need a TLS library and none is enabled.
    pub fn check(&self) -> Result<(), TokenError> {
        Ok(self.find_fault()?)
    }

    /// Checks the settings as [`check`](Self::check) does, and says which of them is wrong.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check).
    pub fn find_fault(&self) -> Result<(), TlsFault> {
        let material = self.material()?;
        self.library(material.as_deref()).map(drop)
    }

    /// The configuration of rustls, for another client of the program. It has the client certificate of this moment.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check), and when the TLS library is not rustls.
    #[cfg(feature = "rustls-no-provider")]
    pub fn client_config(&self) -> Result<Arc<::rustls::ClientConfig>, TokenError> {
        self.connector()?.client_config()
    }

    /// The configuration for both clients.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check).
    #[doc(hidden)]
    pub fn connector(&self) -> Result<TlsConnector, TokenError> {
        Ok(TlsConnector::new(self.clone())?)
    }

    /// The public key of a private key, where the TLS library tells it.
    fn public_key(&self, key: &PrivateKey) -> Result<Option<Vec<u8>>, TlsFault> {
        #[cfg(feature = "rustls-no-provider")]
        if let Some(provider) = self.provider() {
            return rustls::public_key(&provider, key);
        }
        let _ = key;
        Ok(None)
    }

    /// The cryptography of rustls, if that is the library.
    #[cfg(feature = "rustls-no-provider")]
    fn provider(&self) -> Option<Arc<::rustls::crypto::CryptoProvider>> {
        match self.chosen()? {
            #[cfg(feature = "rustls-ring")]
            TlsBackend::RustlsRing => Some(Arc::new(::rustls::crypto::ring::default_provider())),
            #[cfg(feature = "rustls-aws-lc-rs")]
            TlsBackend::RustlsAwsLcRs => Some(Arc::new(::rustls::crypto::aws_lc_rs::default_provider())),
            #[cfg(feature = "native-tls")]
            TlsBackend::NativeTls => None,
            TlsBackend::Rustls => ::rustls::crypto::CryptoProvider::get_default().map(Arc::clone),
        }
    }
}

impl Settings for Tls {
    fn material(&self) -> Result<Option<Arc<Material>>, TlsFault> {
        let Some(current) = &self.identity else { return Ok(None) };
        let prepare = |unordered: Unordered| {
            let material = unordered.ordered(&|key| self.public_key(key))?;
            #[cfg(feature = "native-tls")]
            if self.chosen() == Some(TlsBackend::NativeTls) {
                native::check(&material)?;
            }
            Ok(material)
        };
        current.material(&prepare).map(Some)
    }

    fn library(&self, material: Option<&Material>) -> Result<TlsLibrary, TlsFault> {
        let authorities = authorities::certificates(&self.authorities)?;
        match self.chosen() {
            #[cfg(feature = "native-tls")]
            Some(TlsBackend::NativeTls) => native::connector(&authorities, material).map(TlsLibrary::NativeTls),
            #[cfg(feature = "rustls-no-provider")]
            Some(_) => match self.provider() {
                Some(provider) => {
                    #[cfg(feature = "platform-verifier")]
                    let system_roots = self.system_roots;
                    #[cfg(not(feature = "platform-verifier"))]
                    let system_roots = false;
                    let config = rustls::config(&authorities, material, system_roots, provider)?;
                    Ok(TlsLibrary::Rustls(Arc::new(config)))
                }
                None => Err(TokenError::misconfigured(
                    "rustls has no process-wide provider: install one, or enable the feature `rustls-ring` or `rustls-aws-lc-rs`",
                )
                .into()),
            },
            _ if material.is_none() && authorities.is_empty() => Ok(TlsLibrary::None),
            _ => Err(TokenError::misconfigured(
                "TLS settings need a TLS library: enable the feature `rustls-ring`, `rustls-aws-lc-rs` or `native-tls`",
            )
            .into()),
        }
    }

    fn authorities(&self) -> Vec<Option<Stamp>> {
        self.authorities.iter().filter_map(Part::path).map(Stamp::of).collect()
    }

    fn report(&self, info: &CertificateInfo, now: UnixTime) {
        if let Some(current) = &self.identity {
            current.report(info, now);
        }
    }
}

crate::debug_fields!([] Tls, |tls|
    backend: tls.backend,
    client_certificate: tls.identity.is_some(),
    authorities: tls.authorities.len()
);

#[cfg(all(
    test,
    any(
        all(feature = "rustls-ring", feature = "rustls-aws-lc-rs", feature = "native-tls"),
        not(any(feature = "rustls-no-provider", feature = "native-tls"))
    )
))]
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
        assert!(matches!(native.connector().unwrap().library(), TlsLibrary::NativeTls(_)));
        assert!(native.client_config().is_err());
        let error = Tls::new().backend(TlsBackend::Rustls).check().unwrap_err();
        assert!(error.to_string().contains("no process-wide provider"), "{error}");
    }

    #[cfg(not(any(feature = "rustls-no-provider", feature = "native-tls")))]
    #[test]
    fn without_a_tls_library_tls_settings_are_refused_in_a_sentence() {
        assert!(matches!(Tls::new().connector().unwrap().library(), TlsLibrary::None));
        let authority = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
        let error = Tls::new().certificate_authority(authority).check().unwrap_err();
        assert!(error.to_string().contains("cut off or changed"), "{error}");
    }
}
