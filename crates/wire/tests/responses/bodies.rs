//! Rows B of `DECISIONS.md`: bodies.

use wellspring_core::{
    AuthorizationGrant, Deviation, ErrorKind, Fate, HttpResponse, LoginReason, ResponseHead,
};
use wellspring_wire::{Body, BodyFault, Object, TokenFormat};

use crate::{NOW, error_of, read, read_with, refresh, response, response_of_type, token_body};

#[test]
fn b01_any_2xx_with_a_token_is_a_success() {
    for status in [200, 201, 202, 206] {
        let granted = TokenFormat::new().read(
            &AuthorizationGrant::ClientCredentials,
            &response(status, token_body("")),
            NOW,
        );
        assert_eq!(granted.unwrap().access_token.expose(), "mF_9.B5f-4.1JqM");
    }
}

#[test]
fn b02_a_byte_order_mark_is_skipped_and_noted() {
    let body = ["\u{FEFF}", &token_body("")].concat();
    assert_eq!(read(&body).unwrap().deviations, [Deviation::ByteOrderMark]);
    assert!(read_with(&TokenFormat::new().strict(), &body).is_err());
    assert!(read(&["\u{FEFF}\u{FEFF}", &token_body("")].concat()).is_err());
}

#[test]
fn b03_utf_16_is_an_error_and_is_not_shown() {
    let body = token_body("");
    let little: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(body.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = body.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big, vec![b'{', 0xC3, b'}']] {
        let error = error_of(&AuthorizationGrant::ClientCredentials, &response(200, bytes));
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, Fate::Answered));
        assert!(!error.is_transient());
        assert_eq!(error.snippet(), None);
    }
}

#[test]
fn b04_a_truncated_or_overlong_document_is_an_error() {
    let valid = token_body("");
    for body in [
        &valid[..valid.len() - 1],
        &[&valid, "x"].concat(),
        &[&valid, &*valid].concat(),
        &["x", &valid].concat(),
    ] {
        let error = read(body).unwrap_err();
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Protocol, false), "{body}");
        assert_eq!(error.fate(), Fate::Answered, "the endpoint has answered with a token document");
    }
    assert!(read(&[" \r\n\t", &valid, "\n "].concat()).is_ok());
}

#[test]
fn b05_nesting_beyond_128_levels_is_an_error() {
    let nested = |depth| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(Object::parse(nested(120).as_bytes()).is_ok());
    assert_eq!(Object::parse(nested(128).as_bytes()).unwrap_err(), BodyFault::Malformed);
    assert_eq!(Object::parse(nested(100_000).as_bytes()).unwrap_err(), BodyFault::Malformed);
}

#[test]
fn b06_json_is_read_under_any_content_type() {
    for kind in ["text/html", "text/plain; charset=utf-8", "application/octet-stream", ""] {
        let granted = TokenFormat::new().read(
            &AuthorizationGrant::ClientCredentials,
            &response_of_type(200, kind, token_body("")),
            NOW,
        );
        assert!(granted.is_ok(), "{kind}");
    }
}

#[test]
fn b07_a_web_page_comes_from_an_intermediary_and_is_transient() {
    for (status, fate) in
        [(200, Fate::Unknown), (400, Fate::Unspent), (401, Fate::Unspent), (403, Fate::Unspent)]
    {
        for response in [
            response_of_type(status, "application/json", "\n <html><title>Sign in to the network</title>"),
            response_of_type(status, "TEXT/HTML", "Sign in"),
        ] {
            let error = error_of(&refresh(), &response);
            assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, fate), "{status}");
            assert!(error.is_transient());
            assert_eq!(error.status(), Some(status));
            assert!(error.content_type().is_some());
            assert!(error.snippet().is_some_and(|snippet| snippet.contains("Sign in")));
        }
    }
}

#[test]
fn b08_plain_text_comes_from_an_intermediary_and_is_transient() {
    let error = error_of(&refresh(), &response_of_type(200, "text/plain", "upstream connect error"));
    assert!(error.is_transient() && error.kind() == ErrorKind::Protocol && error.fate() == Fate::Unknown);
    // Of a text that was cut off no process knows what it was to be.
    let cut = error_of(&refresh(), &response_of_type(200, "text/plain", "upstream").incomplete());
    assert!(!cut.is_transient() && cut.fate() == Fate::Answered, "{cut}");
    let error = error_of(&refresh(), &response_of_type(400, "text/plain", "no such route"));
    assert!(error.is_transient() && error.kind() == ErrorKind::Protocol && error.fate() == Fate::Unspent);
    // Under a refusal the status counts: it may be that of the endpoint.
    assert!(error.is_without_verdict() && error.to_string().contains("does not say why"), "{error}");
}

#[test]
fn b17_a_form_with_a_token_is_an_answer_of_the_endpoint_and_no_secret_of_it_is_shown() {
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let body = "scope=x&access_token=canary&token_type=bearer";
        let error = error_of(&refresh(), &response_of_type(200, kind, body));
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, Fate::Answered));
        assert!(!error.is_transient() && error.to_string().contains("with a form, not with JSON"), "{error}");
        assert!(!error.to_string().contains("canary"));
    }
}

#[test]
fn b09_a_success_without_a_body_is_an_error() {
    for response in [response(200, ""), response(204, ""), response(200, " \n"), response(200, "\u{FEFF}")] {
        let error = error_of(&refresh(), &response);
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, Fate::Unknown));
        assert!(!error.is_transient());
        assert!(error.to_string().contains("empty"), "{error}");
    }
}

#[test]
fn b10_an_error_in_a_2xx_is_an_error() {
    let error = error_of(&refresh(), &response(200, r#"{"error":"invalid_grant"}"#));
    assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Refused });
    let error = error_of(
        &refresh(),
        &response(200, r#"{"error":"bad_verification_code","error_description":"expired"}"#),
    );
    assert_eq!((error.kind(), error.code()), (ErrorKind::Protocol, Some("bad_verification_code")));
    assert_eq!((error.description(), error.fate()), (Some("expired"), Fate::Unspent));
}

#[test]
fn b11_an_error_beside_a_token_takes_precedence() {
    for error in ["\"invalid_client\"", "{\"message\":\"no\"}", "1", "true", "[]"] {
        assert!(read(&token_body(&format!("\"error\":{error}"))).is_err(), "{error}");
    }
    for empty in ["null", "\"\"", "false"] {
        assert!(read(&token_body(&format!("\"error\":{empty}"))).is_ok(), "{empty}");
    }
}

#[test]
fn b12_a_redirect_is_an_error_and_never_followed() {
    for (status, fate) in [
        (301, Fate::Unspent),
        (302, Fate::Unknown),
        (303, Fate::Unknown),
        (304, Fate::Unspent),
        (307, Fate::Unspent),
        (308, Fate::Unspent),
    ] {
        for body in ["", "<html>", &token_body("")] {
            let location = "https://user:canary@elsewhere.example/token?code=canary#canary";
            let head = ResponseHead::new(status).header("Location", location);
            let error = error_of(&refresh(), &HttpResponse::new(head, body));
            assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, fate), "{status} {body}");
            assert!(!error.is_transient());
            let said = error.to_string();
            assert!(said.contains("to elsewhere.example/token)") || !body.is_empty(), "{said}");
            assert!(!said.contains("canary"), "{said}");
        }
    }
}

#[test]
fn b13_json_that_is_not_an_object_is_an_error() {
    for body in ["[\"tok\"]", "\"tok\"", "null", "1", "true", "[]"] {
        let error = read(body).unwrap_err();
        assert_eq!(
            (error.kind(), error.is_transient(), error.fate()),
            (ErrorKind::Protocol, false, Fate::Unknown)
        );
        assert!(!error.to_string().contains("tok\""), "{error}");
    }
}

#[test]
fn b14_a_repeated_member_is_detected_at_every_depth() {
    let object = Object::parse(br#"{"data":{"accessToken":"a","accessToken":"b"},"x":1}"#).unwrap();
    let data = object.object("data").unwrap();
    assert_eq!(data.only("accessToken").unwrap_err(), BodyFault::Repeated);
    assert_eq!(data.text("accessToken"), Some("b"));
    assert_eq!(object.only("x").unwrap().and_then(wellspring_wire::Json::as_integer), Some(1));
    assert!(object.only("y").unwrap().is_none());
}

#[test]
fn a_number_without_a_fraction_is_an_integer() {
    let object = Object::parse(
        br#"{"a":1e3,"b":1.5,"c":-7,"d":9223372036854775807,"e":9223372036854775808,"f":1e300,"g":"1","h":-1e3}"#,
    )
    .unwrap();
    let integers = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| object.integer(name));
    assert_eq!(integers, [Some(1_000), None, Some(-7), Some(i64::MAX), None, None, None, Some(-1_000)]);
}

#[test]
fn numbers_are_read_when_serde_json_has_arbitrary_precision() {
    // serde_json passes numbers like this when its feature `arbitrary_precision` is on.
    let number = |digits: &str| {
        let body = format!(r#"{{"n":{{"$serde_json::private::Number":"{digits}"}}}}"#);
        Object::parse(body.as_bytes()).map(|object| object.integer("n"))
    };
    assert_eq!(number("3600"), Ok(Some(3_600)));
    assert_eq!(number("-1"), Ok(Some(-1)));
    assert_eq!(number("1e3"), Ok(Some(1_000)));
    assert_eq!(number("1e400").unwrap_err(), BodyFault::Malformed);
    assert_eq!(number("abc").unwrap_err(), BodyFault::Malformed);
}

#[test]
fn debug_of_a_body_shows_names_and_no_strings() {
    let body = Body::of(&response(200, r#"{"access_token":"canary","list":["canary"]}"#));
    let shown = format!("{body:?}");
    assert!(shown.contains("access_token") && !shown.contains("canary"), "{shown}");
}

#[test]
fn a_broken_success_with_a_token_is_no_refusal_whatever_its_code() {
    let latin = b"{\"error\":\"none\",\"access_token\":\"abc\",\"note\":\"\xE9\"}".to_vec();
    for (body, fate) in [
        (br#"{"access_token":"abc","error":"none","scope":"#.to_vec(), Fate::Answered),
        (br#"{"error":"none","Refresh_Token" : "abc","#.to_vec(), Fate::Answered),
        (latin, Fate::Answered),
        // A word in a description is no member.
        (br#"{"error":"refused","error_description":"the token is revoked"#.to_vec(), Fate::Unspent),
    ] {
        let error = error_of(&refresh(), &response(200, body.clone()));
        assert_eq!(error.fate(), fate, "{}: {error}", String::from_utf8_lossy(&body));
    }
    let form = response_of_type(200, "text/plain", "access_token=abc&error=none&scope=a");
    assert_ne!(error_of(&refresh(), &form).fate(), Fate::Unspent);
}
