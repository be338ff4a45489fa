//! TLS with an authority of one's own: the certificate and the name are checked, whatever the mode is called.
#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

mod support;

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use support::{DATABASE, WITHIN, entry, map, name, new_table, version};
use wellspring_core::StoreError;
use wellspring_store::AsyncMap as _;
use wellspring_store::contract::Folder;
use wellspring_store_postgres::PostgresStore;
use wellspring_test_servers::{PostgresServer, Settings};

/// An authority, and a certificate of it for `127.0.0.1` with its key. All are PEM.
fn certificates() -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    (authority.pem(), certificate.pem(), key.serialize_pem())
}

async fn tried(url: String, table: &str) -> Result<(), StoreError> {
    let store = map(PostgresStore::builder(url).table(table));
    store.init(WITHIN).await?;
    store.load(&name("a"), WITHIN).await.map(drop)
}

#[tokio::test]
async fn the_certificate_and_the_name_of_the_server_are_checked() {
    let ((authority, certificate, key), (other, ..)) = (certificates(), certificates());
    let server = PostgresServer::start_with(&Settings::default().tls(&certificate, &key));
    let (folder, table) = (Folder::new(), new_table());
    let at = |file: &str, pem: &str| {
        let path = folder.path().join(file);
        fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    let (own, others, none) = (at("own.pem", &authority), at("other.pem", &other), at("none.pem", "no PEM"));
    let url = |parameters: &str| format!("{}?{parameters}", server.url(DATABASE));

    for mode in ["require", "verify-ca", "verify-full"] {
        assert!(tried(url(&format!("sslmode={mode}&sslrootcert={own}")), &table).await.is_ok(), "{mode}");
        // Not with the authorities of the web, and not with another one.
        for roots in [String::new(), format!("&sslrootcert={others}")] {
            let error = tried(url(&format!("sslmode={mode}{roots}")), &table).await.unwrap_err();
            assert!(error.is_refused() && error.to_string().contains("sslrootcert"), "{mode}: {error}");
        }
    }
    let by_name = url(&format!("sslrootcert={own}")).replace("127.0.0.1", "localhost");
    let error = tried(by_name, &table).await.unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("certificate"), "another name: {error}");
    let error = tried(url(&format!("sslrootcert={none}")), &table).await.unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("holds no certificate"), "{error}");
    // This server takes no connection without TLS.
    let error = tried(url("sslmode=disable"), &table).await.unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("does not accept the user"), "{error}");

    let store = map(PostgresStore::builder(url(&format!("sslrootcert={own}"))).table(&table));
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    assert_eq!(version(&store, &name("a")).await, Some(1));
}

#[tokio::test]
async fn a_server_without_tls_is_told_so() {
    let server = support::server();
    let error = tried(format!("{}?sslmode=require", server.url(DATABASE)), &new_table()).await.unwrap_err();
    assert!(error.is_refused() && error.to_string().contains("has no TLS"), "{error}");
}
