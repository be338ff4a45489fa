//! Authorization server metadata: its locations, and which answers are accepted.

use super::*;

pub(crate) fn discovered(more: &str) -> Result<oauth2_app::Metadata, TokenError> {
    let body = format!(
        r#"{{"issuer":"https://as.example.com","authorization_endpoint":"https://as.example.com/authorize",
            "token_endpoint":"https://as.example.com/token","jwks_uri":"https://as.example.com/jwks"{more}}}"#
    );
    Discovery::new("https://as.example.com").unwrap().read(&answer(200, &body), NOW)
}

#[test]
fn metadata_has_two_locations() {
    let urls =
        |issuer: &str| Discovery::new(issuer).unwrap().requests().map(|request| request.url().to_owned());
    assert_eq!(
        urls("https://example.com"),
        [
            "https://example.com/.well-known/oauth-authorization-server",
            "https://example.com/.well-known/openid-configuration"
        ]
    );
    for issuer in ["https://example.com/issuer1", "https://example.com/issuer1/"] {
        assert_eq!(
            urls(issuer),
            [
                "https://example.com/.well-known/oauth-authorization-server/issuer1",
                "https://example.com/issuer1/.well-known/openid-configuration"
            ]
        );
    }
    for bad in ["http://example.com", "https://example.com?x", "https://example.com#x", "example.com", ""] {
        assert!(Discovery::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_app_is_built_from_metadata() {
    let metadata = discovered(
        r#","revocation_endpoint":"https://as.example.com/revoke","userinfo_endpoint":"https://as.example.com/me",
            "token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_post"],"scopes_supported":["a",7]"#,
    )
    .unwrap();
    assert_eq!(metadata.scopes_supported, ["a"]);
    let app = App::from_metadata(&metadata)
        .client_id("c")
        .client_secret("s")
        .redirect_uri("https://c.com/cb")
        .build()
        .unwrap();
    let request = app.request(&refresh(), NOW).unwrap();
    assert_eq!(request.url(), "https://as.example.com/token");
    assert!(
        body(&request).ends_with("&client_id=c&client_secret=s"),
        "client_secret_post, because the metadata lists no basic"
    );
    assert!(app.revocation(&RefreshToken::new("r")).is_some());
    assert_eq!(app.userinfo_request().unwrap().url(), "https://as.example.com/me");
    let public =
        App::from_metadata(&metadata).client_id("c").redirect_uri("https://c.com/cb").build().unwrap();
    assert!(body(&public.request(&refresh(), NOW).unwrap()).ends_with("&client_id=c"));
}

#[test]
fn the_endpoints_of_openid_connect_are_read_and_a_url_that_cannot_be_used_counts_as_missing() {
    let metadata = discovered(
        r#","end_session_endpoint":"https://as.example.com/logout","id_token_signing_alg_values_supported":["RS256","none"]"#,
    )
    .unwrap();
    assert_eq!(metadata.jwks_uri.as_deref(), Some("https://as.example.com/jwks"));
    assert_eq!(metadata.id_token_signing_alg_values_supported, ["RS256", "none"]);
    let app = App::from_metadata(&metadata).client_id("c").redirect_uri("https://c.com/cb").build().unwrap();
    assert_eq!(app.jwks_request().unwrap().url(), "https://as.example.com/jwks");
    assert_eq!(app.issuer(), Some("https://as.example.com"));
    assert!(app.has_end_session());
    for unusable in [r#""http://as.example.com/logout""#, "7", "\"\"", "null"] {
        let metadata = discovered(&format!(r#","end_session_endpoint":{unusable}"#)).unwrap();
        assert_eq!(metadata.end_session_endpoint, None, "{unusable}");
    }
    let twice = discovered(r#","jwks_uri":"https://evil.example/jwks""#).unwrap();
    assert_eq!(twice.jwks_uri, None, "one of two is not chosen");
    assert!(twice.id_token_signing_alg_values_supported.is_empty());
}

#[test]
fn metadata_of_another_issuer_or_with_an_insecure_url_is_rejected() {
    let read = |issuer: &str, body: &str| Discovery::new(issuer).unwrap().read(&answer(200, body), NOW);
    assert!(read("https://a.com", r#"{"issuer":"https://a.com"}"#).is_ok());
    for (issuer, body) in [
        ("https://a.com", r#"{"issuer":"https://a.com/"}"#),
        ("https://a.com/", r#"{"issuer":"https://a.com"}"#),
        ("https://a.com", r#"{"issuer":"https://A.com"}"#),
        ("https://a.com", r#"{"issuer":"https://a.com","issuer":"https://a.com"}"#),
        ("https://a.com", "{}"),
        ("https://a.com", "<html>"),
        ("https://a.com", r#"{"issuer":"https://a.com","token_endpoint":"http://a.com/token"}"#),
        ("https://a.com", r#"{"issuer":"https://a.com","token_endpoint":"http://127.0.0.1/token"}"#),
        ("https://a.com", r#"{"issuer":"https://a.com","token_endpoint":7}"#),
        (
            "https://a.com",
            r#"{"issuer":"https://a.com","token_endpoint":"https://a.com/1","token_endpoint":"https://a.com/2"}"#,
        ),
    ] {
        assert!(read(issuer, body).is_err(), "{body}");
    }
    assert!(
        read(
            "http://127.0.0.1:9001",
            r#"{"issuer":"http://127.0.0.1:9001","token_endpoint":"http://127.0.0.1:9001/t"}"#
        )
        .is_ok()
    );
    let large = format!(r#"{{"issuer":"https://a.com","x":"{}"}}"#, "x".repeat(256 * 1024));
    assert!(read("https://a.com", &large).is_err());
    let missing = Discovery::new("https://a.com").unwrap().read(&answer(404, ""), NOW).unwrap_err();
    assert_eq!(missing.status(), Some(404));
    let closed = Discovery::new("https://a.com").unwrap().read(&answer(403, "{}"), NOW).unwrap_err();
    assert!(closed.to_string().starts_with("the server denies public access to this URL"));
}

#[test]
fn with_a_client_certificate_the_endpoints_for_it_are_used() {
    let metadata = discovered(
        r#","revocation_endpoint":"https://as.example.com/revoke",
            "token_endpoint_auth_methods_supported":["tls_client_auth","self_signed_tls_client_auth"],
            "mtls_endpoint_aliases":{"token_endpoint":"https://mtls.example.com/token",
            "revocation_endpoint":"https://mtls.example.com/revoke","introspection_endpoint":7}"#,
    )
    .unwrap();
    let methods = metadata.token_endpoint_auth_methods_supported.clone().unwrap();
    assert_eq!(methods, [AuthMethod::TlsClientAuth, AuthMethod::SelfSignedTlsClientAuth]);
    let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let app = || App::from_metadata(&metadata).client_id("c").grant_type(GrantType::ClientCredentials);
    for method in methods {
        let app = app().client_certificate(certificate).token_endpoint_auth_method(method);
        let request =
            app.clone().build().unwrap().request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
        assert_eq!(request.url(), "https://mtls.example.com/token");
        assert_eq!(body(&request), "grant_type=client_credentials&client_id=c");
        let error = app.client_secret("s").build().unwrap_err();
        assert!(error.to_string().contains(&format!("{method}: remove one of them")), "{error}");
        let error = app_without_certificate(&metadata, method);
        assert!(error.to_string().contains("client_certificate is missing"), "{error}");
    }
    let revoke = app().client_certificate(certificate).build().unwrap().revocation(&RefreshToken::new("r"));
    assert_eq!(revoke.unwrap().url(), "https://mtls.example.com/revoke");
    let own =
        app().client_certificate(certificate).token_url("https://own.example.com/token").build().unwrap();
    let request = own.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    assert_eq!(request.url(), "https://own.example.com/token");
    let without = app().client_secret("s").build().unwrap();
    let request = without.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    assert_eq!(request.url(), "https://as.example.com/token");
    for wrong in [r#"{"token_endpoint":"http://mtls.example.com/token"}"#, "7", r#"{"token_endpoint":7}"#] {
        assert!(discovered(&format!(r#","mtls_endpoint_aliases":{wrong}"#)).is_err(), "{wrong}");
    }
}

fn app_without_certificate(metadata: &oauth2_app::Metadata, method: AuthMethod) -> TokenError {
    let app = App::from_metadata(metadata).client_id("c").grant_type(GrantType::ClientCredentials);
    app.token_endpoint_auth_method(method).build().unwrap_err()
}
