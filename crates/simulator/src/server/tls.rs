//! Certificates for one run: an authority, the server's certificate, and a client certificate.

use core::fmt;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::server::start_error::StartError;

/// The certificates that a client needs for HTTPS.
#[derive(Clone)]
#[non_exhaustive]
pub struct Identity {
    /// The authority to trust, PEM.
    pub ca_pem: String,
    /// A client certificate that the authority has signed, PEM.
    pub client_certificate_pem: String,
    /// Its key, PKCS #8 in PEM.
    pub client_key_pem: String,
    /// A client certificate of the same authority that has expired, PEM.
    pub expired_certificate_pem: String,
    /// Its key, PKCS #8 in PEM.
    pub expired_key_pem: String,
    /// The authority to trust, DER.
    pub ca_der: Vec<u8>,
    /// The client certificate, DER.
    pub client_certificate_der: Vec<u8>,
    /// Its key, PKCS #8 in DER.
    pub client_key_der: Vec<u8>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

fn failed(error: impl core::error::Error + Send + Sync + 'static) -> StartError {
    StartError::Certificates(Box::new(error))
}

/// The TLS configuration of the server, and the certificates for the client.
pub(super) fn server(client_certificate: bool) -> Result<(ServerConfig, Identity), StartError> {
    let mut authority = CertificateParams::new(Vec::new()).map_err(failed)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority_key = KeyPair::generate().map_err(failed)?;
    // A name of its own: a certificate of another run's authority is one of an unknown authority.
    let number: String =
        authority_key.public_key_raw()[1..9].iter().map(|byte| format!("{byte:02x}")).collect();
    authority.distinguished_name.push(rcgen::DnType::CommonName, format!("Simulator authority {number}"));
    let ca = authority.self_signed(&authority_key).map_err(failed)?;
    let issuer = Issuer::new(authority, authority_key);

    let names = vec!["localhost".into(), "127.0.0.1".into(), "::1".into()];
    let (server, server_key) = leaf(names, ExtendedKeyUsagePurpose::ServerAuth, &issuer, false)?;
    let client =
        |expired| leaf(vec!["client.test".into()], ExtendedKeyUsagePurpose::ClientAuth, &issuer, expired);
    let ((expired, expired_key), (client, client_key)) = (client(true)?, client(false)?);

    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = if client_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).map_err(failed)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        builder.with_client_cert_verifier(verifier.map_err(failed)?)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let chain = vec![CertificateDer::from(server.der().to_vec())];
    let config = builder.with_single_cert(chain, key).map_err(failed)?;
    let identity = Identity {
        ca_pem: ca.pem(),
        client_certificate_pem: client.pem(),
        client_key_pem: client_key.serialize_pem(),
        expired_certificate_pem: expired.pem(),
        expired_key_pem: expired_key.serialize_pem(),
        ca_der: ca.der().to_vec(),
        client_certificate_der: client.der().to_vec(),
        client_key_der: client_key.serialize_der(),
    };
    Ok((config, identity))
}

fn leaf(
    names: Vec<String>,
    purpose: ExtendedKeyUsagePurpose,
    issuer: &Issuer<'_, KeyPair>,
    expired: bool,
) -> Result<(rcgen::Certificate, KeyPair), StartError> {
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.extended_key_usages = vec![purpose];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    if expired {
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    }
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.signed_by(&key, issuer).map_err(failed)?;
    Ok((certificate, key))
}
