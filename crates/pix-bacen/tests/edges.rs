//! Unusual answers of the token endpoint: the reader is lenient in general, and strict about members that decide which
//! token is used.

use core::time::Duration;

use pix_bacen::Gateway;
use wellspring_core::{
    AuthorizationGrant, Deviation, ErrorKind, HttpResponse, Provider, Reading, ResponseHead, Scope, UnixTime,
};
use wellspring_wire::TokenFormat;

fn read(status: u16, body: &[u8]) -> Reading {
    let gateway = Gateway::goforge().credentials("your-client-id", "your-client-secret");
    let gateway = gateway.expect("the page's own credentials are valid");
    let head = ResponseHead::new(status).header("Content-Type", "application/json; charset=utf-8");
    gateway.read(
        &AuthorizationGrant::ClientCredentials,
        &HttpResponse::new(head, body),
        UnixTime::from_secs(1_700_000_000),
    )
}

#[test]
fn every_spelling_of_a_lifetime_is_read() {
    const TEN_YEARS: u64 = 10 * 365 * 86_400;
    for (written, seconds, deviation) in [
        ("3600", 3_600, None),
        ("\"3600\"", 3_600, Some(Deviation::LifetimeIsText)),
        ("\" 3600 \"", 3_600, Some(Deviation::LifetimeIsText)),
        ("3600.0", 3_600, None),
        ("3599.9", 3_599, Some(Deviation::LifetimeIsFractional)),
        ("1e3", 1_000, None),
        ("0", 0, Some(Deviation::LifetimeIsOver)),
        ("-1", 0, Some(Deviation::LifetimeIsOver)),
        ("18446744073709551615", TEN_YEARS, Some(Deviation::LifetimeIsCut)),
        ("18446744073709551616", TEN_YEARS, Some(Deviation::LifetimeIsCut)),
        ("\"999999999999999999999999999999\"", TEN_YEARS, Some(Deviation::LifetimeIsText)),
        ("null", 3_600, None),
        ("true", 3_600, Some(Deviation::LifetimeUnreadable)),
        ("{}", 3_600, Some(Deviation::LifetimeUnreadable)),
        ("\"abc\"", 3_600, Some(Deviation::LifetimeUnreadable)),
    ] {
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{written}}}"#);
        let Reading::Granted(token) = read(200, body.as_bytes()) else { panic!("{written}") };
        assert_eq!(token.lifetime, Some(Duration::from_secs(seconds)), "{written}");
        assert_eq!(token.deviations.first().copied(), deviation, "{written}");
    }
}

#[test]
fn harmless_deviations_are_accepted() {
    for (body, deviation) in [
        ("\u{FEFF}{\"access_token\":\"t\",\"token_type\":\"bearer\"}", Some(Deviation::ByteOrderMark)),
        (r#"{"access_token":"t","token_type":"BEARER"}"#, None),
        (r#"{"access_token":"t"}"#, Some(Deviation::TokenTypeMissing)),
        (r#"{"access_token":"t","token_type":"Bearer","x":1,"x":2}"#, None),
        (r#"{"access_token":"t","token_type":"Bearer","scope":["pix:read"]}"#, Some(Deviation::ScopeIsArray)),
    ] {
        let Reading::Granted(token) = read(201, body.as_bytes()) else { panic!("{body}") };
        assert_eq!(token.deviations.first().copied(), deviation, "{body}");
    }
}

#[test]
fn a_scope_may_have_any_spacing_and_fewer_words_than_on_the_page() {
    let body = br#"{"access_token":"t","token_type":"Bearer","scope":" pix:write\tpix:read  pix:read"}"#;
    let Reading::Granted(token) = read(200, body) else { panic!() };
    let granted = token.scope.unwrap_or_default();
    assert_eq!(granted, Scope::parse("pix:read pix:write"));
    assert_eq!(granted.missing(&Scope::parse("pix:read balance:read")), Scope::parse("balance:read"));
}

#[test]
fn members_that_decide_which_token_is_used_are_read_strictly() {
    for body in [
        r#"{"access_token":"t","access_token":"u","token_type":"Bearer"}"#,
        r#"{"access_token":"","token_type":"Bearer"}"#,
        r#"{"access_token":null,"token_type":"Bearer"}"#,
        r#"{"access_token":7,"token_type":"Bearer"}"#,
        r#"{"access_token":"a b","token_type":"Bearer"}"#,
        r#"{"access_token":"a\r\nX: y","token_type":"Bearer"}"#,
        r#"{"access_token":"é","token_type":"Bearer"}"#,
        r#"{"access_token":"t","token_type":"mac"}"#,
        r#"{"access_token":"t","token_type":"DPoP"}"#,
        r#"{"access_token":"t","token_type":"N_A"}"#,
        r#"["t"]"#,
        r#""t""#,
        "null",
        r#"{"access_token":"t","token_type":"Bearer"} x"#,
        r#"{"access_token":"t","token_type":"Bearer""#,
        r#"{"access_token":"t","token_type":"Bearer","expires_in":1e400}"#,
        "access_token=t&token_type=bearer",
        "",
        "   ",
    ] {
        let Reading::Refused(error) = read(200, body.as_bytes()) else { panic!("{body}") };
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
    }
    let utf_16: Vec<u8> = r#"{"access_token":"t"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(read(200, &utf_16), Reading::Refused(_)));
    assert!(matches!(read(204, b""), Reading::Refused(_)));
}

#[test]
fn the_operator_can_change_how_answers_are_read() {
    let read = |format: TokenFormat, body: &str| {
        let endpoint = Gateway::goforge().token_format(format);
        let gateway = endpoint.credentials("your-client-id", "your-client-secret");
        let gateway = gateway.expect("the page's own credentials are valid");
        let response = HttpResponse::new(ResponseHead::new(200), body);
        gateway.read(&AuthorizationGrant::ClientCredentials, &response, UnixTime::from_secs(1_700_000_000))
    };
    let zero_lifetime = r#"{"access_token":"t","expires_in":0}"#;
    assert!(matches!(read(TokenFormat::new().strict(), zero_lifetime), Reading::Refused(_)), "no token_type");
    let Reading::Granted(token) = read(TokenFormat::new().zero_means_never(), zero_lifetime) else {
        panic!()
    };
    assert_eq!(token.lifetime, Some(wellspring_wire::LONGEST_LIFETIME));
    let Reading::Granted(token) = read(TokenFormat::new(), r#"{"access_token":"t"}"#) else { panic!() };
    assert_eq!(token.lifetime, Some(Duration::from_secs(3_600)), "the page's default lifetime remains");
}
