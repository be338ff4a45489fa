//! TLS settings, as one configuration for both clients.
//!
//! rustls with ring, named explicitly: nothing here looks for a process-wide provider. The webpki roots are always
//! trusted, and the CAs that a program adds are trusted too, by both transports alike.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use wellspring_core::TokenError;
use zeroize::Zeroizing;

use crate::certified::Identity;

/// TLS settings: a client certificate and further certificate authorities.
#[derive(Clone, Default)]
pub struct Tls {
    identity: Option<Identity>,
    authorities: Vec<Vec<u8>>,
}

impl Tls {
    /// The webpki roots and no client certificate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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

    /// The client certificate as given, for the key of the tokens that are bound to it. A certificate is not a secret.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.identity.as_ref().map(|identity| identity.certificate.as_slice())
    }

    pub(crate) const fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The configuration for both clients.
    ///
    /// # Errors
    ///
    /// When a certificate or the key cannot be read, or the key does not belong to the certificate.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, TokenError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for pem in &self.authorities {
            for authority in certificates(pem, "the CA certificate")? {
                let added = roots.add(authority);
                added.map_err(|_| {
                    TokenError::misconfigured("the CA certificate is not valid: give a CA's certificate")
                })?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| TokenError::misconfigured("this build of rustls has no TLS version: enable one"))?
            .with_root_certificates(roots);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain = certificates(&identity.certificate, "the client certificate")?;
                let key = PrivateKeyDer::from_pem_slice(&identity.key).map_err(|_| {
                    TokenError::misconfigured(
                        "the client key is not readable: it must be PEM, as PKCS #8, PKCS #1 or SEC 1",
                    )
                })?;
                builder.with_client_auth_cert(chain, key).map_err(|_| {
                    TokenError::misconfigured(
                        "the client key is not the client certificate's, or is of an unsupported type",
                    )
                })?
            }
        };
        Ok(Arc::new(config))
    }
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, TokenError> {
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(TokenError::misconfigured(format!(
            "{what} is not readable: it must be PEM, beginning with BEGIN CERTIFICATE"
        ))),
    }
}

crate::debug_fields!([] Tls, |tls|
    client_certificate: tls.identity.is_some(),
    authorities: tls.authorities.len()
);
