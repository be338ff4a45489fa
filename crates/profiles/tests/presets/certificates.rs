//! The certificates of one run: an authority, one certificate for all hosts of a stand-in, one for its clients.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// Certificates and the configurations of a server that has them.
pub(crate) struct Certificates {
    /// PEM.
    pub(crate) authority: String,
    /// PEM.
    pub(crate) client: String,
    /// PEM.
    pub(crate) client_key: String,
    /// Takes any client.
    pub(crate) open: Arc<ServerConfig>,
    /// Demands a client certificate of the authority.
    pub(crate) certified: Arc<ServerConfig>,
}

impl Certificates {
    pub(crate) fn of(hosts: Vec<String>) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&key).unwrap();
        let issuer = Issuer::new(authority, key);
        let leaf = |names, purpose| {
            let mut params = CertificateParams::new(names).unwrap();
            params.extended_key_usages = vec![purpose];
            let key = KeyPair::generate().unwrap();
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let (server, server_key) = leaf(hosts, ExtendedKeyUsagePurpose::ServerAuth);
        let (client, client_key) = leaf(vec!["client.example".into()], ExtendedKeyUsagePurpose::ClientAuth);

        let provider = Arc::new(ring::default_provider());
        let builder = || {
            let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
            builder.with_safe_default_protocol_versions().unwrap()
        };
        let key = || PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let chain = || vec![CertificateDer::from(server.der().to_vec())];
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let certified = builder().with_client_cert_verifier(verifier.build().unwrap());
        Self {
            authority: root.pem(),
            client: client.pem(),
            client_key: client_key.serialize_pem(),
            open: Arc::new(builder().with_no_client_auth().with_single_cert(chain(), key()).unwrap()),
            certified: Arc::new(certified.with_single_cert(chain(), key()).unwrap()),
        }
    }
}
