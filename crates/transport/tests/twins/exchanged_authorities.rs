//! A file of certificate authorities that is exchanged while a program runs.

use core::time::Duration;

use rcgen::KeyPair;
use rustls::version::TLS12;
use wellspring_core::{ErrorKind, HttpRequest, Method};

use crate::driver::transport::{Tls, TlsBackend, TlsIdentity, TokenSource, Transport};
use crate::driver::{ClientTransport, Toy, twin};
use crate::twins::client_settings::tls_libraries;
use crate::twins::pki::{Bank, Files};

/// Shown to the bank's server, which asks for one.
fn identity(bank: &Bank) -> TlsIdentity {
    let key = KeyPair::generate().unwrap();
    let chain = format!("{}{}", bank.certify("shop 93", &key).pem(), bank.intermediate.pem());
    TlsIdentity::new(chain).key(key.serialize_pem())
}

#[twin::test]
async fn authorities_that_are_exchanged_are_trusted_from_the_next_handshake_on() {
    for &backend in tls_libraries() {
        let (bank, other, files) = (Bank::new(), Bank::named("Other"), Files::new("authorities"));
        let server = bank.serve(&[&TLS12]);
        let path = files.write("ca.pem", other.root.pem());
        let tls = Tls::new().backend(backend).client_identity(identity(&bank));
        let client = ClientTransport::new(tls.certificate_authority_file(path)).unwrap();
        let request = HttpRequest::new(Method::Post, format!("{}/token", server.url)).body("{}");
        let exchange = async || client.exchange(&request, Duration::from_secs(20)).await;
        let error = exchange().await.unwrap_err().into_error();
        assert!(error.to_string().contains("certificate is not trusted"), "{backend:?}: {error}");
        files.write("ca.pem", bank.root.pem());
        assert_eq!(exchange().await.unwrap().status(), 200, "{backend:?}");
        files.write("ca.pem", "damaged");
        assert_eq!(exchange().await.unwrap().status(), 200, "{backend:?}: the new file is damaged");
        files.write("ca.pem", other.root.pem());
        assert!(exchange().await.is_err(), "{backend:?}: no longer trusted");
    }
}

#[twin::test]
async fn exchanged_authorities_lift_the_pause_of_a_running_program() {
    let (bank, other, files) = (Bank::new(), Bank::named("Other"), Files::new("authorities-lifted"));
    let server = bank.serve(&[&TLS12]);
    let path = files.write("ca.pem", other.root.pem());
    let tls = Tls::new().backend(TlsBackend::ENABLED[0]).client_identity(identity(&bank));
    let tls = tls.certificate_authority_file(path);
    let source = TokenSource::builder(Toy::at(&server.url)).tls(tls).build().unwrap();
    for _ in 0..2 {
        let error = source.token().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }
    assert_eq!(server.handshakes(), 1);
    files.write("ca.pem", bank.root.pem());
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
}
