//! Rows L of `DECISIONS.md`: lifetimes.

use core::time::Duration;

use wellspring_core::{AuthorizationGrant, Deviation, ErrorKind, HttpResponse, ResponseHead, UnixTime};
use wellspring_wire::{JwtTimes, LONGEST_LIFETIME, TokenFormat};

use crate::{NOW, read, read_with, seconds, token_body};

fn lifetime_with(format: &TokenFormat, value: &str) -> (Option<Duration>, Vec<Deviation>) {
    let granted = read_with(format, &token_body(&format!("\"expires_in\":{value}"))).expect("a token");
    (granted.lifetime, granted.deviations)
}

fn lifetime(value: &str) -> (Option<Duration>, Vec<Deviation>) {
    lifetime_with(&TokenFormat::new(), value)
}

fn strict_accepts(value: &str) -> bool {
    read_with(&TokenFormat::new().strict(), &token_body(&format!("\"expires_in\":{value}"))).is_ok()
}

#[test]
fn l01_a_number_is_seconds() {
    assert_eq!(lifetime("3600"), (Some(seconds(3_600)), vec![]));
    assert_eq!(lifetime("1"), (Some(seconds(1)), vec![]));
    assert!(strict_accepts("3600"));
}

#[test]
fn l02_a_missing_lifetime_is_the_default_or_unknown() {
    let with_default = TokenFormat::new().default_lifetime(seconds(7_200));
    assert_eq!(read(&token_body("")).unwrap().lifetime, None);
    assert_eq!(lifetime("null"), (None, vec![]));
    assert_eq!(lifetime_with(&with_default, "null"), (Some(seconds(7_200)), vec![]));
    assert_eq!(read_with(&with_default, &token_body("")).unwrap().lifetime, Some(seconds(7_200)));
    assert_eq!(lifetime_with(&with_default, "60").0, Some(seconds(60)));
}

#[test]
fn l03_a_lifetime_of_zero_or_less_has_expired_already() {
    for value in ["0", "-1", "-3600", "0.0", "-0.0", "0.9", "-0.5", "-1e300", "\"0\"", "\"-7\"", "\"-0\""] {
        let (lifetime, deviations) = lifetime(value);
        assert_eq!(lifetime, Some(Duration::ZERO), "{value}");
        assert!(deviations.contains(&Deviation::LifetimeIsOver), "{value}");
    }
    assert!(strict_accepts("0"));
}

#[test]
fn l04_zero_means_never_where_the_provider_says_so() {
    let never = TokenFormat::new().zero_means_never();
    for value in ["0", "0.0", "\"0\""] {
        assert_eq!(lifetime_with(&never, value).0, Some(LONGEST_LIFETIME), "{value}");
    }
    assert_eq!(lifetime_with(&never, "-1").0, Some(Duration::ZERO));
}

#[test]
fn l05_minus_one_means_never_where_the_provider_says_so() {
    let never = TokenFormat::new().minus_one_means_never();
    for value in ["-1", "-1.0", "\"-1\""] {
        assert_eq!(lifetime_with(&never, value).0, Some(LONGEST_LIFETIME), "{value}");
    }
    for value in ["0", "-2", "-1.5"] {
        assert_eq!(lifetime_with(&never, value).0, Some(Duration::ZERO), "{value}");
    }
}

#[test]
fn l06_digits_in_a_string_are_accepted_and_noted() {
    assert_eq!(lifetime("\"3600\""), (Some(seconds(3_600)), vec![Deviation::LifetimeIsText]));
    assert_eq!(lifetime("\" 3600\\n\"").0, Some(seconds(3_600)));
    assert_eq!(lifetime("\"0060\"").0, Some(seconds(60)));
    assert_eq!(
        lifetime("\"3599.5\""),
        (Some(seconds(3_599)), vec![Deviation::LifetimeIsText, Deviation::LifetimeIsFractional])
    );
    assert_eq!(lifetime("\"3600.000\"").0, Some(seconds(3_600)));
    assert!(!strict_accepts("\"3600\""));
}

#[test]
fn l07_fractions_and_exponents_are_rounded_down() {
    assert_eq!(lifetime("3600.0"), (Some(seconds(3_600)), vec![]));
    assert_eq!(lifetime("1e3"), (Some(seconds(1_000)), vec![]));
    assert_eq!(lifetime("3599.9"), (Some(seconds(3_599)), vec![Deviation::LifetimeIsFractional]));
    assert!(!strict_accepts("3599.9"));
}

#[test]
fn l08_more_than_ten_years_is_cut_to_ten_years() {
    let digits = "9".repeat(30);
    for value in [
        "315360001",
        "18446744073709551615",
        "18446744073709551616",
        "1e300",
        &digits,
        &format!("\"{digits}\""),
        &format!("\"{digits}.5\""),
    ] {
        let (lifetime, deviations) = lifetime(value);
        assert_eq!(lifetime, Some(LONGEST_LIFETIME), "{value}");
        assert!(deviations.contains(&Deviation::LifetimeIsCut), "{value}");
    }
    assert_eq!(lifetime("315360000"), (Some(LONGEST_LIFETIME), vec![]));
}

#[test]
fn l09_a_number_out_of_range_makes_the_response_invalid() {
    let error = read(&token_body("\"expires_in\":1e400")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(!error.is_transient());
}

#[test]
fn l10_a_value_that_is_not_a_number_counts_as_missing() {
    let with_default = TokenFormat::new().default_lifetime(seconds(60));
    for value in [
        "true",
        "{}",
        "[3600]",
        "\"abc\"",
        "\"\"",
        "\"1e3\"",
        "\"3600s\"",
        "\"+1\"",
        "\".5\"",
        "\"5.\"",
        "\"--5\"",
        "\"1 2\"",
        "\"٣\"",
    ] {
        assert_eq!(lifetime(value), (None, vec![Deviation::LifetimeUnreadable]), "{value}");
        assert_eq!(lifetime_with(&with_default, value).0, Some(seconds(60)), "{value}");
        assert!(!strict_accepts(value), "{value}");
    }
}

/// `{"iat":1000,"exp":4600}`
const ONE_HOUR: &str = "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjEwMDAsImV4cCI6NDYwMH0.c2ln";

fn with_token(format: &TokenFormat, token: &str, members: &str) -> Option<Duration> {
    let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer"{members}}}"#);
    read_with(format, &body).expect("a token").lifetime
}

#[test]
fn l11_an_earlier_exp_of_a_jwt_wins_if_the_hint_is_enabled() {
    let hinted = TokenFormat::new().jwt_hint().default_lifetime(seconds(60));
    assert_eq!(with_token(&hinted, ONE_HOUR, ",\"expires_in\":7200"), Some(seconds(3_600)));
    assert_eq!(with_token(&hinted, ONE_HOUR, ",\"expires_in\":1800"), Some(seconds(1_800)));
    assert_eq!(with_token(&hinted, ONE_HOUR, ""), Some(seconds(3_600)));
    assert_eq!(with_token(&hinted, "opaque", ""), Some(seconds(60)));
    assert_eq!(with_token(&TokenFormat::new(), ONE_HOUR, ",\"expires_in\":7200"), Some(seconds(7_200)));
}

fn jwt(claims: &str) -> String {
    format!("eyJhbGciOiJIUzI1NiJ9.{}.c2ln", base64url(claims.as_bytes()))
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let digit = |bits: &[u8]| bits.iter().fold(0, |acc, bit| acc << 1 | usize::from(bit - b'0'));
    bits.as_bytes().chunks(6).map(|six| char::from(ALPHABET[digit(six) << (6 - six.len())])).collect()
}

fn jwt_lifetime(claims: &str) -> Option<Duration> {
    JwtTimes::of(&jwt(claims))?.lifetime(NOW)
}

#[test]
fn l12_a_jwt_lives_from_iat_to_exp_independent_of_any_clock() {
    assert_eq!(jwt_lifetime(r#"{"iat":1000,"exp":4600}"#), Some(seconds(3_600)));
    assert_eq!(jwt_lifetime(r#"{"iat":1000.5,"exp":4600.9,"x":[{}]}"#), Some(seconds(3_599)));
    assert_eq!(jwt_lifetime(r#"{"iat":1e3,"exp":4.6e3}"#), Some(seconds(3_600)));
    assert_eq!(jwt_lifetime(r#"{"iat":0,"exp":1e300}"#), Some(LONGEST_LIFETIME));
}

#[test]
fn l13_a_jwt_without_iat_lives_from_the_date_field_or_from_now() {
    let claims = format!(r#"{{"exp":{}}}"#, NOW.as_secs() + 600);
    assert_eq!(jwt_lifetime(&claims), Some(seconds(600)));
    let body = format!(r#"{{"access_token":"{}","token_type":"Bearer"}}"#, jwt(&claims));
    let head = ResponseHead::new(200).header("Date", "Sun, 06 Nov 1994 08:54:37 GMT");
    let granted = TokenFormat::new().jwt_hint().read(
        &AuthorizationGrant::ClientCredentials,
        &HttpResponse::new(head, body),
        UnixTime::EPOCH,
    );
    assert_eq!(granted.unwrap().lifetime, Some(seconds(300)));
}

#[test]
fn l14_a_token_that_is_not_a_readable_jwt_gives_no_hint() {
    for claims in [
        "",
        "[]",
        "{}",
        r#"{"iat":5}"#,
        r#"{"iat":4600,"exp":4600}"#,
        r#"{"iat":4601,"exp":4600}"#,
        r#"{"exp":"4600","iat":1000}"#,
        r#"{"exp":-1,"iat":1000}"#,
        r#"{"exp":4600,"iat":"1000"}"#,
        r#"{"exp":4600,"exp":9999,"iat":1000}"#,
        r#"{"exp":4600,"iat":1000,"iat":1000}"#,
        r#"{"exp":4600,"iat":1000}x"#,
        r#"{"exp":1e999,"iat":1000}"#,
    ] {
        assert_eq!(jwt_lifetime(claims), None, "{claims}");
    }
    let huge = jwt(&format!(r#"{{"iat":1000,"exp":4600,"x":"{}"}}"#, "a".repeat(40_000)));
    let encrypted = [ONE_HOUR, ".b.c"].concat();
    for token in ["", "opaque", "..", "a.b.c", "a.!!!.c", &huge, &encrypted, "é.é.é"] {
        assert_eq!(JwtTimes::of(token), None);
    }
    assert!(JwtTimes::of(ONE_HOUR).is_some());
}
