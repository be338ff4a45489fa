//! Every other grant: what the client makes by itself, what is sent once, and an app that only renews.

use core::hash::Hasher as _;
use std::hash::DefaultHasher;

use oauth2_app::{App, AppBuilder, AuthMethod, Encoding, Entropy};
use wellspring_core::{
    AuthorizationGrant, ErrorKind, ExtensionGrant, Fate, GrantParameters, Provider as _, Reading, TokenError,
    UnixTime,
};

use crate::{NOW, answer, body, header, refresh, refused};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

fn builder() -> AppBuilder {
    App::builder().token_url("https://as.example.com/token")
}

/// RFC 7523 section 4, with the time of the request as the assertion.
fn robot(subject: &str) -> AppBuilder {
    builder().extension_grant(JWT_BEARER, subject, |now| {
        Ok(GrantParameters::new().with("assertion", format!("signed at {}", now.as_secs())))
    })
}

#[test]
fn an_assertion_is_made_anew_for_each_request_and_needs_no_client_id() {
    let app = robot("robot@example.com").scopes(["read"]).build().unwrap();
    let request = |seconds| app.request(&AuthorizationGrant::ClientCredentials, UnixTime::from_secs(seconds));
    let start =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&scope=read&assertion=signed+at+";
    for seconds in [1_700_000_000, 1_700_003_600] {
        assert_eq!(body(&request(seconds).unwrap()), format!("{start}{seconds}"));
    }
    assert!(app.spec().credentials, "a renewal needs no user");
    assert_eq!(app.grant_type(), JWT_BEARER);
    assert!(app.authorize(&Entropy::new([7; 64])).is_err());
}

#[test]
fn a_vendors_own_grant_goes_with_the_clients_authentication() {
    let app = builder().client_id("id").client_secret("secret");
    let app = app.extension_grant("account_credentials", "account 42", |_| {
        Ok(GrantParameters::new().with("account_id", "42"))
    });
    let request = app.build().unwrap().request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    assert_eq!(body(&request), "grant_type=account_credentials&account_id=42");
    assert_eq!(header(&request, "Authorization"), Some("Basic aWQ6c2VjcmV0"));
}

#[test]
fn each_subject_and_each_grant_type_has_a_record_of_its_own() {
    let key = |app: AppBuilder| app.build().unwrap().spec().key.clone();
    let own = |grant| builder().extension_grant(grant, "robot", |_| Ok(GrantParameters::new()));
    let keys = [
        key(robot("robot")),
        key(robot("other")),
        key(own("password")),
        key(robot("robot").scopes(["read"])),
        key(robot("robot").client_id("id")),
        key(robot("robot").token_parameter("audience", "api")),
    ];
    for (at, one) in keys.iter().enumerate() {
        assert!(keys.iter().skip(at + 1).all(|other| other != one), "{at}");
    }
    assert_eq!(key(own(JWT_BEARER)), keys[0], "how the parameters are made is no part of the key");
}

#[test]
fn a_grant_that_cannot_be_made_sends_nothing_and_keeps_its_own_error() {
    let app = builder().extension_grant(JWT_BEARER, "robot", |_| {
        Err(TokenError::misconfigured("the key file cannot be read"))
    });
    let error = app.build().unwrap().request(&AuthorizationGrant::ClientCredentials, NOW).unwrap_err();
    assert_eq!(error.to_string(), "the key file cannot be read");
}

#[test]
fn a_token_is_exchanged_once_by_any_app() {
    let app = builder().client_id("id").client_secret("secret").build().unwrap();
    let subject = GrantParameters::new()
        .with("subject_token", "the token of another server")
        .with("subject_token_type", "urn:ietf:params:oauth:token-type:access_token");
    let grant = AuthorizationGrant::Extension(ExtensionGrant::new(TOKEN_EXCHANGE, subject));
    let request = app.request(&grant, NOW).unwrap();
    assert_eq!(
        body(&request),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=the+token+of+another+server\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
    );
    let granted = r#"{"access_token":"t","issued_token_type":"urn:ietf:params:oauth:token-type:access_token",
        "token_type":"Bearer","refresh_token":"r"}"#;
    let Reading::Granted(token) = app.read(&grant, &answer(200, granted), NOW) else { panic!() };
    assert_eq!(token.refresh_token.unwrap().expose(), "r", "the session goes on with it");
    let error = refused(&app, &grant, &answer(400, r#"{"error":"invalid_grant"}"#));
    assert_eq!(
        (error.to_string().as_str(), error.fate()),
        ("the endpoint refused the grant (status 400, code invalid_grant)", Fate::Dead)
    );
}

#[test]
fn no_parameter_is_sent_twice() {
    let twice = |app: AppBuilder, name: &'static str| {
        let app = app.extension_grant("password", "ann", move |_| Ok(GrantParameters::new().with(name, "x")));
        app.build().unwrap().request(&AuthorizationGrant::ClientCredentials, NOW).unwrap_err()
    };
    let plain = || builder().client_id("id");
    for (app, name) in [
        (plain(), "grant_type"),
        (plain(), "client_id"),
        (plain(), "client_secret"),
        (plain().scopes(["read"]), "scope"),
        (plain().token_parameter("audience", "api"), "audience"),
    ] {
        let error = twice(app, name);
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert_eq!(error.to_string(), format!("the parameter {name} of the grant is set a second time"));
    }
}

#[test]
fn no_error_and_no_debug_output_shows_a_parameter() {
    let parameters = || GrantParameters::new().with("username", "ann").with("password", "correct horse");
    let own = builder().client_id("id").extension_grant("password", "ann", move |_| Ok(parameters()));
    let own = own.build().unwrap();
    let once = AuthorizationGrant::Extension(ExtensionGrant::new("password", parameters()));
    for grant in [AuthorizationGrant::ClientCredentials, once] {
        for (status, member) in [(400, "error_description"), (200, "error_description"), (400, "message")] {
            let echo = format!(r#"{{"error":"invalid_grant","{member}":"correct horse is wrong"}}"#);
            let error = refused(&own, &grant, &answer(status, &echo));
            assert!(!format!("{error} {error:?} {grant:?} {own:?}").contains("horse"), "{error:?}");
        }
    }
}

#[test]
fn an_app_that_only_renews_needs_no_redirect_uri() {
    let app = builder().client_id("id").client_secret("secret").build().unwrap();
    assert!(body(&app.request(&refresh(), NOW).unwrap()).starts_with("grant_type=refresh_token&"));
    let error = app.authorize(&Entropy::new([7; 64])).unwrap_err();
    assert_eq!(error.to_string(), "this app cannot start a sign-in in a browser: it has no redirect_uri");
}

#[test]
fn a_server_may_expect_json_and_a_header_of_its_own() {
    let app = || builder().client_id("id").client_secret("secret").token_header("X-Key", "canary-key");
    let json = app().token_encoding(Encoding::Json).token_parameter("audience", "api").build().unwrap();
    let request = json.request(&refresh(), NOW).unwrap();
    assert_eq!(
        body(&request),
        r#"{"grant_type":"refresh_token","refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","audience":"api"}"#
    );
    assert_eq!(header(&request, "Content-Type"), Some("application/json"));
    assert_eq!(header(&request, "X-Key"), Some("canary-key"));
    let in_body =
        app().token_endpoint_auth_method(AuthMethod::ClientSecretPost).token_encoding(Encoding::Json);
    let request = in_body.build().unwrap().request(&refresh(), NOW).unwrap();
    assert!(body(&request).ends_with(r#""client_id":"id","client_secret":"secret"}"#), "{}", body(&request));

    let error =
        refused(&json, &refresh(), &answer(400, r#"{"error":"invalid_client","message":"canary-key"}"#));
    assert!(!format!("{error} {error:?} {json:?}").contains("canary"), "a header may be a secret: {error:?}");
    for app in [
        app().token_encoding(Encoding::Query),
        app().token_header("X-Key", "again"),
        app().token_header("Authorization", "Basic x"),
        app().token_header("X Y", "z"),
    ] {
        assert_eq!(app.build().unwrap_err().kind(), ErrorKind::Misconfigured);
    }
}

#[test]
fn another_header_is_another_credential() {
    let credential = |value| {
        let mut hasher = DefaultHasher::new();
        let app = builder().client_id("id").token_header("X-Key", value).build().unwrap();
        app.credential(&mut hasher);
        hasher.finish()
    };
    assert_eq!(credential("one"), credential("one"));
    assert_ne!(credential("one"), credential("two"), "a corrected header lifts the pause");
}
