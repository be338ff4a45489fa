//! The published page, byte for byte: `published/` holds the body of its sample request and both sample answers. H1 to H9
//! are the points that the page leaves open or contradicts.

use core::time::Duration;

use hive_auth::HiveAuth;
use wellspring_core::{
    AuthorizationCode, AuthorizationGrant, ErrorKind, Fate, HttpRequest, HttpResponse, Method, Provider,
    Reading, RefreshToken, Replay, ResponseHead, Rotation, TokenError, TokenResponse, UnixTime, Verdict,
};

const REQUEST: &str = include_str!("published/request.json");
const ISSUE: &str = include_str!("published/issue.json");
const REISSUE: &str = include_str!("published/reissue.json");

/// 2022-11-02T09:51:35Z, the time at which the first sample was issued.
const NOW: UnixTime = UnixTime::from_secs(1_667_382_695);
const DAY: Duration = Duration::from_secs(86_400);
const DOWN: ErrorKind = ErrorKind::Unavailable { retry_at: None };

fn hive() -> HiveAuth {
    HiveAuth::sandbox().credentials("test", "1234").expect("the page's own credentials")
}

fn refresh() -> AuthorizationGrant {
    AuthorizationGrant::RefreshToken(RefreshToken::new(
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJrZXlObyI6MSwiaWQiO.x",
    ))
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(ResponseHead::new(status).header("content-type", "application/json"), body)
}

fn read(grant: &AuthorizationGrant, status: u16, body: &str) -> Reading {
    hive().read(grant, &answer(status, body), NOW)
}

fn granted(reading: Reading) -> TokenResponse {
    match reading {
        Reading::Granted(granted) => granted,
        other => panic!("not granted: {other:?}"),
    }
}

fn refused(reading: Reading) -> TokenError {
    match reading {
        Reading::Refused(error) | Reading::Unusable { error, .. } => error,
        other => panic!("not refused: {other:?}"),
    }
}

fn falls_back(reading: &Reading) -> bool {
    matches!(reading, Reading::Next(AuthorizationGrant::ClientCredentials))
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut found = request.headers().iter().filter(|header| header.name().eq_ignore_ascii_case(name));
    let value = found.next().map(wellspring_core::Header::expose);
    assert!(found.next().is_none(), "{name} occurs twice");
    value
}

/// An envelope around these tokens.
fn envelope(code: &str, message: &str) -> String {
    format!(r#"{{"code":{code},"message":"{message}","data":{{"accessToken":"a","refreshToken":"r"}}}}"#)
}

/// The first quoted text in the body that begins like a JWT.
fn access_token_of(body: &str) -> &str {
    body.split('"').find(|text| text.starts_with("eyJ")).expect("a token")
}

#[test]
fn an_issue_is_the_pages_own_request() {
    let request = hive().request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    assert_eq!(request.method(), Method::Post);
    assert_eq!(request.url(), "https://sandbox-bc-platform-auth.withhive.com/v2/auth-token");
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(header(&request, "accept"), Some("*/*"));
    let sent = core::str::from_utf8(request.expose_body()).unwrap();
    let published: String = REQUEST.split_ascii_whitespace().collect();
    assert_eq!(sent, published);
    let live = HiveAuth::live().credentials("test", "1234").unwrap();
    assert_eq!(live.token_url(), "https://bc-platform-auth.withhive.com/v2/auth-token");
}

#[test]
fn the_pages_issue_brings_a_token_for_a_day_and_a_refresh_token_for_a_week() {
    let granted = granted(read(&AuthorizationGrant::ClientCredentials, 200, ISSUE));
    assert_eq!(granted.access_token.expose(), access_token_of(ISSUE));
    assert_eq!(granted.access_token.expose().len(), 283);
    assert_eq!(granted.lifetime, Some(DAY));
    assert_eq!(granted.refresh_lifetime, Some(DAY * 7));
    assert_ne!(granted.refresh_token.unwrap().expose(), granted.access_token.expose());
    assert_eq!(granted.scope, None);
    assert!(granted.deviations.is_empty());
}

#[test]
fn the_pages_reissue_brings_a_new_refresh_token_for_a_week() {
    let first = granted(read(&AuthorizationGrant::ClientCredentials, 200, ISSUE)).refresh_token.unwrap();
    let granted = granted(read(&refresh(), 200, REISSUE));
    assert_eq!(granted.lifetime, Some(DAY));
    assert_eq!(granted.refresh_lifetime, Some(DAY * 7));
    assert_ne!(granted.refresh_token.unwrap(), first);
}

#[test]
fn h1_success_is_code_0_or_code_1000_with_the_message_success() {
    for (code, message, success) in [
        ("0", "success", true),
        ("0", "", true),
        ("0", "OK", true),
        ("\"0\"", "success", true),
        ("1000", "success", true),
        ("1000", "SUCCESS", true),
        ("\"1000\"", "Success", true),
        ("1000", "failure", false),
        ("1000", "", false),
        ("1000", "no success", false),
        ("1", "success", false),
        ("-1", "success", false),
        ("200", "success", false),
    ] {
        let reading = read(&AuthorizationGrant::ClientCredentials, 200, &envelope(code, message));
        assert_eq!(matches!(reading, Reading::Granted(_)), success, "{code} {message}");
    }
    let only_zero = hive().success_codes([]);
    let reading = only_zero.read(
        &AuthorizationGrant::ClientCredentials,
        &answer(200, &envelope("1000", "success")),
        NOW,
    );
    assert_eq!(refused(reading).code(), Some("1000"));
    let custom = hive().success_codes([7]);
    let reading =
        custom.read(&AuthorizationGrant::ClientCredentials, &answer(200, &envelope("7", "success")), NOW);
    assert!(matches!(reading, Reading::Granted(_)));
}

#[test]
fn h2_the_undocumented_host_of_the_sample_can_be_set_as_base_url() {
    let hive = HiveAuth::base_url("https://test-bc-platform-auth.withhive.com/").unwrap();
    let request = hive.credentials("test", "1234").unwrap().request(&refresh(), NOW).unwrap();
    assert_eq!(request.url(), "https://test-bc-platform-auth.withhive.com/v2/refresh-token");
}

#[test]
fn h3_a_reissue_has_no_body_and_its_content_type_can_be_omitted() {
    let request = hive().request(&refresh(), NOW).unwrap();
    assert_eq!(request.method(), Method::Post);
    assert_eq!(request.url(), "https://sandbox-bc-platform-auth.withhive.com/v2/refresh-token");
    assert_eq!(
        header(&request, "authorization"),
        Some("Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJrZXlObyI6MSwiaWQiO.x")
    );
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert!(request.expose_body().is_empty());
    let without_content_type = hive().without_reissue_content_type().request(&refresh(), NOW).unwrap();
    assert_eq!(header(&without_content_type, "content-type"), None);
    let issue =
        hive().without_reissue_content_type().request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    assert_eq!(header(&issue, "content-type"), Some("application/json"));
}

#[test]
fn h4_a_token_without_jwt_times_has_no_known_lifetime() {
    let granted = granted(read(&AuthorizationGrant::ClientCredentials, 200, &envelope("0", "success")));
    assert_eq!((granted.lifetime, granted.refresh_lifetime), (None, None));
    let cases = [
        // {"iat":1000,"exp":1000}
        ("h.eyJpYXQiOjEwMDAsImV4cCI6MTAwMH0.s", None),
        // {"iat":1000,"exp":4600}
        ("h.eyJpYXQiOjEwMDAsImV4cCI6NDYwMH0.s", Some(3_600)),
        // {"exp":1667383295}, ten minutes from now
        ("h.eyJleHAiOjE2NjczODMyOTV9.s", Some(600)),
    ];
    for (token, lifetime) in cases {
        let body = format!(r#"{{"code":0,"data":{{"accessToken":"{token}","refreshToken":"{token}"}}}}"#);
        let found = crate::granted(read(&AuthorizationGrant::ClientCredentials, 200, &body));
        assert_eq!(found.lifetime, lifetime.map(Duration::from_secs), "{token}");
        assert_eq!(found.refresh_lifetime, found.lifetime, "{token}");
    }
}

#[test]
fn h5_a_200_may_carry_an_error() {
    for (code, kind, fate) in [
        ("100", ErrorKind::Protocol, Fate::Unspent),
        ("101", ErrorKind::Misconfigured, Fate::Unspent),
        ("102", ErrorKind::Misconfigured, Fate::Unspent),
        ("105", DOWN, Fate::Unknown),
        ("108", DOWN, Fate::Unspent),
        ("4711", ErrorKind::Protocol, Fate::Unspent),
    ] {
        let error = refused(read(&AuthorizationGrant::ClientCredentials, 200, &envelope(code, "in words")));
        assert_eq!((error.kind(), error.fate()), (kind, fate), "{code}");
        assert_eq!(
            (error.code(), error.description(), error.status()),
            (Some(code), Some("in words"), Some(200))
        );
    }
}

#[test]
fn the_envelope_is_read_for_every_status() {
    let error = refused(read(
        &AuthorizationGrant::ClientCredentials,
        401,
        r#"{"code":101,"message":"Invalid token","data":null}"#,
    ));
    assert_eq!((error.kind(), error.code()), (ErrorKind::Misconfigured, Some("101")));
    assert_eq!(error.description(), Some("Invalid token"));
    let error = refused(read(
        &AuthorizationGrant::ClientCredentials,
        400,
        r#"{"code":"100","message":"Bad request"}"#,
    ));
    assert_eq!((error.kind(), error.code(), error.is_transient()), (ErrorKind::Protocol, Some("100"), false));
    let error = refused(read(
        &AuthorizationGrant::ClientCredentials,
        500,
        r#"{"code":105,"message":"Internal server error"}"#,
    ));
    assert_eq!((error.kind(), error.code()), (DOWN, Some("105")));
    // A 500 is an error even if its body holds tokens.
    let error = refused(read(&AuthorizationGrant::ClientCredentials, 500, &envelope("0", "success")));
    assert_eq!((error.kind(), error.fate()), (DOWN, Fate::Unknown));
}

#[test]
fn h6_the_samples_missing_line_continuations_change_nothing() {
    // The joined lines of the sample are the request that is sent.
    let request = hive().request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    let sent = core::str::from_utf8(request.expose_body()).unwrap();
    assert!(REQUEST.lines().all(|line| sent.contains(&line.split_ascii_whitespace().collect::<String>())));
}

#[test]
fn h7_a_secret_key_of_any_length_is_sent_unchanged() {
    for secret_key in ["1", "1234", " padded ", &"k".repeat(4_096), "\"quoted\"\n"] {
        let hive = HiveAuth::live().credentials("test", secret_key).unwrap();
        let request = hive.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
        let body = wellspring_wire::Object::parse(request.expose_body()).unwrap();
        assert_eq!(body.text("secretKey"), Some(secret_key));
    }
}

#[test]
fn h8_after_a_refused_refresh_token_the_credentials_are_sent() {
    for (status, body) in [
        (401, ""),
        (401, "{}"),
        (401, r#"{"code":101,"message":"Invalid token","data":null}"#),
        (401, r#"{"code":4711,"message":"no"}"#),
        (200, r#"{"code":101,"message":"Invalid token"}"#),
        (200, r#"{"code":4711,"message":"the refresh token has expired"}"#),
        (400, r#"{"code":100,"message":"Bad request"}"#),
        (400, r#"{"error":"invalid_grant"}"#),
    ] {
        assert!(falls_back(&read(&refresh(), status, body)), "{status} {body}");
        assert!(!falls_back(&read(&AuthorizationGrant::ClientCredentials, status, body)), "{status} {body}");
    }
}

#[test]
fn h8_an_error_that_does_not_refuse_the_refresh_token_does_not_fall_back() {
    for (status, body) in [
        (500, ""),
        (503, r#"{"code":108,"message":"Server is busy"}"#),
        (500, r#"{"code":101,"message":"Invalid token"}"#),
        (429, r#"{"code":101,"message":"Invalid token"}"#),
        (200, r#"{"code":108,"message":"Server is busy"}"#),
        (200, r#"{"code":105,"message":"Internal server error"}"#),
        (401, "<html>sign in to the network"),
        (200, "<html>sign in to the network"),
        (403, r#"{"code":102,"message":"Forbidden"}"#),
        (404, ""),
        (307, ""),
        (307, r#"{"code":4711,"message":"elsewhere"}"#),
        (302, r#"{"code":4711,"message":"elsewhere"}"#),
        (200, ""),
        (200, "{}"),
        (200, r#"{"code":0,"message":"success","data":null}"#),
        (200, &ISSUE[..ISSUE.len() - 9]),
    ] {
        let error = refused(read(&refresh(), status, body));
        assert!(!matches!(error.kind(), ErrorKind::LoginRequired { .. }), "{status} {body}");
    }
}

#[test]
fn a_reissue_without_a_refresh_token_keeps_the_old_one_and_an_issue_without_one_is_an_error() {
    for data in [
        r#"{"accessToken":"a"}"#,
        r#"{"accessToken":"a","refreshToken":""}"#,
        r#"{"accessToken":"a","refreshToken":null}"#,
    ] {
        let body = format!(r#"{{"code":0,"message":"success","data":{data}}}"#);
        assert_eq!(granted(read(&refresh(), 200, &body)).refresh_token, None);
        let error = refused(read(&AuthorizationGrant::ClientCredentials, 200, &body));
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, Fate::Unknown));
    }
}

#[test]
fn an_answer_without_a_code_or_tokens_is_a_protocol_error() {
    for body in [
        r#"{"message":"success","data":{"accessToken":"a","refreshToken":"r"}}"#,
        r#"{"code":null,"message":"success","data":{"accessToken":"a","refreshToken":"r"}}"#,
        r#"{"code":0,"code":0,"data":{"accessToken":"a","refreshToken":"r"}}"#,
        r#"{"code":0}"#,
        r#"{"code":0,"data":[]}"#,
        r#"{"code":0,"data":{"accessToken":"","refreshToken":"r"}}"#,
        r#"{"code":0,"data":{"accessToken":"a","accessToken":"b","refreshToken":"r"}}"#,
        r#"{"code":0,"accessToken":"a","refreshToken":"r"}"#,
        r#"["a"]"#,
    ] {
        let error = refused(read(&AuthorizationGrant::ClientCredentials, 200, body));
        assert_eq!(
            (error.kind(), error.is_transient(), error.fate()),
            (ErrorKind::Protocol, false, Fate::Unknown)
        );
    }
}

#[test]
fn r12_a_code_in_a_200_refuses_the_token_only_if_it_is_configured() {
    let refusal = br#"{"code":101,"message":"Invalid token"}"#;
    let head = ResponseHead::new(200);
    assert_eq!(hive().judge(&head, refusal), Verdict::Accepted);
    assert_eq!(hive().spec().judged_bytes, 0);
    let judging = hive().auth_error_codes([101]);
    assert!(judging.spec().judged_bytes > refusal.len());
    assert_eq!(judging.judge(&head, refusal), Verdict::TokenRefused);
    assert_eq!(judging.judge(&ResponseHead::new(400), refusal), Verdict::TokenRefused);
    for other in
        [br#"{"code":0,"message":"success"}"#.as_slice(), b"", b"[101]", &refusal[..refusal.len() - 1]]
    {
        assert_eq!(judging.judge(&head, other), Verdict::Accepted);
    }
    assert_eq!(hive().judge(&ResponseHead::new(401), b""), Verdict::TokenRefused);
    assert_eq!(hive().judge(&ResponseHead::new(403), refusal), Verdict::Accepted);
}

#[test]
fn the_provider_has_credentials_and_a_refresh_token_is_single_use() {
    let hive = hive().api_origin("https://api.example/service").unwrap();
    let spec = hive.spec();
    assert!(spec.credentials);
    assert_eq!((spec.rotation, spec.replay), (Rotation::SingleUse, Replay::OwnerDead));
    assert_eq!(spec.origins.len(), 1);
    assert!(spec.origins[0].covers("https://api.example/other"));
    assert!(hive.clone().api_origin("http://api.example").is_err());
    let other = HiveAuth::sandbox().credentials("other", "1234").unwrap();
    let live = HiveAuth::live().credentials("test", "1234").unwrap();
    assert_ne!(spec.key, other.spec().key);
    assert_ne!(spec.key, live.spec().key);
}

#[test]
fn endpoint_client_and_certificate_are_in_the_key_and_with_the_secret_in_the_credential() {
    use core::hash::Hasher as _;
    let credential = |hive: &HiveAuth| {
        let mut hasher = std::hash::DefaultHasher::new();
        hive.credential(&mut hasher);
        hasher.finish()
    };
    let of = |id, secret| HiveAuth::sandbox().credentials(id, secret).unwrap();
    let pem = |base64| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    let bound = |base64| of("test", "1234").client_certificate(&pem(base64)).unwrap();
    let (base, corrected) = (of("test", "1234"), of("test", "4321"));
    assert_eq!(base.spec().key, corrected.spec().key);
    let live = HiveAuth::live().credentials("test", "1234").unwrap();
    let keys =
        [&base, &live, &of("other", "1234"), &bound("AAAA"), &bound("BBBB")].map(|h| h.spec().key.clone());
    let credentials =
        [&base, &corrected, &of("other", "1234"), &bound("AAAA"), &bound("BBBB")].map(credential);
    for at in 0..keys.len() {
        assert!(!keys[at + 1..].contains(&keys[at]), "the key lacks the part {at}");
        assert!(!credentials[at + 1..].contains(&credentials[at]), "the credential lacks the part {at}");
    }
    assert!(of("test", "1234").client_certificate("-----BEGIN PRIVATE KEY-----").is_err());
}

#[test]
fn the_provider_has_no_sign_in() {
    let code = AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("c"),
        redirect_uri: "https://app.example/".into(),
        verifier: None,
    };
    assert_eq!(hive().request(&code, NOW).unwrap_err().kind(), ErrorKind::Misconfigured);
}

#[test]
fn no_error_shows_a_secret_that_the_service_echoes() {
    let hive = HiveAuth::live().credentials("test", "canary key").unwrap();
    let request = hive.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    assert!(!format!("{hive:?} {request:?} {:?}", hive.request(&refresh(), NOW)).contains("canary"));
    for (status, body) in [
        (200, r#"{"code":100,"message":"bad key: canary key"}"#),
        (400, r#"{"code":100,"message":"bad body: {\"secretKey\":\"canary key\"}"}"#),
        (500, "canary key"),
        (500, "canary%20key canary+key"),
        (200, r#"{"code":"canary key"}"#),
        (200, r#"{"data":{"accessToken":"canary key"}}"#),
    ] {
        let error = refused(hive.read(&AuthorizationGrant::ClientCredentials, &answer(status, body), NOW));
        let shown = format!("{error} {error:?} {:?} {:?}", error.snippet(), error.description());
        assert!(!shown.contains("canary"), "{shown}");
    }
    for cut in 0..ISSUE.len() {
        let error = refused(read(&AuthorizationGrant::ClientCredentials, 200, &ISSUE[..cut]));
        assert!(!format!("{error:?}").contains("eyJ"), "{error:?}");
    }
}

#[test]
fn a_reissue_that_cannot_be_used_keeps_its_refresh_token() {
    for body in [
        r#"{"code":0,"message":"success","data":{"refreshToken":"next"}}"#,
        r#"{"code":0,"message":"success","data":{"accessToken":{},"refreshToken":"next"}}"#,
        r#"{"code":1000,"message":"success","data":{"accessToken":"","refreshToken":"next"}}"#,
        r#"{"message":"success","data":{"accessToken":"a","refreshToken":"next"}}"#,
        r#"{"code":0,"data":{"accessToken":"a","refreshToken":"next"},"data":{}}"#,
        r#"{"code":0,"data":{"accessToken":"a","refreshToken":"next","#,
    ] {
        let Reading::Unusable { successor, error } = read(&refresh(), 200, body) else { panic!("{body}") };
        assert_eq!((successor.refresh_token.expose(), error.kind()), ("next", ErrorKind::Protocol), "{body}");
    }
    let outside = r#"{"code":0,"message":"success","refreshToken":"next","data":{}}"#;
    assert!(matches!(read(&refresh(), 200, outside), Reading::Refused(_)));
}

#[test]
fn a_code_that_refuses_the_request_grants_no_refresh_token() {
    let body = r#"{"code":101,"message":"bad","data":{"refreshToken":"next"}}"#;
    assert!(falls_back(&read(&refresh(), 200, body)));
    assert!(matches!(read(&AuthorizationGrant::ClientCredentials, 200, body), Reading::Refused(_)));
}
