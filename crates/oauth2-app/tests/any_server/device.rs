//! Signing in on another device: RFC 8628's own bytes, and what servers make of them.

use core::time::Duration;

use oauth2_app::DeviceLogin;
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

fn begun(body: &str) -> Result<DeviceLogin, TokenError> {
    device().build().unwrap().read_device_authorization(&answer(200, body), SENT)
}

const fn at(seconds: u64) -> Instant {
    Instant::after_origin(Duration::from_secs(seconds))
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What the token endpoint's answer to a poll comes to.
fn polled(login: &DeviceLogin, status: u16, body: &str) -> TokenError {
    refused(&device().build().unwrap(), &login.spend(), &answer(status, body))
}

fn said(code: &str) -> String {
    format!(r#"{{"error":"{code}"}}"#)
}

#[test]
fn the_standards_example_is_asked_read_and_spent() {
    let app = device().scopes(["example_scope"]).build().unwrap();
    let request = app.device_authorization().unwrap();
    assert_eq!(request.url(), "https://server.example.com/device_authorization");
    // §3.1 has the two in the other order, which means the same.
    assert_eq!(body(&request), "scope=example_scope&client_id=1406020730");
    let login = app.read_device_authorization(&answer(200, EXAMPLE), SENT).unwrap();
    assert_eq!(login.user_code(), "WDJB-MJHT");
    assert_eq!(login.verification_uri(), "https://example.com/device");
    assert_eq!(login.verification_uri_complete(), Some("https://example.com/device?user_code=WDJB-MJHT"));
    assert_eq!((login.expires(), login.pause()), (at(1_800), seconds(5)));
    // §3.4
    let request = app.request(&login.spend(), NOW).unwrap();
    assert_eq!(request.url(), "https://server.example.com/token");
    assert_eq!(
        body(&request),
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
         &device_code=GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS&client_id=1406020730"
    );
}

#[test]
fn a_client_with_a_secret_authenticates_at_both_endpoints_and_parameters_go_along() {
    let app = device()
        .client_secret("7Fjfp0ZBr1KtDRbnfVdmIw")
        .authorize_parameter("audience", "https://api.example.com")
        .build()
        .unwrap();
    let request = app.device_authorization().unwrap();
    assert!(header(&request, "Authorization").unwrap().starts_with("Basic "));
    assert_eq!(body(&request), "audience=https%3A%2F%2Fapi.example.com");
    let poll = app.request(&begun(EXAMPLE).unwrap().spend(), NOW).unwrap();
    assert!(header(&poll, "Authorization").unwrap().starts_with("Basic "));
}

#[test]
fn what_servers_make_of_the_answer_is_read_as_far_as_it_is_safe() {
    let with = |from: &str, to: &str| begun(&EXAMPLE.replacen(from, to, 1));
    let least =
        r#"{"device_code":"c","user_code":"1234 5678","verification_uri":"https://a.com","expires_in":60"#;
    let of = |more: &str| begun(&format!("{least}{more}}}")).unwrap();
    assert_eq!(of("").pause(), seconds(5), "the standard's own");
    assert_eq!(of(r#","interval":null"#).pause(), seconds(5));
    assert_eq!(of(r#","interval":"7""#).pause(), seconds(7));
    assert_eq!(of(r#","interval":0"#).pause(), seconds(1), "no flood");
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
fn a_server_that_refuses_is_heard() {
    let app = device().build().unwrap();
    for (status, body, kind) in [
        (401, said("invalid_client"), ErrorKind::Misconfigured),
        (400, said("unauthorized_client"), ErrorKind::Misconfigured),
        (200, said("invalid_scope"), ErrorKind::Misconfigured),
        (404, String::new(), ErrorKind::Protocol),
        (200, "<html>".into(), ErrorKind::Protocol),
        (503, String::new(), ErrorKind::Unavailable { retry_at: None }),
    ] {
        let error = app.read_device_authorization(&answer(status, &body), SENT).unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
    }
}

#[test]
fn polls_go_on_while_the_user_has_not_decided_and_slow_down_when_told() {
    let mut login = begun(EXAMPLE).unwrap();
    login.go_on(polled(&login, 400, &said("authorization_pending")), at(5)).unwrap();
    assert_eq!(login.pause(), seconds(5));
    login.go_on(polled(&login, 400, &said("slow_down")), at(10)).unwrap();
    assert_eq!(login.pause(), seconds(10));
    login.go_on(polled(&login, 429, &said("slow_down")), at(20)).unwrap();
    assert_eq!(login.pause(), seconds(15), "this and all that follow");
    login.go_on(polled(&login, 428, &said("authorization_pending")), at(35)).unwrap();
    assert_eq!(login.pause(), seconds(15));
    let AuthorizationGrant::DeviceCode(code) = login.spend() else { panic!() };
    assert_eq!(code, DeviceCode::new("GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"));
}

#[test]
fn an_outage_makes_pauses_grow_and_the_end_of_it_makes_them_what_they_were() {
    let mut login = begun(EXAMPLE).unwrap();
    let down = || TokenError::unavailable("no connection").with_fate(Fate::Unknown);
    let mut pauses = Vec::new();
    for _ in 0..6 {
        login.go_on(down(), at(5)).unwrap();
        pauses.push(login.pause().as_secs());
    }
    assert_eq!(pauses, [10, 20, 40, 60, 60, 60]);
    login.go_on(polled(&login, 502, "<html>"), at(5)).unwrap();
    login.go_on(polled(&login, 400, &said("authorization_pending")), at(5)).unwrap();
    assert_eq!(login.pause(), seconds(5));
    login.go_on(down().with_retry_after(seconds(300)), at(5)).unwrap();
    assert_eq!(login.pause(), seconds(300), "the server knows best");
    for _ in 0..100 {
        login.go_on(down(), at(5)).unwrap();
    }
    assert_eq!(login.pause(), seconds(60));
}

#[test]
fn what_ends_a_sign_in_ends_it_with_its_own_error() {
    let mut login = begun(EXAMPLE).unwrap();
    for (status, code) in
        [(400, "access_denied"), (400, "expired_token"), (400, "invalid_grant"), (401, "invalid_client")]
    {
        let error = login.go_on(polled(&login, status, &said(code)), at(5)).unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
    let stored = TokenError::store("the token could not be saved", true);
    assert_eq!(login.go_on(stored, at(5)).unwrap_err().kind(), ErrorKind::Store);
}

#[test]
fn nobody_polls_beyond_the_codes_life() {
    let mut login = begun(EXAMPLE).unwrap();
    let pending = polled(&login, 400, &said("authorization_pending"));
    login.go_on(pending.clone(), at(1_794)).unwrap();
    let error = login.go_on(pending, at(1_795)).unwrap_err();
    assert_eq!((error.code(), error.fate()), (Some("expired_token"), Fate::Dead));
    let mut login = begun(&EXAMPLE.replace("1800", "1e300").replace(": 5", ": 1e300")).unwrap();
    assert!(login.pause() > seconds(1_000_000), "and no number makes it panic");
    let slow = polled(&login, 400, &said("slow_down"));
    let _ = login.go_on(slow, at(u64::MAX));
}

#[test]
fn an_app_needs_a_browser_or_an_endpoint_for_devices_and_may_have_both() {
    let authorize = |app: &App| app.authorize(&Entropy::new([7; 64])).map(|_| ());
    let alone = device().build().unwrap();
    assert!(authorize(&alone).is_err() && alone.redirect_uri().is_none());
    let both = builder().device_authorization_url("https://as.example.com/device").build().unwrap();
    assert!(authorize(&both).is_ok() && both.device_authorization().is_ok());
    assert_eq!(both.spec().key, builder().build().unwrap().spec().key, "one user's tokens either way");
    assert!(builder().build().unwrap().device_authorization().is_err());
    let service = device().client_secret("s").grant_type(GrantType::ClientCredentials).build().unwrap();
    assert!(service.device_authorization().is_err(), "nobody signs in");
    for (app, says) in [
        (device().device_authorization_url("http://a.com/d"), "device_authorization_url is no good"),
        (device().token_parameter("device_code", "x"), "token_parameter must not set device_code"),
        (
            device().authorize_parameter("client_secret", "x"),
            "authorize_parameter must not set client_secret",
        ),
        (device().redirect_uri("https://c.com/cb"), "authorize_url is missing"),
    ] {
        let error = app.build().unwrap_err();
        assert!(error.to_string().starts_with(says), "{error}");
    }
}

#[test]
fn metadata_names_the_endpoint() {
    let metadata = metadata::discovered(
        r#","device_authorization_endpoint":"https://as.example.com/device_authorization""#,
    )
    .unwrap();
    let app = App::from_metadata(&metadata).client_id("c").build().unwrap();
    assert_eq!(app.device_authorization().unwrap().url(), "https://as.example.com/device_authorization");
    assert!(metadata::discovered(r#","device_authorization_endpoint":"http://as.example.com/d""#).is_err());
}
