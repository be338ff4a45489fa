//! Sign-in on another device: the examples of RFC 8628, and the deviations of real servers.

use core::time::Duration;

use oauth2_app::{DeviceLogin, Discovery, UserInfo};
use wellspring_core::{Clocks, DeviceCode, Instant};

use super::*;

const SENT: Clocks = Clocks { instant: Instant::ORIGIN, unix: NOW };

/// [RFC 8628 §3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)
const EXAMPLE: &str = r#"{
        "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
        "user_code": "WDJB-MJHT",
        "verification_uri":
            "https://example.com/device",
        "verification_uri_complete":
            "https://example.com/device?user_code=WDJB-MJHT",
        "expires_in": 1800,
        "interval": 5
      }"#;

fn device() -> AppBuilder {
    App::builder()
        .device_authorization_url("https://server.example.com/device_authorization")
        .token_url("https://server.example.com/token")
        .client_id("1406020730")
}

fn started(body: &str) -> Result<DeviceLogin, TokenError> {
    device().build().unwrap().read_device_authorization(&answer(200, body), SENT)
}

const fn at(seconds: u64) -> Instant {
    Instant::after_origin(Duration::from_secs(seconds))
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The error of a poll that the token endpoint answers with this status and body.
fn polled(login: &DeviceLogin, status: u16, body: &str) -> TokenError {
    refused(&device().build().unwrap(), &login.grant(), &answer(status, body))
}

fn error_body(code: &str) -> String {
    format!(r#"{{"error":"{code}"}}"#)
}

#[test]
fn the_example_of_rfc_8628_is_requested_read_and_polled() {
    let app = device().scopes(["example_scope"]).build().unwrap();
    let request = app.device_authorization().unwrap();
    assert_eq!(request.url(), "https://server.example.com/device_authorization");
    // The example in §3.1 has the two parameters in the other order, which makes no difference.
    assert_eq!(body(&request), "scope=example_scope&client_id=1406020730");
    let login = app.read_device_authorization(&answer(200, EXAMPLE), SENT).unwrap();
    assert_eq!(login.user_code(), "WDJB-MJHT");
    assert_eq!(login.verification_uri(), "https://example.com/device");
    assert_eq!(login.verification_uri_complete(), Some("https://example.com/device?user_code=WDJB-MJHT"));
    assert_eq!((login.expires(), login.pause()), (at(1_800), seconds(5)));
    // §3.4
    let request = app.request(&login.grant(), NOW).unwrap();
    assert_eq!(request.url(), "https://server.example.com/token");
    assert_eq!(
        body(&request),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
         &device_code=GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS&client_id=1406020730"
    );
}

#[test]
fn a_client_with_a_secret_authenticates_at_both_endpoints_and_sends_its_parameters() {
    let app = device()
        .client_secret("7Fjfp0ZBr1KtDRbnfVdmIw")
        .authorize_parameter("audience", "https://api.example.com")
        .build()
        .unwrap();
    let request = app.device_authorization().unwrap();
    assert!(header(&request, "Authorization").unwrap().starts_with("Basic "));
    assert_eq!(body(&request), "audience=https%3A%2F%2Fapi.example.com");
    let poll = app.request(&started(EXAMPLE).unwrap().grant(), NOW).unwrap();
    assert!(header(&poll, "Authorization").unwrap().starts_with("Basic "));
}

#[test]
fn deviating_answers_are_read_as_far_as_it_is_safe() {
    let with = |from: &str, to: &str| started(&EXAMPLE.replacen(from, to, 1));
    let least =
        r#"{"device_code":"c","user_code":"1234 5678","verification_uri":"https://a.com","expires_in":60"#;
    let of = |more: &str| started(&format!("{least}{more}}}")).unwrap();
    assert_eq!(of("").pause(), seconds(5), "the default of RFC 8628");
    assert_eq!(of(r#","interval":null"#).pause(), seconds(5));
    assert_eq!(of(r#","interval":"7""#).pause(), seconds(7));
    assert_eq!(of(r#","interval":0"#).pause(), seconds(1), "polls must not flood the server");
    assert_eq!(with("1800", "\"900\"").unwrap().expires(), at(900));
    assert_eq!(
        with("verification_uri", "verification_url").unwrap().verification_uri(),
        "https://example.com/device"
    );
    assert_eq!(with("/device\"", "/#/device\"").unwrap().verification_uri(), "https://example.com/#/device");
    for complete in
        ["javascript:alert(1)", "http://example.com/device?user_code=1", "https://a.com/\\u001b[31m"]
    {
        let login = with("https://example.com/device?user_code=WDJB-MJHT", complete).unwrap();
        assert_eq!(login.verification_uri_complete(), None, "{complete}");
    }
    for (from, to) in [
        ("device_code", "no_code"),
        ("\"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS\"", "\"\""),
        ("\"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS\"", "7"),
        ("GmRhmhcxhwAzkoEqiMEg", "a\\nb"),
        ("\"user_code\"", "\"device_code\":\"other\",\"user_code\""),
        ("user_code", "no_code"),
        ("WDJB-MJHT", "\\u001b[2J"),
        ("WDJB-MJHT", "WDJB\\nMJHT"),
        ("\"verification_uri\"", "\"no\""),
        ("https://example.com/device", "http://example.com/device"),
        ("https://example.com/device", "https://example.com/\\u202edevice"),
        ("https://example.com/device", "javascript:alert(1)"),
        ("1800", "0"),
        ("1800", "\"soon\""),
        ("expires_in", "no"),
    ] {
        let error = with(from, to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{from} {to}: {error}");
        assert!(!format!("{error} {error:?}").contains("GmRhm"), "{error}");
    }
}

#[test]
fn a_servers_refusal_is_reported() {
    let app = device().build().unwrap();
    for (status, body, kind) in [
        (401, error_body("invalid_client"), ErrorKind::Misconfigured),
        (400, error_body("unauthorized_client"), ErrorKind::Misconfigured),
        (200, error_body("invalid_scope"), ErrorKind::Misconfigured),
        (404, String::new(), ErrorKind::Misconfigured),
        (200, "<html>".into(), ErrorKind::Protocol),
        (503, String::new(), ErrorKind::Unavailable { retry_at: None }),
    ] {
        let error = app.read_device_authorization(&answer(status, &body), SENT).unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
    }
}

#[test]
fn polling_continues_while_the_user_has_not_decided_and_obeys_slow_down() {
    let mut login = started(EXAMPLE).unwrap();
    login.poll_failed(polled(&login, 400, &error_body("authorization_pending")), at(5)).unwrap();
    assert_eq!(login.pause(), seconds(5));
    login.poll_failed(polled(&login, 400, &error_body("slow_down")), at(10)).unwrap();
    assert_eq!(login.pause(), seconds(10));
    login.poll_failed(polled(&login, 429, &error_body("slow_down")), at(20)).unwrap();
    assert_eq!(login.pause(), seconds(15), "slow_down applies to this and all later polls");
    login.poll_failed(polled(&login, 428, &error_body("authorization_pending")), at(35)).unwrap();
    assert_eq!(login.pause(), seconds(15));
    let AuthorizationGrant::DeviceCode(code) = login.grant() else { panic!() };
    assert_eq!(code, DeviceCode::new("GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"));
}

#[test]
fn pauses_grow_during_an_outage_and_return_to_the_interval_after_it() {
    let mut login = started(EXAMPLE).unwrap();
    let down = || TokenError::unavailable("no connection").with_fate(Fate::Unknown);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        login.poll_failed(down(), at(5)).unwrap();
        pauses.push(login.pause().as_secs());
    }
    assert_eq!(pauses, [10, 20, 40, 60, 60, 60]);
    login.poll_failed(polled(&login, 502, "<html>"), at(5)).unwrap();
    login.poll_failed(polled(&login, 400, &error_body("authorization_pending")), at(5)).unwrap();
    assert_eq!(login.pause(), seconds(5));
    login.poll_failed(down().with_retry_after(seconds(300)), at(5)).unwrap();
    assert_eq!(login.pause(), seconds(300), "the server's Retry-After is obeyed");
    for _ in 0..100 {
        login.poll_failed(down(), at(5)).unwrap();
    }
    assert_eq!(login.pause(), seconds(60));
}

#[test]
fn an_error_that_ends_the_sign_in_is_returned_unchanged() {
    let mut login = started(EXAMPLE).unwrap();
    for (status, code) in
        [(400, "access_denied"), (400, "expired_token"), (400, "invalid_grant"), (401, "invalid_client")]
    {
        let error = login.poll_failed(polled(&login, status, &error_body(code)), at(5)).unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
    let kept = TokenError::unavailable("an error beside the tokens").with_fate(Fate::Dead);
    assert!(
        login.poll_failed(kept, at(5)).unwrap_err().is_transient(),
        "the session is kept, the code is spent"
    );
    let stored = TokenError::store("the token could not be saved", true);
    assert_eq!(login.poll_failed(stored, at(5)).unwrap_err().kind(), ErrorKind::Store);
}

#[test]
fn polling_ends_before_the_code_expires() {
    let mut login = started(EXAMPLE).unwrap();
    let pending = polled(&login, 400, &error_body("authorization_pending"));
    login.poll_failed(pending.clone(), at(1_794)).unwrap();
    let error = login.poll_failed(pending, at(1_795)).unwrap_err();
    assert_eq!((error.code(), error.fate()), (Some("expired_token"), Fate::Dead));
    let mut login = started(&EXAMPLE.replace("1800", "1e300").replace(": 5", ": 1e300")).unwrap();
    assert!(login.pause() > seconds(1_000_000), "no number makes the reader panic");
    let slow = polled(&login, 400, &error_body("slow_down"));
    let _ = login.poll_failed(slow, at(u64::MAX));
}

#[test]
fn an_app_needs_a_browser_or_a_device_endpoint_and_may_have_both() {
    let authorize = |app: &App| app.authorize(&Entropy::new([7; 64])).map(|_| ());
    let device_only = device().build().unwrap();
    assert!(authorize(&device_only).is_err() && device_only.redirect_uri().is_none());
    let both = builder().device_authorization_url("https://as.example.com/device").build().unwrap();
    assert!(authorize(&both).is_ok() && both.device_authorization().is_ok());
    assert_eq!(
        both.spec().key,
        builder().build().unwrap().spec().key,
        "both ways of signing in bring the same user's tokens"
    );
    assert!(builder().build().unwrap().device_authorization().is_err());
    let service = device().client_secret("s").grant_type(GrantType::ClientCredentials).build().unwrap();
    assert!(service.device_authorization().is_err(), "no user signs in");
    for (app, message) in [
        (device().device_authorization_url("http://a.com/d"), "device_authorization_url is invalid"),
        (device().token_parameter("device_code", "x"), "token_parameter must not set device_code"),
        (
            device().authorize_parameter("client_secret", "x"),
            "authorize_parameter must not set client_secret",
        ),
        (device().redirect_uri("https://c.com/cb"), "authorize_url is missing"),
    ] {
        let error = app.build().unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

#[test]
fn metadata_names_the_device_authorization_endpoint() {
    let metadata = metadata::discovered(
        r#","device_authorization_endpoint":"https://as.example.com/device_authorization""#,
    )
    .unwrap();
    let app = App::from_metadata(&metadata).client_id("c").build().unwrap();
    assert_eq!(app.device_authorization().unwrap().url(), "https://as.example.com/device_authorization");
    assert!(metadata::discovered(r#","device_authorization_endpoint":"http://as.example.com/d""#).is_err());
}

#[test]
fn a_wrong_url_is_named_by_the_endpoint_that_it_should_be() {
    let app = device().build().unwrap();
    for (status, body) in [(404, ""), (405, "{}"), (410, "<html>gone</html>")] {
        let answer = answer(status, body);
        let device = app.read_device_authorization(&answer, SENT).unwrap_err();
        let userinfo = UserInfo::read(&answer, NOW).unwrap_err();
        let issuer = Discovery::new("https://as.example.com").unwrap().read(&answer, NOW).unwrap_err();
        for (error, endpoint) in
            [(device, "device authorization endpoint"), (userinfo, "userinfo endpoint"), (issuer, "issuer")]
        {
            assert_eq!((error.kind(), error.status()), (ErrorKind::Misconfigured, Some(status)));
            let says = format!("the server answers {status}: is this the {endpoint}'s URL?");
            assert!(error.to_string().starts_with(&says), "{error}");
        }
    }
    // A code says more than the status.
    let error =
        app.read_device_authorization(&answer(404, r#"{"error":"invalid_client"}"#), SENT).unwrap_err();
    assert_eq!(error.code(), Some("invalid_client"));
}
