//! A server that refuses the client certificate ends the handshake or the connection with an alert: the same sentence on both
//! transports, whatever the version of TLS, after one handshake.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use rcgen::KeyPair;
use rustls::version::{TLS12, TLS13};
use wellspring_core::{ErrorKind, Fate, HttpRequest, HttpResponse, Method, TransportError};

use crate::driver::transport::{CallLimits, Tls, TlsIdentity, TokenSource, Transport};
use crate::driver::{ClientTransport, Toy, twin};
use crate::twins::client_settings::tls_libraries;
use crate::twins::pki::Bank;

const WITHIN: Duration = Duration::from_secs(20);

#[twin::function]
async fn exchange(client: &ClientTransport, url: &str) -> Result<HttpResponse, TransportError> {
    let request = HttpRequest::new(Method::Post, format!("{url}/token")).body("{}");
    client.exchange(&request, WITHIN).await
}

#[twin::test]
async fn a_refused_client_certificate_is_named_alike_in_every_version_of_tls() {
    let (ours, other, double) = (Bank::new(), Bank::named("Other"), Bank::new());
    let key = KeyPair::generate().unwrap();
    let shown = |certificate: rcgen::Certificate, bank: &Bank| {
        let chain = format!("{}{}", certificate.pem(), bank.intermediate.pem());
        ours.trusting().client_identity(TlsIdentity::new(chain).key(key.serialize_pem()))
    };
    let alone = ours.certify("shop 93", &key);
    for version in [&TLS12, &TLS13] {
        let server = ours.serve(&[version]);
        for (tls, words) in [
            (ours.trusting(), ["certificate_required", "asks for a client certificate"]),
            (
                shown(ours.certify_between(&key, 2001, 2002), &ours),
                ["certificate_expired", "\"shop 93\" and expired on 2002-01-01 00:00 UTC"],
            ),
            (
                shown(ours.certify_between(&key, 3001, 3002), &ours),
                ["certificate", "is not valid before 3001-01-01 00:00 UTC"],
            ),
            (shown(other.certify("shop 93", &key), &other), ["unknown_ca", "does not know its issuer"]),
            (
                shown(double.certify("shop 93", &key), &double),
                ["decrypt_error", "of the same name with another key"],
            ),
            (
                ours.trusting().client_certificate(alone.pem(), key.serialize_pem()),
                ["unknown_ca", "which lacks that of \"Bank Issuing CA\""],
            ),
        ] {
            for &backend in tls_libraries() {
                let client = ClientTransport::new(tls.clone().backend(backend)).unwrap();
                // Where the server closes before the client has written all, the alert has to be read all the same.
                for _ in 0..10 {
                    let error = exchange(&client, &server.url).await.unwrap_err().into_error();
                    let said = error.to_string();
                    for word in words {
                        assert!(said.contains(word), "{backend:?}, {version:?}: {said}");
                    }
                    assert_eq!(
                        (error.fate(), error.kind()),
                        (Fate::Unspent, ErrorKind::Misconfigured),
                        "{said}"
                    );
                }
            }
        }
    }
}

/// A server that answers the first message of each handshake with this alert.
fn alerting(alert: u8) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let hello = stream.read(&mut buffer[..5]);
            let _ = hello.and_then(|_| stream.write_all(&[21, 3, 3, 0, 2, 2, alert]));
            while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
        }
    });
    url
}

#[twin::test]
async fn every_alert_about_the_certificate_or_the_protocol_is_permanent_with_and_without_a_certificate() {
    let bank = Bank::new();
    let key = KeyPair::generate().unwrap();
    let with = bank.trusting().client_certificate(bank.certify("shop 93", &key).pem(), key.serialize_pem());
    for (alert, name) in [
        (40, "handshake_failure"),
        (41, "no_certificate"),
        (42, "bad_certificate"),
        (43, "unsupported_certificate"),
        (44, "certificate_revoked"),
        (45, "certificate_expired"),
        (46, "certificate_unknown"),
        (48, "unknown_ca"),
        (49, "access_denied"),
        (70, "protocol_version"),
        (71, "insufficient_security"),
        (116, "certificate_required"),
    ] {
        let url = alerting(alert);
        for (&backend, tls) in tls_libraries().iter().flat_map(|it| [(it, Tls::new()), (it, with.clone())]) {
            let client = ClientTransport::new(tls.clone().backend(backend)).unwrap();
            let error = exchange(&client, &url).await.unwrap_err().into_error();
            let said = error.to_string();
            assert!(said.contains(&format!("(alert {name})")), "{backend:?}: {said}");
            assert_eq!((error.fate(), error.kind()), (Fate::Unspent, ErrorKind::Misconfigured), "{said}");
            let about_the_protocol = alert == 70 || alert == 71;
            assert!(about_the_protocol || said.contains("client certificate"), "{said}");
            let names_ours = tls.certificate_info().unwrap().is_some() && !about_the_protocol;
            assert_eq!(said.contains("\"shop 93\""), names_ours, "{said}");
        }
    }
}

#[twin::test]
async fn a_refused_certificate_costs_one_handshake_and_a_call_says_the_same() {
    let bank = Bank::new();
    let key = KeyPair::generate().unwrap();
    for version in [&TLS12, &TLS13] {
        let server = bank.serve(&[version]);
        let expired = format!("{}{}", bank.certify_between(&key, 2001, 2002).pem(), bank.intermediate.pem());
        let tls = bank.trusting().client_certificate(expired, key.serialize_pem());
        let source = TokenSource::builder(Toy::at(&server.url)).tls(tls.clone()).build().unwrap();
        for _ in 0..3 {
            let error = source.token().await.unwrap_err();
            assert!(error.to_string().contains("certificate_expired"), "{error}");
            assert!(!error.is_transient(), "{error}");
        }
        assert_eq!(server.handshakes(), 1, "{version:?}");

        let client = ClientTransport::new(tls).unwrap();
        let call = http::Request::get(format!("{}/balances", server.url)).body(Default::default()).unwrap();
        let error = client.call(call, CallLimits::idle(WITHIN)).await.unwrap_err().into_error();
        assert!(error.to_string().contains("expired on 2002-01-01"), "{error}");
        assert_eq!(server.handshakes(), 2, "{version:?}");
    }
}
