//! The refresh token of a response that cannot be used.

use wellspring_core::{
    AuthorizationGrant, Fate, HttpResponse, Reading, ResponseHead, Scope, Successor, TokenError,
};
use wellspring_wire::TokenFormat;

use super::{NOW, code, read_with, refresh, response, response_of_type, seconds};

fn reading(grant: &AuthorizationGrant, response: &HttpResponse) -> Reading {
    TokenFormat::new().reading(grant, response, NOW)
}

fn kept(format: &TokenFormat, grant: &AuthorizationGrant, body: &str) -> Option<(Successor, TokenError)> {
    match format.reading(grant, &response(200, body), NOW) {
        Reading::Unusable { successor, error } => Some((successor, error)),
        Reading::Refused(_) => None,
        other => panic!("{body}: {other:?}"),
    }
}

fn kept_token(body: &str) -> Option<String> {
    let (successor, error) = kept(&TokenFormat::new(), &refresh(), body)?;
    assert!(!format!("{error}{error:?}{successor:?}").contains("next"), "{body}");
    Some(successor.refresh_token.expose().to_owned())
}

#[test]
fn t20_a_new_refresh_token_is_kept_whatever_is_wrong_with_the_response() {
    for body in [
        r#"{"access_token":"a","token_type":"bot","refresh_token":"next"}"#,
        r#"{"access_token":"a","scope":{},"refresh_token":"next"}"#,
        r#"{"access_token":"a","scope":[1],"refresh_token":"next"}"#,
        r#"{"token_type":"Bearer","expires_in":60,"refresh_token":"next"}"#,
        r#"{"access_token":null,"refresh_token":"next"}"#,
        r#"{"access_token":"","refresh_token":"next"}"#,
        r#"{"access_token":"a b","refresh_token":"next"}"#,
        r#"{"access_token":{},"refresh_token":"next"}"#,
        r#"{"access_token":"a","access_token":"b","refresh_token":"next"}"#,
        r#"{"access_token":"a","expires_in":1,"expires_in":2,"refresh_token":"next"}"#,
        r#"{"access_token":"a","refresh_token":"older","refresh_token":"next"}"#,
        r#"{"access_token":"a","refresh_token":"next","refresh_token":null}"#,
        r#"{"access_token":"a","refresh_token":"ne\u0078t","token_type":1}"#,
        "\u{feff}{\"access_token\":1,\"refresh_token\":\"next\"}",
    ] {
        assert_eq!(kept_token(body).as_deref(), Some("next"), "{body}");
    }
}

#[test]
fn t21_a_new_refresh_token_is_kept_where_the_document_is_not_valid_json() {
    for body in [
        r#"{"access_token":"a","expires_in":1e400,"refresh_token":"next"}"#,
        r#"{"access_token":"a","refresh_token":"next","expires_in":"#,
        r#"{"access_token":"a","refresh_token":"next"}}"#,
        r#"{"access_token":"a","refresh_token":"next"}{"access_token":"a"}"#,
        r#"{"access_token":"a","refresh_token":"next","expires_in":NaN}"#,
    ] {
        assert_eq!(kept_token(body).as_deref(), Some("next"), "{body}");
    }
    let deep = format!(r#"{{"extra":{}{},"refresh_token":"next"}}"#, "[".repeat(500), "]".repeat(500));
    assert_eq!(kept_token(&deep).as_deref(), Some("next"));
    let latin_1 = b"{\"access_token\":\"a\",\"name\":\"\xE9\",\"refresh_token\":\"next\"}";
    let Reading::Unusable { successor, .. } = reading(&refresh(), &response(200, *latin_1)) else { panic!() };
    assert_eq!(successor.refresh_token.expose(), "next");
}

#[test]
fn t21_what_the_end_of_a_cut_response_may_have_cut_is_not_kept() {
    let cut = |content_type: &str, body: &str| {
        let head = ResponseHead::new(200).header("Content-Type", content_type);
        match reading(&refresh(), &HttpResponse::new(head, body).incomplete()) {
            Reading::Unusable { successor, .. } => Some(successor.refresh_token.expose().to_owned()),
            Reading::Refused(error) => {
                assert_eq!(error.fate(), Fate::Answered, "{body}");
                None
            }
            other => panic!("{body}: {other:?}"),
        }
    };
    let form = "application/x-www-form-urlencoded";
    let json = "application/json";
    for (content_type, body, kept) in [
        (json, r#"{"access_token":"a","refresh_token":"next""#, true),
        (json, r#"{"access_token":"a","refresh_token":"next"#, false),
        (json, r#"{"access_token":"a","refr"#, false),
        (json, "", false),
        (form, "access_token=a&refresh_token=next&", true),
        (form, "access_token=a&refresh_token=next&scope=b", true),
        (form, "access_token=a&refresh_token=next", false),
        (form, "access_tok", false),
    ] {
        assert_eq!(cut(content_type, body).as_deref(), kept.then_some("next"), "{body}");
    }
}

#[test]
fn t22_only_a_string_that_can_be_sent_is_kept() {
    for body in [
        r#"{"token_type":"bot"}"#,
        r#"{"refresh_token":null}"#,
        r#"{"refresh_token":""}"#,
        r#"{"refresh_token":1}"#,
        r#"{"refresh_token":["next"]}"#,
        r#"{"refresh_token":{"refresh_token":"next"}}"#,
        r#"{"data":{"refresh_token":"next"}}"#,
        r#"{"refresh_token":"a b"}"#,
        r#"{"refresh_token":"nex"#,
        r#"["refresh_token","next"]"#,
    ] {
        assert_eq!(kept_token(body), None, "{body}");
    }
    let no_refresh_tokens = TokenFormat::new().without_refresh_token();
    assert!(kept(&no_refresh_tokens, &refresh(), r#"{"refresh_token":"next"}"#).is_none());
}

/// The refresh token that a response of this status and type grants to a refresh.
fn kept_under(status: u16, content_type: &str, body: &[u8]) -> Option<String> {
    let response = response_of_type(status, content_type, body);
    match reading(&refresh(), &response) {
        Reading::Unusable { successor, error } => {
            let shown = format!("{error}{error:?}{successor:?}");
            assert!(!shown.contains("next") && !shown.contains("acc-1"), "{shown}");
            Some(successor.refresh_token.expose().to_owned())
        }
        Reading::Refused(error) => {
            let shown = format!("{error}{error:?}");
            assert!(!shown.contains("next") && !shown.contains("acc-1"), "{shown}");
            None
        }
        other => panic!("{status}: {other:?}"),
    }
}

const DOCUMENT: &str =
    r#"{"access_token":"acc-1","token_type":"Bearer","expires_in":60,"refresh_token":"next"}"#;

#[test]
fn t26_beside_an_access_token_a_new_refresh_token_is_kept_in_any_place_and_under_any_status() {
    let in_a_string = DOCUMENT.replace('"', "\\\"");
    let utf_16: Vec<u8> = DOCUMENT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [
        format!("[{DOCUMENT}]"),
        format!(r#"{{"data":{DOCUMENT}}}"#),
        format!(r#"{{"data":[{{"result":{DOCUMENT}}}]}}"#),
        format!(")]}}',\n{DOCUMENT}"),
        format!("while(1);{DOCUMENT}"),
        format!("callback({DOCUMENT});"),
        format!(r#"{{"statusCode":200,"body":"{in_a_string}"}}"#),
        format!(r#"{{"data":{}"#, DOCUMENT.replace("60", "60,\"x\":NaN")),
        "access_token=acc-1&token_type=bearer&refresh_token=next&scope=".to_owned(),
        "refresh_token=n%65xt&access_token=acc-1\n".to_owned(),
    ] {
        for (status, content_type) in [(200, "application/json"), (200, "text/plain"), (400, "text/html")] {
            assert_eq!(kept_under(status, content_type, body.as_bytes()).as_deref(), Some("next"), "{body}");
        }
    }
    assert_eq!(kept_under(200, "application/json", &utf_16).as_deref(), Some("next"));
    let latin_1 = [b"{\"user\":\"\xE9\",\"data\":", DOCUMENT.as_bytes(), b"}"].concat();
    assert_eq!(kept_under(200, "application/json", &latin_1).as_deref(), Some("next"));
    for status in [302, 307, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503, 599] {
        let kept = kept_under(status, "application/json", DOCUMENT.as_bytes());
        assert_eq!(kept.as_deref(), Some("next"), "{status}");
    }
}

#[test]
fn t27_without_an_access_token_beside_it_nothing_is_kept_from_another_place_or_status() {
    for body in [
        r#"{"errors":{"refresh_token":"invalid"}}"#,
        r#"{"refresh_token":"invalid","access_token":null}"#,
        r#"{"error":"invalid_grant","access_token":"acc-1","refresh_token":"next"}"#,
        r#"{"error":"invalid_request","access_token":"acc-1","refresh_token":"refresh-canary-1"}"#,
        r#"{"message":"access_token and refresh_token are wrong"}"#,
        r#"["access_token","acc-1","refresh_token","next"]"#,
        r#"[{"access_token":"acc-1","refresh_token":"nex"#,
        "refresh_token=next",
        "access_token=acc-1&refresh_token=",
        "access_token=acc-1&refresh_token=a+b",
    ] {
        assert_eq!(kept_under(400, "application/json", body.as_bytes()), None, "{body}");
    }
    let elsewhere = r#"{"errors":{"refresh_token":"invalid"}}"#;
    assert_eq!(kept_under(200, "application/json", elsewhere.as_bytes()), None);
    let invalid = r#"{"error":"invalid_grant","access_token":"acc-1","refresh_token":"next"}"#;
    assert_eq!(kept_under(200, "application/json", invalid.as_bytes()), None);
}

#[test]
fn t23_only_a_success_grants_a_refresh_token() {
    let body = r#"{"error":"try_again","refresh_token":"next"}"#;
    assert_eq!(
        kept_token(body).as_deref(),
        Some("next"),
        "an error beside a token that replaces the sent one"
    );
    for body in [
        r#"{"error":"invalid_grant","refresh_token":"next"}"#,
        r#"{"error":"try_again","refresh_token":"refresh-canary-1"}"#,
    ] {
        assert_eq!(kept_token(body), None, "{body}");
    }
    for status in [302, 400, 401, 422, 500, 503] {
        let refused = reading(&refresh(), &response(status, r#"{"refresh_token":"invalid"}"#));
        assert!(matches!(refused, Reading::Refused(_)), "{status}");
    }
}

#[test]
fn t24_the_lifetime_of_a_kept_refresh_token_is_read_where_it_can_be() {
    let format = TokenFormat::new().default_refresh_lifetime(seconds(90));
    let (successor, _) = kept(&format, &refresh(), r#"{"refresh_token":"next"}"#).unwrap();
    assert_eq!(successor.lifetime, Some(seconds(90)));
    let (successor, _) = kept(&format, &refresh(), r#"{"refresh_token":"next","#).unwrap();
    assert_eq!(successor.lifetime, None, "a document that breaks off may have named another one");
}

#[test]
fn t25_a_sign_in_that_lacks_a_required_scope_keeps_nothing() {
    let format = TokenFormat::new().requested_scope(Scope::parse("a b")).require_scopes();
    let body = r#"{"access_token":"t","scope":"a","refresh_token":"next"}"#;
    assert!(read_with(&format, body).is_err());
    assert!(kept(&format, &code(), body).is_none(), "the session does not begin");
    let unusable = r#"{"token_type":"bot","scope":"a b","refresh_token":"next"}"#;
    assert!(kept(&format, &code(), unusable).is_some());
}
