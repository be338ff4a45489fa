//! The configuration of rustls.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use wellspring_core::TokenError;

use super::pem::{Trust, invalid_authority, invalid_identity};

/// The configuration with these certificates and this cryptography. It trusts the operating system's store or the webpki
/// roots.
pub(super) fn config(
    trust: &Trust,
    system_roots: bool,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, TokenError> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TokenError::misconfigured("this build of rustls has no TLS version: enable one"))?;
    let builder = match system_roots {
        #[cfg(feature = "platform-verifier")]
        true => builder.dangerous().with_custom_certificate_verifier(system_store(trust, provider)?),
        _ => builder.with_root_certificates(roots(trust)?),
    };
    let Some(identity) = &trust.identity else { return Ok(builder.with_no_client_auth()) };
    let (chain, key) = identity.parsed()?;
    builder.with_client_auth_cert(chain, key).map_err(|_| invalid_identity())
}

/// The webpki roots, and the authorities to trust in addition.
fn roots(trust: &Trust) -> Result<RootCertStore, TokenError> {
    with_authorities(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }, trust)
}

fn with_authorities(mut roots: RootCertStore, trust: &Trust) -> Result<RootCertStore, TokenError> {
    for authority in &trust.authorities {
        roots.add(authority.clone()).map_err(|_| invalid_authority())?;
    }
    Ok(roots)
}

/// The operating system's store, and the authorities to trust in addition.
#[cfg(feature = "platform-verifier")]
fn system_store(
    trust: &Trust,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<rustls_platform_verifier::Verifier>, TokenError> {
    with_authorities(RootCertStore::empty(), trust)?;
    let authorities = trust.authorities.iter().cloned();
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(authorities, provider);
    verifier.map(Arc::new).map_err(|error| {
        TokenError::misconfigured(
            "the operating system's certificate store cannot be used: install its CA certificates, or let \
             `SSL_CERT_FILE` name a file that holds them",
        )
        .with_source(Arc::new(error))
    })
}
