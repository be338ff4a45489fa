//! Certificates and keys, read from PEM for every TLS library.

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use wellspring_core::TokenError;

use crate::certified::Identity;

/// The authorities to trust in addition, and the client certificate.
pub(super) struct Trust {
    pub(super) authorities: Vec<CertificateDer<'static>>,
    pub(super) identity: Option<Identity>,
}

impl Identity {
    /// The certificate chain and the key.
    pub(super) fn parsed(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TokenError> {
        let chain = certificates(&self.certificate, "the client certificate")?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| {
            TokenError::misconfigured(
                "the client key is not readable: it must be PEM, as PKCS #8, PKCS #1 or SEC 1",
            )
        })?;
        Ok((chain, key))
    }
}

/// Every certificate of this PEM text; there is one at least.
pub(super) fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, TokenError> {
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(TokenError::misconfigured(format!(
            "{what} is not readable: it must be PEM, beginning with BEGIN CERTIFICATE"
        ))),
    }
}

/// The CA certificate is PEM, but the TLS library does not take it.
pub(super) fn invalid_authority() -> TokenError {
    TokenError::misconfigured("the CA certificate is not valid: give a CA's certificate")
}

/// The certificate and the key are PEM, but the TLS library does not take them together.
pub(super) fn invalid_identity() -> TokenError {
    TokenError::misconfigured("the client key is not the client certificate's, or is of an unsupported type")
}
