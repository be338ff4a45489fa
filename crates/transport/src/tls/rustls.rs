//! The configuration of rustls.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use wellspring_core::TokenError;

use super::authorities::invalid;
use super::chain::Material;
use super::fault::{TlsFault, TlsSetting};
use super::key::{Form, PrivateKey};

/// The configuration with these certificates and this cryptography. It trusts the operating system's store or the webpki
/// roots.
pub(super) fn config(
    authorities: &[Vec<u8>],
    material: Option<&Material>,
    system_roots: bool,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, TlsFault> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TokenError::misconfigured("this build of rustls has no TLS version: enable one"))?;
    let builder = match system_roots {
        #[cfg(feature = "platform-verifier")]
        true => builder.dangerous().with_custom_certificate_verifier(system_store(authorities, provider)?),
        _ => builder.with_root_certificates(roots(authorities)?),
    };
    let Some(material) = material else { return Ok(builder.with_no_client_auth()) };
    let chain = material.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    builder.with_client_auth_cert(chain, of(&material.key)).map_err(|error| {
        let text = "the client certificate and the client key cannot be used together";
        TlsFault::new(TlsSetting::ClientCertificate, text).with_source(error)
    })
}

/// The public key of a private key.
pub(super) fn public_key(provider: &CryptoProvider, key: &PrivateKey) -> Result<Option<Vec<u8>>, TlsFault> {
    let key = provider.key_provider.load_private_key(of(key)).map_err(|error| {
        let text = "the client key cannot be used: it is damaged, or of a kind that the TLS library does not sign with \
                    (RSA of 2048 to 8192 bits, ECDSA with P-256 or P-384, and Ed25519 are)";
        TlsFault::new(TlsSetting::ClientKey, text).with_source(error)
    })?;
    Ok(key.public_key().map(|key| key.as_ref().to_vec()))
}

fn of(key: &PrivateKey) -> PrivateKeyDer<'static> {
    let der = key.der.to_vec();
    match key.form {
        Form::Pkcs8 => PrivatePkcs8KeyDer::from(der).into(),
        Form::Pkcs1 => PrivatePkcs1KeyDer::from(der).into(),
        Form::Sec1 => PrivateSec1KeyDer::from(der).into(),
    }
}

/// The webpki roots, and the authorities to trust in addition.
fn roots(authorities: &[Vec<u8>]) -> Result<RootCertStore, TlsFault> {
    with_authorities(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }, authorities)
}

/// A bundle may hold certificates that rustls does not take beside the one that matters.
fn with_authorities(mut roots: RootCertStore, authorities: &[Vec<u8>]) -> Result<RootCertStore, TlsFault> {
    let all = authorities.iter().map(|der| CertificateDer::from(der.as_slice()));
    let (added, _ignored) = roots.add_parsable_certificates(all);
    if added == 0 && !authorities.is_empty() { Err(invalid()) } else { Ok(roots) }
}

/// The operating system's store, and the authorities to trust in addition.
#[cfg(feature = "platform-verifier")]
fn system_store(
    authorities: &[Vec<u8>],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<rustls_platform_verifier::Verifier>, TlsFault> {
    with_authorities(RootCertStore::empty(), authorities)?;
    let authorities = authorities.iter().map(|der| CertificateDer::from(der.clone()));
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(authorities, provider);
    verifier.map(Arc::new).map_err(|error| {
        TlsFault::from(TokenError::misconfigured(
            "the operating system's certificate store cannot be used: install its CA certificates, or let \
             `SSL_CERT_FILE` name a file that holds them",
        ))
        .with_source(error)
    })
}
