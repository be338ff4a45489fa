//! HTTPS, with and without a client certificate, seen from a bare `rustls` client.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use wellspring_simulator::{Endpoint, Fault, Identity, Request, Simulator};

use crate::exchange::{Seen, bytes_of, connect, send};

/// One request by a client that trusts this authority and shows this certificate.
fn exchange(
    simulator: &Simulator,
    trusts: &Identity,
    shows: Option<&Identity>,
    request: &Request,
) -> std::io::Result<Seen> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusts.ca_pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match shows {
        Some(identity) => {
            let certificate =
                CertificateDer::from_pem_slice(identity.client_certificate_pem.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(identity.client_key_pem.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    send(&mut StreamOwned::new(connection, connect(simulator)), &bytes_of(request))
}

fn ask() -> Request {
    Request::post("/oauth/token")
        .with_json(r#"{"clientId":"your-client-id","clientSecret":"your-client-secret"}"#)
}

#[test]
fn over_https_the_answers_are_the_same_and_metadata_says_https() {
    let simulator = Simulator::builder().tls().start().unwrap();
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let identity = simulator.identity().unwrap();
    assert_eq!(exchange(&simulator, identity, None, &ask()).unwrap().json()["expires_in"], 3_600);
    let metadata = Request::get("/.well-known/oauth-authorization-server");
    let issuer = exchange(&simulator, identity, None, &metadata).unwrap().json()["issuer"].clone();
    assert!(issuer.as_str().unwrap().starts_with("https://"));
    for fault in ["reset-after", "truncated-body"] {
        simulator.fault(Endpoint::Token, Fault::parse(fault).unwrap());
        assert!(exchange(&simulator, identity, None, &ask()).is_err());
    }
    simulator.fault(Endpoint::Token, Fault::parse("unbounded-body").unwrap());
    // Without `close_notify` this would be an error.
    assert_eq!(exchange(&simulator, identity, None, &ask()).unwrap().json()["expires_in"], 3_600);
}

#[test]
fn a_client_that_trusts_another_authority_does_not_connect() {
    let simulator = Simulator::builder().tls().start().unwrap();
    let other = Simulator::builder().tls().start().unwrap();
    assert!(exchange(&simulator, other.identity().unwrap(), None, &ask()).is_err());
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn mutual_tls_accepts_only_the_client_certificate() {
    let simulator = Simulator::builder().mutual_tls().start().unwrap();
    let identity = simulator.identity().unwrap();
    let seen = exchange(&simulator, identity, Some(identity), &ask()).unwrap();
    let received = simulator.received(Endpoint::PixToken);
    assert_eq!(received[0].client_certificate.as_ref(), Some(&identity.client_certificate_der));
    let balances =
        Request::get("/accounts/balances").with_bearer(seen.json()["access_token"].as_str().unwrap());
    assert_eq!(exchange(&simulator, identity, Some(identity), &balances).unwrap().status, 200);

    let other = Simulator::builder().mutual_tls().start().unwrap();
    for stranger in [None, other.identity()] {
        assert!(exchange(&simulator, identity, stranger, &ask()).is_err());
    }
    assert_eq!((simulator.asked(Endpoint::Any), simulator.refused_handshakes()), (2, 2));
}

#[test]
fn the_debug_output_of_an_identity_has_no_key() {
    let simulator = Simulator::builder().tls().start().unwrap();
    let identity = simulator.identity().unwrap();
    assert_eq!(format!("{identity:?}"), "Identity { .. }");
    assert!(identity.client_key_pem.contains("PRIVATE KEY"));
}
