//! Mutual TLS: the server has a certificate of a private CA, and wants to see one of the client.
#![forbid(unsafe_code)]

use pix_bacen::Gateway;
use wellspring_simulator::Simulator;
use wellspring_transport_blocking::{Tls, TokenSource};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let simulator = Simulator::builder().mutual_tls().start()?;
    let identity = simulator.identity().ok_or("a simulator with TLS has certificates")?;

    // ANCHOR: tls
    // For token requests and calls alike. The webpki roots stay trusted.
    let tls = Tls::new()
        .certificate_authority(identity.ca_pem.as_str())
        .client_certificate(identity.client_certificate_pem.as_str(), identity.client_key_pem.as_str());

    // The provider gets the certificate without its key: tokens bound to it are told from others.
    let gateway = Gateway::base_url(&simulator.url())?
        .credentials("your-client-id", "your-client-secret")?
        .client_certificate(&identity.client_certificate_pem)?;
    let balances = gateway.balances();
    let source = TokenSource::builder(gateway).tls(tls).build()?;
    // ANCHOR_END: tls

    let answer = source.send(http::Request::get(balances.url()).body(())?)?;
    assert_eq!(answer.status(), 200);

    // Without the certificate nobody gets as far as asking for a token.
    let stranger =
        Gateway::base_url(&simulator.url())?.credentials("your-client-id", "your-client-secret")?;
    let tls = Tls::new().certificate_authority(identity.ca_pem.as_str());
    let error = TokenSource::builder(stranger).tls(tls).build()?.token().map(drop);
    assert!(error.is_err());
    Ok(())
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
