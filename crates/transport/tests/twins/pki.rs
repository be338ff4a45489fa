//! Certificates as a bank issues them, in the forms in which people have them, and servers that ask for them.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::driver::transport::Tls;

/// A root, an authority below it, and what that has issued.
pub(crate) struct Bank {
    pub(crate) root: rcgen::Certificate,
    pub(crate) intermediate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
    server: (rcgen::Certificate, KeyPair),
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn leaf(name: &str, purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Bank {
    pub(crate) fn new() -> Self {
        Self::named("Bank")
    }

    /// A bank whose authorities have this name in theirs.
    pub(crate) fn named(name: &str) -> Self {
        let (root_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let root_params = authority(&format!("{name} Root"));
        let root = root_params.self_signed(&root_key).unwrap();
        let above = Issuer::new(root_params, root_key);
        let params = authority(&format!("{name} Issuing CA"));
        let intermediate = params.signed_by(&key, &above).unwrap();
        let issuer = Issuer::new(params, key);
        let server_key = KeyPair::generate().unwrap();
        let server =
            leaf("server", ExtendedKeyUsagePurpose::ServerAuth).signed_by(&server_key, &above).unwrap();
        Self { root, intermediate, issuer, server: (server, server_key) }
    }

    /// A client certificate for this key.
    pub(crate) fn certify(&self, name: &str, key: &KeyPair) -> rcgen::Certificate {
        leaf(name, ExtendedKeyUsagePurpose::ClientAuth).signed_by(key, &self.issuer).unwrap()
    }

    /// A client certificate that is valid between these years.
    pub(crate) fn certify_between(&self, key: &KeyPair, from: i32, until: i32) -> rcgen::Certificate {
        let mut params = leaf("shop 93", ExtendedKeyUsagePurpose::ClientAuth);
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        params.signed_by(key, &self.issuer).unwrap()
    }

    /// Settings that trust the bank's server.
    pub(crate) fn trusting(&self) -> Tls {
        Tls::new().certificate_authority(self.root.pem())
    }

    /// A server that asks for a client certificate of this bank, and speaks only these versions.
    pub(crate) fn serve(&self, versions: &[&'static SupportedProtocolVersion]) -> MutualTls {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
        let (server, key) = &self.server;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![server.der().clone()], key)
            .unwrap();
        MutualTls::start(Arc::new(config))
    }
}

/// A server over TLS. It answers each request with a token, if it accepts the client certificate.
pub(crate) struct MutualTls {
    pub(crate) url: String,
    pub(crate) handshakes: Arc<AtomicUsize>,
    /// The client certificate of each answered request.
    shown: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl MutualTls {
    fn start(config: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (handshakes, shown) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, seen) = (Arc::clone(&handshakes), Arc::clone(&shown));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let (config, seen) = (Arc::clone(&config), Arc::clone(&seen));
                thread::spawn(move || answer(stream, config, &seen));
            }
        });
        Self { url, handshakes, shown }
    }

    pub(crate) fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::SeqCst)
    }

    /// The client certificate of the last answered request.
    pub(crate) fn last_shown(&self) -> Option<Vec<u8>> {
        self.shown.lock().unwrap().last().cloned()
    }
}

fn answer(mut stream: TcpStream, config: Arc<ServerConfig>, seen: &Mutex<Vec<Vec<u8>>>) {
    let mut connection = ServerConnection::new(config).unwrap();
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match tls.read(&mut buffer) {
            Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
            // The alert has been written. What the client has sent meanwhile is read, so that it is not reset.
            _ => return while stream.read(&mut buffer).is_ok_and(|read| read > 0) {},
        }
    }
    let shown: Option<CertificateDer<'_>> = tls.conn.peer_certificates().and_then(|all| all.first().cloned());
    seen.lock().unwrap().push(shown.unwrap().to_vec());
    let body = r#"{"access_token":"token-1","expires_in":3600}"#;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
    let _ = tls.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes());
    tls.conn.send_close_notify();
    let _ = tls.flush();
}

/// A folder of files that OpenSSL makes of one another.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn new(name: &str) -> Self {
        let folder = format!("wellspring-{name}-{}-{:?}", std::process::id(), thread::current().id());
        let folder = std::env::temp_dir().join(folder.replace(['(', ')'], ""));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// Runs `openssl` here with these words, and returns the file `out`, which they make.
    pub(crate) fn openssl(&self, words: &str) -> Vec<u8> {
        let output = Command::new("openssl").args(words.split(' ')).current_dir(&self.0).output().unwrap();
        assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(self.path("out")).unwrap()
    }

    pub(crate) fn read(path: &Path) -> Vec<u8> {
        std::fs::read(path).unwrap()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
