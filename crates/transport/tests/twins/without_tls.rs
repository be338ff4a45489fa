//! A client without a TLS library. Each adapter includes this file in its own source: the tests of both transports have every
//! TLS library, so only the adapter can leave it out.

use wellspring_core::{Obstacle, TransportErrorKind};

use super::without_tls_library;

#[test]
fn without_a_tls_library_an_https_request_is_not_sent_and_the_error_names_the_features() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let failure = without_tls_library(&format!("https://{}/token", listener.local_addr().unwrap()));
    assert_eq!((failure.kind(), failure.obstacle()), (TransportErrorKind::Refused, Some(Obstacle::Settings)));
    let error = failure.into_error().to_string();
    for feature in ["`rustls-ring`", "`rustls-aws-lc-rs`", "`native-tls`"] {
        assert!(error.contains(feature), "{error}");
    }
}
