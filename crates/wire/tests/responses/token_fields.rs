//! Rows T of `DECISIONS.md`: the other members of a token response.

use wellspring_core::{AuthorizationGrant, Deviation, ErrorKind, Fate, Members, Scope, TokenError};
use wellspring_wire::{TokenFormat, TokenNames};

use crate::{NOW, read, read_with, refresh, response, seconds, token_body};

fn is_malformed(error: &TokenError) -> bool {
    error.kind() == ErrorKind::Protocol && !error.is_transient() && error.fate() == Fate::Unknown
}

#[test]
fn t01_the_token_type_is_bearer_in_any_case() {
    for kind in ["Bearer", "bearer", "BEARER"] {
        let granted = read(&format!(r#"{{"access_token":"a","token_type":"{kind}"}}"#)).unwrap();
        assert_eq!(granted.deviations, []);
    }
}

#[test]
fn t02_a_missing_token_type_means_bearer_and_is_noted() {
    for body in [r#"{"access_token":"a"}"#, r#"{"access_token":"a","token_type":null}"#] {
        assert_eq!(read(body).unwrap().deviations, [Deviation::TokenTypeMissing]);
        assert!(is_malformed(&read_with(&TokenFormat::new().strict(), body).unwrap_err()));
    }
}

#[test]
fn t03_a_token_of_another_type_is_refused() {
    for kind in ["\"mac\"", "\"DPoP\"", "\"N_A\"", "\"\"", "\" Bearer\"", "1", "[\"Bearer\"]"] {
        let error = read(&format!(r#"{{"access_token":"a","token_type":{kind}}}"#)).unwrap_err();
        assert!(is_malformed(&error), "{kind}");
    }
}

#[test]
fn t04_an_access_token_is_a_string_of_visible_ascii() {
    for token in [
        "null",
        "1",
        "true",
        "{}",
        "[\"a\"]",
        "\"\"",
        "\" a\"",
        "\"a \"",
        "\"a b\"",
        "\"a\\r\\nX: y\"",
        "\"a\\u0000\"",
        "\"é\"",
        "\"a\\u007f\"",
    ] {
        let error = read(&format!(r#"{{"access_token":{token},"token_type":"Bearer"}}"#)).unwrap_err();
        assert!(is_malformed(&error), "{token}");
    }
    assert!(is_malformed(&read(r#"{"token_type":"Bearer"}"#).unwrap_err()));
    assert!(is_malformed(&read("{}").unwrap_err()));
    let granted = read(r#"{"access_token":"{a:b}","token_type":"Bearer"}"#).unwrap();
    assert_eq!(granted.access_token.expose(), "{a:b}");
}

#[test]
fn t05_strict_requires_the_characters_of_bearer_tokens() {
    let strict = TokenFormat::new().strict();
    let with =
        |token: &str| read_with(&strict, &format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#));
    assert!(with("aZ09-._~+/==").is_ok());
    for token in ["a:b", "a=b", "==", "a,b"] {
        assert!(is_malformed(&with(token).unwrap_err()), "{token}");
    }
}

fn scope(format: &TokenFormat, value: &str) -> Option<Scope> {
    read_with(format, &token_body(&format!("\"scope\":{value}"))).expect("a token").scope
}

#[test]
fn t06_a_scope_is_a_set_of_words_separated_by_any_white_space() {
    let expected = Some(Scope::parse("pix:read pix:write"));
    for value in ["\"pix:read pix:write\"", "\"pix:write  pix:read\"", "\" pix:read\\tpix:write pix:read \""]
    {
        assert_eq!(scope(&TokenFormat::new(), value), expected, "{value}");
    }
}

#[test]
fn t07_scopes_in_an_array_are_accepted_and_noted() {
    let granted = read(&token_body(r#""scope":["a","b c"]"#)).unwrap();
    assert_eq!(granted.scope, Some(Scope::parse("a b c")));
    assert_eq!(granted.deviations, [Deviation::ScopeIsArray]);
    assert!(read_with(&TokenFormat::new().strict(), &token_body(r#""scope":["a"]"#)).is_err());
    for value in ["[1]", "1", "{}", "true"] {
        assert!(is_malformed(&read(&token_body(&format!("\"scope\":{value}"))).unwrap_err()), "{value}");
    }
}

#[test]
fn t08_commas_separate_scopes_only_where_the_provider_says_so() {
    assert_eq!(scope(&TokenFormat::new(), "\"a,b\""), Some(["a,b"].into_iter().collect()));
    assert_eq!(
        scope(&TokenFormat::new().comma_separated_scopes(), "\"a,b, c\""),
        Some(Scope::parse("a b c"))
    );
}

#[test]
fn t09_a_missing_scope_means_the_requested_scope() {
    assert_eq!(scope(&TokenFormat::new(), "null"), None);
    let format = TokenFormat::new().requested_scope(Scope::parse("a b")).require_scopes();
    assert_eq!(read_with(&format, &token_body("")).unwrap().scope, None);
}

#[test]
fn t10_less_scope_than_requested_is_granted_and_reported() {
    let requested = Scope::parse("profile balance");
    let format = TokenFormat::new().requested_scope(requested.clone());
    let granted = scope(&format, "\"profile\"").unwrap();
    assert_eq!(granted.missing(&requested), Scope::parse("balance"));
    assert!(scope(&format, "\"profile balance more\"").unwrap().contains("more"));
}

#[test]
fn t11_less_scope_than_required_is_an_error_only_for_a_first_token() {
    let format = TokenFormat::new().requested_scope(Scope::parse("a b")).require_scopes();
    let body = token_body(r#""scope":"a","refresh_token":"r2""#);
    let error = read_with(&format, &body).unwrap_err();
    assert!(is_malformed(&error) && error.to_string().contains("the scope b"), "{error}");
    let refreshed = format.read(&refresh(), &response(200, body), NOW).unwrap();
    assert_eq!(refreshed.refresh_token.unwrap().expose(), "r2");
}

#[test]
fn t12_other_members_are_kept_and_not_shown() {
    let granted = read(&token_body(
        r#""id_token":"canary","not-before-policy":0,"refresh_expires_in":1800,"gone":null,"x":{"y":[1.5,null,"z"]}"#,
    ))
    .unwrap();
    let members = &granted.members;
    assert_eq!(
        members.names().collect::<Vec<_>>(),
        ["id_token", "not-before-policy", "refresh_expires_in", "x"]
    );
    assert_eq!(members.expose("id_token"), Some("canary"));
    assert_eq!(members.expose("not-before-policy"), Some("0"));
    assert_eq!(members.expose("x"), Some(r#"{"y":[1.5,null,"z"]}"#));
    assert!(
        members.get("id_token").unwrap().is_text() && !members.get("not-before-policy").unwrap().is_text()
    );
    assert!(!format!("{granted:?}").contains("canary"));
}

#[test]
fn t28_members_beyond_64_kib_are_left_out_and_the_token_stays() {
    let body = format!(r#""id_token":"a","blob":"{}","region":"eu""#, "x".repeat(Members::MAX_BYTES));
    for format in [TokenFormat::new(), TokenFormat::new().strict()] {
        let granted = read_with(&format, &token_body(&body)).unwrap();
        assert_eq!(granted.members.names().collect::<Vec<_>>(), ["id_token", "region"]);
        assert_eq!(granted.deviations, [Deviation::MembersLeftOut]);
    }
}

#[test]
fn t13_a_repeated_known_member_makes_the_response_invalid() {
    for repeated in [
        r#""access_token":"other""#,
        r#""access_token":"mF_9.B5f-4.1JqM""#,
        r#""token_type":"Bearer""#,
        r#""expires_in":1,"expires_in":2"#,
        r#""refresh_token":"a","refresh_token":"b""#,
        r#""scope":"a","scope":"a""#,
    ] {
        assert!(is_malformed(&read(&token_body(repeated)).unwrap_err()), "{repeated}");
    }
}

#[test]
fn t14_the_last_of_a_repeated_unknown_member_counts() {
    let granted = read(&token_body(r#""x":"first","x":"last""#)).unwrap();
    assert_eq!(granted.members.expose("x"), Some("last"));
}

#[test]
fn t15_without_a_new_refresh_token_the_old_one_stays() {
    for members in ["", r#""refresh_token":null"#, r#""refresh_token":"""#] {
        assert_eq!(read(&token_body(members)).unwrap().refresh_token, None, "{members}");
    }
    let granted = read(&token_body(r#""refresh_token":"r2""#)).unwrap();
    assert_eq!(granted.refresh_token.unwrap().expose(), "r2");
}

#[test]
fn t16_a_refresh_token_that_cannot_be_sent_makes_the_response_invalid() {
    for token in ["1", "true", "{}", "\"a b\"", "\"a\\n\"", "\"é\""] {
        let error = read(&token_body(&format!("\"refresh_token\":{token}"))).unwrap_err();
        assert!(is_malformed(&error), "{token}");
    }
}

#[test]
fn t17_a_refresh_token_is_ignored_for_client_credentials() {
    let format = TokenFormat::new().without_refresh_token();
    for token in ["\"https://pix.example/renew\"", "1", "\"a b\""] {
        let granted = read_with(&format, &token_body(&format!("\"refresh_token\":{token}"))).unwrap();
        assert_eq!(granted.refresh_token, None);
        assert!(granted.members.is_empty(), "it is no member for the user either");
    }
}

#[test]
fn t18_the_lifetime_of_a_refresh_token_is_the_named_member_or_the_default() {
    let mut names = TokenNames::default();
    names.refresh_lifetime = Some("refresh_expires_in".into());
    let format = TokenFormat::new().names(names).default_refresh_lifetime(seconds(30));
    let lifetime = |members: &str| read_with(&format, &token_body(members)).unwrap().refresh_lifetime;
    assert_eq!(lifetime(r#""refresh_token":"r","refresh_expires_in":1800"#), Some(seconds(1_800)));
    assert_eq!(lifetime(r#""refresh_token":"r","refresh_expires_in":0"#), None);
    assert_eq!(lifetime(r#""refresh_token":"r""#), Some(seconds(30)));
    assert_eq!(lifetime(r#""refresh_expires_in":1800"#), None);
}

#[test]
fn t19_the_names_of_the_members_are_configurable() {
    let mut names = TokenNames::default();
    names.access_token = "accessToken".into();
    names.refresh_token = Some("refreshToken".into());
    names.token_type = None;
    let format = TokenFormat::new().names(names);
    let body = r#"{"accessToken":"a","refreshToken":"r","access_token":"other"}"#;
    let granted = format.read(&AuthorizationGrant::ClientCredentials, &response(200, body), NOW).unwrap();
    assert_eq!(granted.access_token.expose(), "a");
    assert_eq!(granted.refresh_token.unwrap().expose(), "r");
    assert_eq!(granted.deviations, []);
}
