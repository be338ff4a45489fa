//! What breaks a connection: an alert, a proxy, a reset. On real sockets.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use wellspring_core::{
    ErrorKind, Fate, HttpRequest, HttpResponse, Method, Obstacle, TransportError, TransportErrorKind,
};

use crate::driver::transport::{Body, CallLimits, Tls, Transport};
use crate::driver::{ClientTransport, Reply, Server, twin};
use crate::twins::client_settings::tls_libraries;

const WITHIN: Duration = Duration::from_secs(20);

#[twin::function]
async fn exchange(client: &ClientTransport, url: &str, body: &str) -> Result<HttpResponse, TransportError> {
    let request = HttpRequest::new(Method::Post, url).body(body.to_owned());
    client.exchange(&request, WITHIN).await
}

/// A server that gives each connection to this function. Returns its port.
fn serve(mut each: impl FnMut(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(&mut each));
    port
}

/// Reads until the other side closes the connection.
fn drain(mut stream: impl Read) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
}

#[twin::test]
async fn an_alert_that_may_pass_is_transient() {
    let alerts = [(112, "unrecognized_name"), (80, "internal_error"), (50, "decode_error")];
    for (&backend, (alert, name)) in tls_libraries().iter().flat_map(|it| alerts.map(|alert| (it, alert))) {
        let client = ClientTransport::new(Tls::new().backend(backend)).unwrap();
        let port = serve(move |mut stream| {
            let mut hello = [0; 5];
            let _ =
                stream.read_exact(&mut hello).and_then(|()| stream.write_all(&[21, 3, 3, 0, 2, 2, alert]));
            drain(stream);
        });
        let error = exchange(&client, &format!("https://127.0.0.1:{port}/token"), "{}").await.unwrap_err();
        assert_eq!(error.obstacle(), Some(Obstacle::HandshakeRefused), "{backend:?}: {error:?}");
        let error = error.into_error();
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.is_transient() && error.is_local());
        assert_eq!((error.fate(), error.kind()), (Fate::Unspent, ErrorKind::Unavailable { retry_at: None }));
    }
}

/// A server's TLS settings, and the authority that its clients trust.
fn server_with_tls() -> (Arc<ServerConfig>, String) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    (Arc::new(config), cert.pem())
}

/// The connection has ended after this start of a response, before the client has read a whole head, or after.
fn may_have_been_processed(error: TransportError, start: &str) {
    let has_head = error.kind() == TransportErrorKind::Incomplete && start.contains("\r\n\r\n");
    assert!(has_head || error.kind() == TransportErrorKind::Ambiguous, "{start:?}: {error:?}");
    let fate = if has_head { Fate::Answered } else { Fate::Unknown };
    assert_eq!(error.into_error().fate(), fate);
}

#[twin::test]
async fn an_alert_after_the_start_of_a_response_never_means_that_nothing_was_sent() {
    let (config, authority) = server_with_tls();
    let starts = ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"];
    for (&backend, start) in tls_libraries().iter().flat_map(|it| starts.map(|start| (it, start))) {
        let config = Arc::clone(&config);
        let port = serve(move |mut stream| {
            let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut connected = rustls::Stream::new(&mut tls, &mut stream);
            let mut request = [0; 4096];
            if connected.read(&mut request).is_err() || connected.write_all(start.as_bytes()).is_err() {
                return;
            }
            let _ = connected.flush();
            // The server takes these bytes for a record of the client, and answers with the alert decode_error.
            let _ = tls.read_tls(&mut [99, 3, 3, 0, 1, 0].as_slice());
            assert!(tls.process_new_packets().is_err());
            let _ = tls.write_tls(&mut stream);
            drain(stream);
        });
        let tls = Tls::new().backend(backend).certificate_authority(authority.clone());
        let client = ClientTransport::new(tls).unwrap();
        let error = exchange(&client, &format!("https://127.0.0.1:{port}/token"), "{}").await.unwrap_err();
        may_have_been_processed(error, start);
    }
}

#[twin::test]
async fn an_answer_to_the_head_of_an_upload_is_read_under_tls_too() {
    let (config, authority) = server_with_tls();
    for &backend in tls_libraries() {
        let config = Arc::clone(&config);
        let port = serve(move |mut stream| {
            // Otherwise the answer may wait for an acknowledgement and be lost with the connection.
            stream.set_nodelay(true).unwrap();
            let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut connected = rustls::Stream::new(&mut tls, &mut stream);
            let mut some = [0; 64];
            let _ = connected.read(&mut some).and_then(|_| {
                connected.write_all(b"HTTP/1.1 401 X\r\nContent-Length: 7\r\n\r\nrefused")?;
                connected.flush()
            });
        });
        let tls = Tls::new().backend(backend).certificate_authority(authority.clone());
        let client = ClientTransport::new(tls).unwrap();
        let upload =
            http::Request::put(format!("https://127.0.0.1:{port}/cob")).body(Body::from(vec![b'x'; 8 << 20]));
        let answer = client.call(upload.unwrap(), CallLimits::idle(WITHIN)).await.unwrap();
        assert_eq!(answer.status(), 401, "{backend:?}");
        assert_eq!(answer.into_body().text(9).await.unwrap(), "refused", "{backend:?}");
    }
}

#[twin::test]
async fn a_reset_in_mid_body_never_means_that_nothing_was_sent() {
    let client = ClientTransport::new(Tls::new()).unwrap();
    let long = "x".repeat(8 << 20);
    for (body, start) in [(long.as_str(), ""), (&long, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")] {
        // A connection that is closed before all is read is reset.
        let port = serve(move |mut stream| {
            let mut some = [0; 1024];
            let _ = stream.read_exact(&mut some).and_then(|()| stream.write_all(start.as_bytes()));
        });
        let error = exchange(&client, &format!("http://127.0.0.1:{port}/token"), body).await.unwrap_err();
        may_have_been_processed(error, start);
    }
}

#[twin::test]
async fn a_proxy_that_makes_no_connection_is_this_process_own_failure() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let refusing = |status| Server::start(move |_, _| Reply::with(status, "", ""));
    let (no_credentials, no_gateway) = (refusing(407), refusing(502));
    let hangs_up = Server::start(|_, _| Reply::Hangup);
    let unknown = "http://proxy.invalid:8080".to_owned();
    for proxy in [&closed, &no_credentials.url, &no_gateway.url, &hangs_up.url, &unknown] {
        // A client reads its proxy from the environment when it is made, so this client is in a process of its own.
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "twins::broken::child_of_the_proxy_test", "--nocapture"])
            .env("WELLSPRING_TEST_PROXY", proxy)
            .envs(["https_proxy", "HTTPS_PROXY"].map(|name| (name, proxy)))
            .env_remove("no_proxy")
            .env_remove("NO_PROXY")
            .output()
            .unwrap();
        assert!(output.status.success(), "{proxy}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert!(!no_credentials.received("issuer.example:443").is_empty());
}

#[twin::test]
#[expect(clippy::disallowed_methods, reason = "how the test process reaches its child")]
async fn child_of_the_proxy_test() {
    if std::env::var("WELLSPRING_TEST_PROXY").is_err() {
        return;
    }
    let client = ClientTransport::new(Tls::new()).unwrap();
    let error = exchange(&client, "https://issuer.example/token", "{}").await.unwrap_err();
    assert_eq!(error.obstacle(), Some(Obstacle::Proxy), "{error:?}");
    let error = error.into_error();
    assert!(error.to_string().contains("through the proxy"), "{error}");
    assert!(error.is_local() && error.is_transient() && error.fate() == Fate::Unspent);
}
