//! The connector of the operating system's TLS library.

use std::sync::Arc;

use native_tls::{Certificate, Identity, Protocol, TlsConnector};
use rustls_pki_types::PrivateKeyDer;
use wellspring_core::TokenError;

use super::pem::{Trust, invalid_authority, invalid_identity};

/// The connector of these settings.
pub(super) fn connector(trust: &Trust) -> Result<TlsConnector, TokenError> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12));
    for authority in &trust.authorities {
        let authority = Certificate::from_der(authority).map_err(|_| invalid_authority())?;
        builder.add_root_certificate(authority);
    }
    if let Some(identity) = &trust.identity {
        let (_, key) = identity.parsed()?;
        let pem = match key {
            PrivateKeyDer::Pkcs8(_) => from_the_key(&identity.key),
            _ => None,
        };
        let Some(pem) = pem else {
            return Err(TokenError::misconfigured(
                "native-tls takes the client key only as PKCS #8: convert it with `openssl pkcs8 -topk8 -nocrypt`, or use rustls",
            ));
        };
        let identity = Identity::from_pkcs8(&identity.certificate, pem);
        builder.identity(identity.map_err(|_| invalid_identity())?);
    }
    builder.build().map_err(|error| {
        let failure = if trust.identity.is_some() {
            invalid_identity()
        } else {
            TokenError::misconfigured("the operating system's TLS library cannot be used")
        };
        failure.with_source(Arc::new(error))
    })
}

/// The PEM text from where the key begins: a certificate may stand before it.
fn from_the_key(pem: &[u8]) -> Option<&[u8]> {
    let begin = b"-----BEGIN PRIVATE KEY-----";
    let start = pem.windows(begin.len()).position(|window| window == begin)?;
    Some(&pem[start..])
}
