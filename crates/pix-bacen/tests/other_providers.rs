//! A [`TokenRequestSpec`] describes the token endpoints of other Brazilian payment providers. The hosts are examples; the
//! tests check the shape of the request.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

use core::time::Duration;

use pix_bacen::{ClientAuthentication, Encoding, Gateway, TokenRequestSpec};
use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Provider, Reading, ResponseHead, UnixTime,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn spec() -> TokenRequestSpec {
    TokenRequestSpec::new("/oauth/token")
}

fn gateway(spec: TokenRequestSpec) -> Gateway {
    Gateway::custom("https://psp.example.com/", spec).unwrap().credentials("id", "se cret").unwrap()
}

fn token_request(gateway: &Gateway) -> HttpRequest {
    gateway.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap()
}

fn body(request: &HttpRequest) -> &str {
    core::str::from_utf8(request.expose_body()).unwrap()
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().iter().find(|header| header.name() == name).map(|header| header.expose())
}

#[test]
fn basic_with_a_grant_type_in_json() {
    let spec = spec()
        .encoding(Encoding::Json)
        .authentication(ClientAuthentication::BasicUnencoded)
        .parameter("grant_type", "client_credentials");
    let request = token_request(&gateway(spec));
    assert_eq!(body(&request), r#"{"grant_type":"client_credentials"}"#);
    assert_eq!(header(&request, "Content-Type"), Some("application/json"));
    assert_eq!(header(&request, "Authorization"), Some("Basic aWQ6c2UgY3JldA=="), "id:se cret");
}

#[test]
fn basic_with_a_scope_in_a_form() {
    let spec = spec()
        .authentication(ClientAuthentication::Basic)
        .parameter("grant_type", "client_credentials")
        .scope_name("scope");
    let request = token_request(&gateway(spec).scope("cob.write pix.read").unwrap());
    assert_eq!(body(&request), "grant_type=client_credentials&scope=cob.write+pix.read");
    assert_eq!(header(&request, "Content-Type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header(&request, "Authorization"), Some("Basic aWQ6c2UrY3JldA=="), "id:se+cret");
}

#[test]
fn id_and_secret_in_a_form_with_a_header_of_the_provider() {
    let spec = spec().parameter("grant_type", "client_credentials").header("x-itau-apikey", "canary-key");
    let gateway = gateway(spec);
    let request = token_request(&gateway);
    assert_eq!(body(&request), "grant_type=client_credentials&client_id=id&client_secret=se+cret");
    assert_eq!(header(&request, "x-itau-apikey"), Some("canary-key"));
    assert_eq!(header(&request, "Authorization"), None, "a request uses one authentication method");
    assert!(!format!("{gateway:?} {request:?}").contains("canary"), "a header's value may be a secret");
}

#[test]
fn a_certificate_instead_of_a_secret() {
    let spec = spec()
        .authentication(ClientAuthentication::None)
        .parameter("grant_type", "client_credentials")
        .scope_name("scope");
    let endpoint = Gateway::custom("https://psp.example.com", spec).unwrap();
    assert!(endpoint.clone().credentials("id", "secret").is_err());
    let gateway = endpoint.client_id("id").unwrap().scope("cob.read").unwrap();
    assert_eq!(body(&token_request(&gateway)), "grant_type=client_credentials&scope=cob.read&client_id=id");
}

#[test]
fn the_query_carries_every_parameter_except_the_secret() {
    let spec = spec()
        .encoding(Encoding::Query)
        .authentication(ClientAuthentication::Basic)
        .parameter("grant_type", "client_credentials")
        .scope_name("scope");
    let request = token_request(&gateway(spec.clone()).scope("cob.read pix.read").unwrap());
    assert_eq!(
        request.url(),
        "https://psp.example.com/oauth/token?grant_type=client_credentials&scope=cob.read+pix.read"
    );
    assert_eq!((body(&request), header(&request, "Content-Type")), ("", None));
    let with_secret = spec.authentication(ClientAuthentication::Body);
    let error = Gateway::custom("https://psp.example.com", with_secret).unwrap_err();
    let why = "a client secret must not be in the URL's query, because servers log URLs";
    assert!(error.to_string().starts_with(why), "{error}");
}

#[test]
fn a_grant_type_in_the_query_and_the_client_in_the_form() {
    let request = token_request(&gateway(spec().query("grant_type", "client_credentials")));
    assert_eq!(request.url(), "https://psp.example.com/oauth/token?grant_type=client_credentials");
    assert_eq!(body(&request), "client_id=id&client_secret=se+cret");
}

#[test]
fn a_certificate_in_a_header_and_other_parameter_names() {
    let spec = spec()
        .encoding(Encoding::Json)
        .client_names("clientId", "clientSecret")
        .certificate_header("client-cert");
    let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let request = token_request(&gateway(spec).client_certificate(pem).unwrap());
    assert_eq!(body(&request), r#"{"clientId":"id","clientSecret":"se cret"}"#);
    assert!(header(&request, "client-cert").unwrap().starts_with("-----BEGIN%20CERTIFICATE-----%0A"));
}

#[test]
fn the_api_may_have_another_host_than_the_token_endpoint() {
    let endpoint = Gateway::custom("https://auth.example.com", spec()).unwrap();
    let gateway = endpoint
        .api_base_url("https://api.example.com/pix/v2/")
        .unwrap()
        .credentials("id", "secret")
        .unwrap();
    assert_eq!(gateway.balances().url(), "https://api.example.com/pix/v2/accounts/balances");
    let covers = |url| gateway.spec().origins.iter().any(|origin| origin.covers(url));
    assert!(covers("https://api.example.com/pix/v2/cob/x") && !covers("https://auth.example.com/"));
}

#[test]
fn a_spec_that_contradicts_itself_is_rejected() {
    for (spec, reason) in [
        (spec().parameter("client_id", "other"), "twice"),
        (spec().parameter("a", "1").parameter("a", "2"), "twice"),
        (spec().query("a", "1").query("a", "2"), "twice"),
        (spec().header("Authorization", "Bearer x"), "is set by the token request itself"),
        (spec().header("x-a", "1").header("X-A", "2"), "twice"),
        (spec().header("x-a", "canary\r\nx-b: 1"), "cannot be sent"),
        (spec().header("x a", "1"), "cannot be sent"),
        (TokenRequestSpec::new("/token?x=1"), "plain path"),
        (TokenRequestSpec::new("/token#x"), "plain path"),
        (TokenRequestSpec::new("/to ken"), "plain path"),
    ] {
        let error = Gateway::custom("https://psp.example.com", spec).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
    }
    for base in [
        "http://psp.example.com",
        "https://a@psp.example.com",
        "https://psp.example.com?x",
        "psp.example.com",
    ] {
        assert!(Gateway::custom(base, spec()).is_err(), "{base}");
    }
    assert!(Gateway::base_url("http://127.0.0.1:9001").is_ok());
}

#[test]
fn the_key_depends_on_the_request_but_not_on_the_secret() {
    let key = |gateway: &Gateway| gateway.spec().key.clone();
    let scoped = |scope| gateway(spec().scope_name("scope")).scope(scope).unwrap();
    assert_eq!(key(&scoped("a b")), key(&scoped("b a")));
    assert_ne!(key(&scoped("a")), key(&scoped("b")));
    assert_ne!(
        key(&gateway(spec().parameter("audience", "a"))),
        key(&gateway(spec().parameter("audience", "b")))
    );
    let pem = |base64| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    let bound = |base64| gateway(spec()).client_certificate(&pem(base64)).unwrap();
    assert_ne!(key(&bound("AAAA")), key(&bound("BBBB")));
    assert_ne!(key(&bound("AAAA")), key(&gateway(spec())));
    let named = |id, secret| Gateway::goforge().credentials(id, secret).unwrap();
    assert_eq!(
        key(&named("a", "12345678")),
        key(&named("a", "87654321")),
        "a corrected secret has the same key"
    );
    assert_ne!(key(&named("a", "12345678")), key(&named("b", "12345678")));
    let hosts = [Gateway::goforge(), Gateway::fire_banking(), Gateway::goforge().standard()];
    let keys: Vec<_> = hosts.map(|host| key(&host.credentials("a", "12345678").unwrap())).into();
    assert!(keys[0] != keys[1] && keys[0] != keys[2]);
}

#[test]
fn each_part_that_authenticates_the_client_is_in_the_credential() {
    use core::hash::Hasher as _;
    let credential = |gateway: Gateway| {
        let mut hasher = std::hash::DefaultHasher::new();
        gateway.credential(&mut hasher);
        hasher.finish()
    };
    let of = |spec: TokenRequestSpec, id, secret| {
        Gateway::custom("https://psp.example.com", spec).unwrap().credentials(id, secret).unwrap()
    };
    let pem = |base64| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    let bound = |base64| of(spec(), "id", "secret").client_certificate(&pem(base64)).unwrap();
    let all = [
        credential(of(spec(), "id", "secret")),
        credential(of(spec(), "other", "secret")),
        credential(of(spec(), "id", "corrected")),
        credential(of(spec().authentication(ClientAuthentication::BasicUnencoded), "id", "secret")),
        credential(of(spec().encoding(Encoding::Json), "id", "secret")),
        credential(of(spec().client_names("key", "password"), "id", "secret")),
        credential(of(spec().header("x-api-key", "one"), "id", "secret")),
        credential(of(spec().header("x-api-key", "two"), "id", "secret")),
        credential(of(spec().certificate_header("X-Cert"), "id", "secret")),
        credential(bound("AAAA")),
        credential(bound("BBBB")),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[at + 1..].contains(one), "the credential lacks the part {at}");
    }
}

#[test]
fn an_error_does_not_repeat_the_secret_header_that_an_endpoint_echoes() {
    let gateway = gateway(spec().header("x-itau-apikey", "canary-key").header("x-itau-flowID", "1"));
    let body = r#"{"statusCode":401,"message":"chave canary-key recusada em 1 de 12"}"#;
    let response = HttpResponse::new(ResponseHead::new(401), body);
    let Reading::Refused(error) = gateway.read(&AuthorizationGrant::ClientCredentials, &response, NOW) else {
        panic!()
    };
    assert_eq!(
        error.description(),
        Some("chave [redacted] recusada em 1 de 12"),
        "a short value is not a secret"
    );
}

#[test]
fn a_missing_lifetime_without_a_default_is_unknown() {
    let body = r#"{"access_token":"t","token_type":"Bearer"}"#;
    let response = HttpResponse::new(ResponseHead::new(200), body);
    let read = |spec| match gateway(spec).read(&AuthorizationGrant::ClientCredentials, &response, NOW) {
        Reading::Granted(token) => token.lifetime,
        other => panic!("{other:?}"),
    };
    assert_eq!(read(spec()), None);
    assert_eq!(read(spec().default_lifetime(Duration::from_secs(300))), Some(Duration::from_secs(300)));
}
