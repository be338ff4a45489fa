//! Token requests and calls over HTTPS through a proxy, which gives them a connection and does not read them.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use wellspring_core::Policy;
use wellspring_transport::error_chain;

use super::client_settings::tls_libraries;
use crate::driver::transport::{Tls, TokenSource};
use crate::driver::{Toy, twin};

/// A proxy that leads to a server named `issuer.example`, and the authority that the server's certificate is of.
fn proxy() -> (String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.distinguished_name.push(DnType::CommonName, "an authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&key).unwrap();
    let mut server = CertificateParams::new(vec!["issuer.example".into()]).unwrap();
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate().unwrap();
    let server = server.signed_by(&server_key, &Issuer::new(authority, key)).unwrap();

    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions().unwrap();
    let key = PrivatePkcs8KeyDer::from(server_key.serialize_der()).into();
    let chain = vec![CertificateDer::from(server.der().to_vec())];
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let config = Arc::clone(&config);
            thread::spawn(move || serve(socket, config));
        }
    });
    (url, root.pem())
}

/// Answers `CONNECT`, then each request.
fn serve(mut socket: TcpStream, config: Arc<ServerConfig>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    head.starts_with(b"CONNECT issuer.example:443 ").then_some(())?;
    socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config).ok()?, socket));
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            (stream.read_line(&mut line).ok()? > 0).then_some(())?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        stream.read_exact(&mut vec![0; length]).ok()?;
        let body = r#"{"access_token":"first","token_type":"Bearer","expires_in":3600}"#;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.get_mut().write_all((head + body).as_bytes()).ok()?;
        stream.get_mut().flush().ok()?;
    }
}

#[twin::test]
async fn a_token_request_and_a_call_over_https_pass_through_a_proxy() {
    let (url, authority) = proxy();
    for &backend in tls_libraries() {
        let tls = Tls::new().backend(backend).certificate_authority(authority.clone());
        let builder = TokenSource::builder(Toy::at("https://issuer.example")).tls(tls).proxy(url.clone());
        let source = builder.build().unwrap();
        let token = source.token().await;
        assert!(token.is_ok(), "{backend:?}: {token:?}");
        let call = http::Request::get("https://issuer.example/call").body(()).unwrap();
        assert_eq!(source.send(call).await.unwrap().status(), 200, "{backend:?}");
    }
}

/// A proxy that answers each `CONNECT` with this status.
fn refusing_proxy(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(socket.try_clone().unwrap());
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let _ = write!(socket, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    url
}

#[twin::test]
async fn the_status_of_a_proxy_that_makes_no_connection_is_named() {
    for status in ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"] {
        let builder = TokenSource::builder(Toy::at("https://issuer.example")).proxy(refusing_proxy(status));
        let policy = Policy::default().with_deadline(Duration::from_secs(1));
        let error = builder.policy(policy).build().unwrap().token().await.unwrap_err();
        let chain: Vec<_> = error_chain(&error).map(ToString::to_string).collect();
        assert!(chain[0].contains("could not be reached through the proxy"), "{chain:?}");
        assert!(chain.iter().any(|text| text.contains(&status[..3])), "{status}: {chain:?}");
    }
}
