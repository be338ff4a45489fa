//! The two published pages, byte for byte: their requests are sent and their answers are read.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

use core::time::Duration;

use pix_bacen::{ApiError, Endpoint, Gateway, Txid};
use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Provider, Reading, ResponseHead, Scope, TokenResponse,
    UnixTime, Verdict,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

/// The page's answer.
const ANSWER: &str = r#"{
"access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9...",
"token_type": "Bearer",
"expires_in": 3600,
"scope": "pix:read pix:write balance:read"
}"#;

fn page(endpoint: Endpoint) -> Gateway {
    endpoint.credentials("your-client-id", "your-client-secret").unwrap()
}

fn token_request(gateway: &Gateway) -> HttpRequest {
    gateway.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap()
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(ResponseHead::new(status).header("Content-Type", "application/json"), body)
}

fn granted(gateway: &Gateway, status: u16, body: &str) -> TokenResponse {
    match gateway.read(&AuthorizationGrant::ClientCredentials, &answer(status, body), NOW) {
        Reading::Granted(token) => token,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_token_request_is_the_pages_own() {
    for (endpoint, url) in [
        (Gateway::goforge(), "https://api.gateway.goforge.com.br/oauth/token"),
        (Gateway::fire_banking(), "https://api.public.firebanking.com.br/oauth/token"),
    ] {
        let request = token_request(&page(endpoint));
        assert_eq!((request.method().as_str(), request.url()), ("POST", url));
        let headers: Vec<_> = request.headers().iter().map(|h| (h.name(), h.expose())).collect();
        assert_eq!(headers, [("Content-Type", "application/json")], "only this header");
        // The output of `JSON.stringify` for the page's object.
        assert_eq!(
            request.expose_body(),
            br#"{"clientId":"your-client-id","clientSecret":"your-client-secret"}"#
        );
    }
}

#[test]
fn the_pages_answer_is_a_token_whether_its_status_is_200_or_201() {
    for status in [200, 201] {
        let token = granted(&page(Gateway::goforge()), status, ANSWER);
        assert_eq!(token.access_token.expose(), "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9...");
        assert_eq!(token.lifetime, Some(Duration::from_secs(3_600)));
        assert_eq!(token.scope, Some(Scope::parse("pix:read pix:write balance:read")));
        assert!(token.refresh_token.is_none() && token.deviations.is_empty());
    }
}

#[test]
fn an_api_call_carries_json_to_the_gateways_own_origin() {
    let gateway = page(Gateway::goforge());
    let txid = Txid::new("7978c0c97ea847e78e8849634473c1f1").unwrap();
    let call = gateway.put_cob(&txid, r#"{"valor":{"original":"1.00"}}"#);
    assert_eq!(call.method(), "PUT");
    assert_eq!(call.url(), "https://api.gateway.goforge.com.br/cob/7978c0c97ea847e78e8849634473c1f1");
    assert_eq!(call.json(), Some(r#"{"valor":{"original":"1.00"}}"#));
    assert_eq!(gateway.balances().url(), "https://api.gateway.goforge.com.br/accounts/balances");
    assert_eq!((gateway.balances().method(), gateway.balances().json()), ("GET", None));
    assert!(gateway.spec().origins.iter().any(|origin| origin.covers(call.url())));
    assert!(!format!("{call:?}").contains("valor"), "the body of a charge names the payer");
}

#[test]
fn p1_the_standard_api_differs_from_the_page() {
    let pem = "-----BEGIN CERTIFICATE-----\nMIIB+/==\n-----END CERTIFICATE-----\n";
    let gateway = page(Gateway::avista().standard()).client_certificate(pem).unwrap();
    let request = token_request(&gateway);
    assert_eq!(request.url(), "https://api.avista.global/api/auth/token");
    let headers: Vec<_> = request.headers().iter().map(|h| (h.name(), h.expose())).collect();
    assert_eq!(
        headers,
        [
            ("Content-Type", "application/json"),
            (
                "X-SSL-Client-Cert",
                "-----BEGIN%20CERTIFICATE-----%0AMIIB%2B%2F%3D%3D%0A-----END%20CERTIFICATE-----%0A"
            ),
        ]
    );
    let body = r#"{"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...","token_type":"Bearer","expires_in":1800}"#;
    let token = granted(&gateway, 201, body);
    assert_eq!((token.lifetime, token.scope), (Some(Duration::from_secs(1_800)), None));
    let without_lifetime = granted(&gateway, 201, r#"{"access_token":"t","token_type":"Bearer"}"#);
    assert_eq!(without_lifetime.lifetime, Some(Duration::from_secs(1_800)));
}

#[test]
fn p1_the_standard_api_needs_a_certificate() {
    let error =
        page(Gateway::goforge().standard()).request(&AuthorizationGrant::ClientCredentials, NOW).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this token endpoint requires the client certificate in the header X-SSL-Client-Cert, and no certificate is set"
    );
}

#[test]
fn p2_there_is_no_grant_type_no_scope_no_basic_and_no_refresh() {
    let gateway = page(Gateway::goforge());
    let body = String::from_utf8(token_request(&gateway).expose_body().to_vec()).unwrap();
    assert!(!body.contains("grant_type") && !body.contains("scope"));
    assert!(gateway.clone().scope("pix:read").is_err(), "the gateway grants the scope of the account");
    let grant = AuthorizationGrant::RefreshToken(wellspring_core::RefreshToken::new("r"));
    assert!(gateway.request(&grant, NOW).is_err());
    let with_refresh_token =
        r#"{"access_token":"t","token_type":"Bearer","expires_in":60,"refresh_token":"canary"}"#;
    assert!(granted(&gateway, 200, with_refresh_token).refresh_token.is_none());
    assert!(gateway.spec().credentials);
}

#[test]
fn p3_an_error_is_never_taken_for_a_token() {
    let gateway = page(Gateway::goforge());
    for (status, body) in [
        (401, r#"{"statusCode":401,"message":"Credenciais inválidas","error":"Unauthorized"}"#),
        (200, r#"{"statusCode":401,"message":"Credenciais inválidas","error":"Unauthorized"}"#),
        (200, r#"{"token_type":"Bearer","expires_in":3600}"#),
        (200, "{}"),
        (200, ""),
        (200, r#"["eyJ"]"#),
        (401, ANSWER),
    ] {
        let reading = gateway.read(&AuthorizationGrant::ClientCredentials, &answer(status, body), NOW);
        assert!(matches!(reading, Reading::Refused(_)), "{status} {body}");
    }
}

#[test]
fn p4_the_pages_own_charge_has_no_valid_txid() {
    assert!(Txid::new("abc123").is_err());
}

#[test]
fn p5_scope_words_are_kept_unchanged_with_a_colon_or_a_dot() {
    let body = r#"{"access_token":"t","token_type":"Bearer","scope":"pix:read pix.read cob.write"}"#;
    let scope = granted(&page(Gateway::goforge()), 200, body).scope.unwrap();
    assert!(scope.contains("pix:read") && scope.contains("pix.read") && !scope.contains("pix"));
}

#[test]
fn p6_the_parameter_names_are_in_camel_case() {
    let body = String::from_utf8(token_request(&page(Gateway::goforge())).expose_body().to_vec()).unwrap();
    assert!(
        body.contains(r#""clientId":"#) && body.contains(r#""clientSecret":"#) && !body.contains("client_")
    );
}

#[test]
fn p7_the_five_brands_differ_only_in_their_host() {
    for (name, url) in [
        ("goforge", "https://api.gateway.goforge.com.br/oauth/token"),
        ("fire-banking", "https://api.public.firebanking.com.br/oauth/token"),
        ("avista", "https://api.avista.global/oauth/token"),
        ("ntx-pay", "https://api.ntxpay.com/oauth/token"),
        ("safira-pay", "https://api.safirapay.com/oauth/token"),
    ] {
        let gateway = page(Gateway::named(name).unwrap());
        assert_eq!(gateway.token_url(), url);
        assert_eq!(
            token_request(&gateway).expose_body(),
            token_request(&page(Gateway::goforge())).expose_body()
        );
    }
    assert!(Gateway::named("GoForge").is_none());
}

#[test]
fn a_missing_lifetime_is_the_documented_default() {
    let without_lifetime = r#"{"access_token":"t","token_type":"Bearer"}"#;
    let lifetime = |endpoint| granted(&page(endpoint), 200, without_lifetime).lifetime;
    assert_eq!(lifetime(Gateway::goforge()), Some(Duration::from_secs(3_600)));
    assert_eq!(lifetime(Gateway::ntx_pay()), Some(Duration::from_secs(600)));
    let changed = Gateway::goforge().default_lifetime(Duration::from_secs(60));
    assert_eq!(lifetime(changed), Some(Duration::from_secs(60)));
}

#[test]
fn a_401_of_the_api_refuses_the_token_and_a_403_does_not() {
    let gateway = page(Gateway::goforge());
    let judge = |head: &ResponseHead| gateway.judge(head, b"");
    assert_eq!(judge(&ResponseHead::new(401)), Verdict::TokenRefused);
    assert_eq!(judge(&ResponseHead::new(403)), Verdict::ScopeMissing(None));
    let challenged = |challenge| judge(&ResponseHead::new(403).header("WWW-Authenticate", challenge));
    let scope = Scope::parse("pix:write");
    assert_eq!(
        challenged(r#"Bearer error="insufficient_scope", scope="pix:write""#),
        Verdict::ScopeMissing(Some(scope))
    );
    // The page does not mention it: a challenge that calls the token invalid is not about permission.
    assert_eq!(challenged(r#"Bearer error="invalid_token""#), Verdict::TokenRefused);
    for status in [200, 201, 400, 404, 429, 500] {
        assert_eq!(judge(&ResponseHead::new(status)), Verdict::Accepted, "{status}");
    }
}

#[test]
fn each_of_the_three_401s_keeps_its_message() {
    for message in ["Token não fornecido ou inválido", "Token inválido", "Token expirado"] {
        let body = format!(r#"{{"statusCode":401,"message":"{message}","error":"Unauthorized"}}"#);
        assert_eq!(ApiError::read(401, body.as_bytes()).message.as_deref(), Some(message));
    }
}
