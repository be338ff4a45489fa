//! TLS to the server: always with a check of its certificate and its name.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_postgres_rustls::MakeRustlsConnect;
use wellspring_core::StoreError;
use wellspring_store::files;

use crate::server_url::TlsFiles;

/// What the handshake without the server's word before it must offer.
const PROTOCOL: &[u8] = b"postgresql";

/// The longest file of a key that is read.
const AT_MOST: u64 = 1 << 20;

/// The connector for these files. Reads them now.
///
/// # Errors
///
/// When a file is missing or holds no certificate or key, or other users can read the key.
pub(crate) fn connector(files: &TlsFiles, directly: bool) -> Result<MakeRustlsConnect, StoreError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| unusable(&error))?;
    let builder = builder.with_root_certificates(roots(files.roots.as_deref())?);
    let mut config = match (&files.client_certificate, &files.client_key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| unusable(&error))?,
        (None, None) => builder.with_no_client_auth(),
        _ => {
            return Err(StoreError::refused(
                "`sslcert` and `sslkey` of the URL of the Postgres store belong together: name both or neither",
            ));
        }
    };
    if directly {
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

fn unusable(error: &rustls::Error) -> StoreError {
    StoreError::refused(format!("TLS to the Postgres store cannot be configured: {error}"))
}

fn roots(path: Option<&Path>) -> Result<RootCertStore, StoreError> {
    let Some(path) = path else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| {
            StoreError::refused(format!(
                "{} holds a certificate that cannot be used: {error}",
                path.display()
            ))
        })?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let shown = path.display();
    let pem = fs::read(path)
        .map_err(|error| StoreError::refused(format!("{shown} with certificates cannot be read: {error}")))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(StoreError::refused(format!("{shown} holds no certificate in PEM"))),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, StoreError> {
    let shown = path.display();
    let pem = files::read(path, AT_MOST)?
        .ok_or_else(|| StoreError::refused(format!("{shown} with the client's key does not exist")))?;
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| StoreError::refused(format!("{shown} holds no private key in PEM")))
}
