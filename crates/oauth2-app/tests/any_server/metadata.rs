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
