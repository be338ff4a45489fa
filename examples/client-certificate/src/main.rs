//! Mutual TLS: the server's certificate comes from a private CA, and the server requires a client certificate.
#![forbid(unsafe_code)]

use wellspring::blocking::{Tls, TlsIdentity, TokenSource};
use wellspring::http;
use wellspring::pix_bacen::Gateway;
use wellspring_simulator::Simulator;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let simulator = Simulator::builder().mutual_tls().start()?;
    let identity = simulator.identity().ok_or("a simulator with TLS has certificates")?;

    // ANCHOR: tls
    // For token requests and API calls. The webpki roots stay trusted.
    let tls = Tls::new()
        .certificate_authority(identity.ca_pem.as_str())
        .client_certificate(identity.client_certificate_pem.as_str(), identity.client_key_pem.as_str());

    // The provider needs the certificate, not its key: tokens bound to it have their own store key.
    let gateway = Gateway::base_url(simulator.url())?
        .credentials("your-client-id", "your-client-secret")?
        .client_certificate(&identity.client_certificate_pem)?;
    let balances = gateway.balances();
    let source = TokenSource::builder(gateway).tls(tls).build()?;
    // ANCHOR_END: tls

    let answer = source.send(http::Request::get(balances.url()).body(())?)?;
    assert_eq!(answer.status(), 200);

    let folder = std::env::temp_dir().join(format!("wellspring-client-certificate-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (certificate, key) = (folder.join("client.pem"), folder.join("client.key"));
    std::fs::write(&certificate, &identity.client_certificate_pem)?;
    std::fs::write(&key, &identity.client_key_pem)?;
    // ANCHOR: files
    // In any form: with the feature `pkcs12` also `TlsIdentity::file("bank.p12").password(..)`.
    let from_files = Tls::new().client_identity(TlsIdentity::file(certificate).key_file(key));
    let info = from_files.certificate_info()?.ok_or("a certificate is set")?;
    assert_eq!((info.chain, info.valid_until > info.valid_from), (1, true));
    // ANCHOR_END: files
    std::fs::remove_dir_all(folder)?;

    // Without a client certificate the handshake fails before any token request.
    let uncertified =
        Gateway::base_url(simulator.url())?.credentials("your-client-id", "your-client-secret")?;
    let tls = Tls::new().certificate_authority(identity.ca_pem.as_str());
    let error = TokenSource::builder(uncertified).tls(tls).build()?.token().map(drop);
    assert!(error.is_err());
    Ok(())
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
