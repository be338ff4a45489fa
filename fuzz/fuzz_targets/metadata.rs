//! Metadata of an authorization server: each URL in it may receive a secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth2_app::{App, Discovery};
use wellspring_core::Origin;
use wellspring_fuzz::{NOW, check_error, lines, response, status};

fuzz_target!(|input: &[u8]| {
    let Some(([scheme, code], body)) = lines(input) else { return };
    let (https, status) = (scheme != "http", status(code));
    let issuer = if https { "https://as.example" } else { "http://localhost" };
    let discovery = Discovery::new(issuer).expect("the issuer is allowed");
    let metadata = match discovery.read(&response(status, "application/json", body), NOW) {
        Ok(metadata) => metadata,
        Err(error) => return check_error(&error),
    };
    assert!(metadata.issuer == issuer && (200..300).contains(&status), "{metadata:?}");
    let endpoints = [
        &metadata.authorization_endpoint,
        &metadata.device_authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.userinfo_endpoint,
        &metadata.revocation_endpoint,
        &metadata.end_session_endpoint,
        &metadata.jwks_uri,
    ];
    for url in endpoints.into_iter().flatten() {
        let origin = Origin::of(url).expect("a secret may be sent there");
        assert!(origin.is_https() || !https, "{url}");
    }
    let app = App::from_metadata(&metadata)
        .client_id("c")
        .client_secret("s")
        .redirect_uri("https://app.example/cb");
    if let Err(error) = app.build() {
        check_error(&error);
    }
});
