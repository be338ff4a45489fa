//! The connector of the operating system's TLS library.

use native_tls::{Certificate, Identity, Protocol, TlsConnector};
use wellspring_core::TokenError;

use super::authorities::invalid;
use super::chain::Material;
use super::fault::{TlsFault, TlsSetting};
use super::pem;

/// The connector of these settings.
pub(super) fn connector(
    authorities: &[Vec<u8>],
    material: Option<&Material>,
) -> Result<TlsConnector, TlsFault> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12));
    let taken: Vec<_> = authorities.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    if taken.is_empty() && !authorities.is_empty() {
        return Err(invalid());
    }
    for authority in taken {
        builder.add_root_certificate(authority);
    }
    if let Some(material) = material {
        builder.identity(identity(material)?);
    }
    builder.build().map_err(|error| {
        let fault = match material {
            Some(_) => does_not_belong(),
            None => TokenError::misconfigured("the operating system's TLS library cannot be used").into(),
        };
        fault.with_source(error)
    })
}

/// Whether the library takes the key with the certificate.
pub(super) fn check(material: &Material) -> Result<(), TlsFault> {
    let mut builder = TlsConnector::builder();
    builder.identity(identity(material)?);
    builder.build().map(drop).map_err(|error| does_not_belong().with_source(error))
}

fn identity(material: &Material) -> Result<Identity, TlsFault> {
    let invalid = || {
        TlsFault::new(
            TlsSetting::ClientKey,
            "the client key is damaged, or of a kind that native-tls does not take",
        )
    };
    let chain: String = material.chain.iter().map(|der| pem::encode(der)).collect();
    let key = material.key.to_pkcs8().ok_or_else(invalid)?;
    let key = pem::encode_key(&key);
    Identity::from_pkcs8(chain.as_bytes(), key.as_bytes()).map_err(|error| invalid().with_source(error))
}

fn does_not_belong() -> TlsFault {
    TlsFault::new(
        TlsSetting::ClientKey,
        "the client key does not belong to the client certificate: give the key with which that certificate was requested",
    )
}
