//! Row E23 of `DECISIONS.md`: no error shows a secret.

use wellspring_core::{AuthorizationGrant, ClientSecret};
use wellspring_wire::{
    BasicEncoding, Form, Redaction, TokenFormat, basic_authorization, json_body, percent_encode,
};

use crate::{NOW, code, device_code, error_of, read, refresh, response, response_of_type, token_body};

/// A secret with characters that the encodings change.
const SECRET: &str = "s3cr3t/+ \"\\%é\n&=";

fn shown(text: &str) -> String {
    Redaction::new().secret(SECRET).text(text)
}

#[test]
fn e23_a_known_secret_is_removed_in_every_encoding() {
    let basic =
        |id: &str| basic_authorization(id, &ClientSecret::new(SECRET), BasicEncoding::Verbatim).split_off(6);
    let json = json_body(&[("k", SECRET)]);
    let percent = percent_encode(SECRET);
    for encoded in [
        SECRET.to_string(),
        percent.clone(),
        percent.to_lowercase(),
        Form::new().pair("k", SECRET).encode().split_off(2),
        json[6..json.len() - 2].to_string(),
        json[6..json.len() - 2].replace('/', "\\/"),
        SECRET.replace('&', "&amp;").replace('"', "&quot;"),
    ] {
        assert_eq!(shown(&format!("got {encoded}!")), "got [redacted]!", "{encoded}");
    }
    // The core of the secret is removed at every position in base64.
    for id in ["a", "ab", "abc", "abcd"] {
        let encoded = basic(id);
        let core = &encoded[8..encoded.len() - 6];
        assert!(!shown(&encoded).contains(core), "{id}");
    }
}

#[test]
fn a_short_secret_is_removed_with_escapes_in_upper_and_lower_case() {
    // Too short to look like a token.
    let redaction = Redaction::new().secret("a/b c");
    for encoded in ["a%2Fb%20c", "a%2fb%20c", "a%2Fb+c", "a%2fb+c", "a\\/b c"] {
        assert_eq!(redaction.text(encoded), "[redacted]");
    }
}

#[test]
fn a_short_secret_in_base64_is_removed_too() {
    // Too short to look like a token.
    let redaction = Redaction::new().secret("abcdefgh");
    for before in ["", "x", "xy"] {
        let encoded =
            basic_authorization(before, &ClientSecret::new("abcdefgh"), BasicEncoding::Form).split_off(6);
        let clean = redaction.text(&encoded);
        assert!(clean.contains("[redacted]"), "{encoded} {clean}");
    }
}

#[test]
fn the_secrets_of_the_grant_are_known_secrets() {
    for (grant, canaries) in [
        (refresh(), vec!["refresh-canary-1"]),
        (code(), vec!["code-canary-2", "verifier-canary-3"]),
        (device_code(), vec!["device-canary-4"]),
    ] {
        for canary in canaries {
            for response in [
                response(400, format!(r#"{{"error":"{canary}","error_description":"no {canary} here"}}"#)),
                response(400, format!(r#"{{"statusCode":400,"message":["{canary}"]}}"#)),
                response(500, format!(r#"{{"type":"https://x/{canary}","detail":"{canary}"}}"#)),
                response_of_type(502, "text/html", format!("<html>{canary}")),
                response_of_type(400, "text/plain", canary),
                response(400, format!(r#"{{"x":"{canary}"}}"#)),
                response(200, format!(r#"{{"x":"{canary}"}}"#)),
            ] {
                let error = error_of(&grant, &response);
                let shown = format!("{error} {error:?} {:?} {:?}", error.code(), error.snippet());
                assert!(!shown.contains(canary), "{shown}");
            }
        }
    }
}

#[test]
fn a_named_secret_never_reaches_an_error() {
    let format = TokenFormat::new().secret("hunter2");
    let response =
        response(401, r#"{"error":"invalid_client","error_description":"client_secret=hunter2 is wrong"}"#);
    let error = format.read(&AuthorizationGrant::ClientCredentials, &response, NOW).unwrap_err();
    assert_eq!(error.description(), Some("client_secret=[redacted] is wrong"));
    assert!(!format!("{format:?}").contains("hunter2"));
}

#[test]
fn text_like_a_token_is_removed_and_text_like_words_stays() {
    let redaction = Redaction::new();
    for token in [
        "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjEwMDAsImV4cCI6NDYwMH0.c2ln",
        "550e8400-e29b-41d4-a716-446655440000",
        "refresh_4f9a8b7c6d5e",
        "gho_16C7e42F292c6912E7710c838347Ae178B4a",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ",
    ] {
        assert_eq!(redaction.text(&format!("bad token '{token}'")), "bad token '[redacted]'");
    }
    for words in [
        "Certificado ausente no header X-SSL-Client-Cert",
        "temporarily_unavailable",
        "Token não fornecido, 401",
    ] {
        assert_eq!(redaction.text(words), words);
    }
}

#[test]
fn a_malformed_response_with_a_token_shows_none_of_its_values() {
    for body in [
        r#"{"access_token":"canary","token_type":"mac"}"#,
        r#"{"access_token":"canary"#,
        r#"{"access_token":"can\"ary","token_type":"mac","#,
        r#"{"access_token" : "canary" , "token_type":"Bearer"} trailing"#,
        r#"["canary"]"#,
        r#"{"access_token":["canary"],"token_type":"Bearer"}"#,
        r#"{"access_token":1234567890,"token_type":"Bearer"}"#,
        "access_token=canary&token_type=mac",
    ] {
        let error = read(body).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("can") && !shown.contains("ary") && !shown.contains("1234567"), "{shown}");
    }
    let error = read(r#"{"access_token":"canary","token_type":"mac","expires_in":60}"#).unwrap_err();
    assert_eq!(error.snippet(), Some(r#"{"access_token":"..","token_type":"..","expires_in":60}"#));
}

#[test]
fn a_token_in_a_response_of_any_status_is_not_shown() {
    for body in [
        r#"{"access_token":"xoxe-1","refresh_token":"My0xLTQ2"}"#,
        r#"{"accessToken":"xoxe-1","refreshToken":"My0xLTQ2"}"#,
        r#"{"data":{"id_token":"xoxe-1"},"x":["My0xLTQ2"]}"#,
        r#"{"message":"{\"access_token\":\"xoxe-1\"}"}"#,
        r#"{"error":"try_again","error_description":"access_token=xoxe-1&x=1"}"#,
        r#"{"access_token":"xoxe-1","refresh_token":"My0xL"#,
        "access_token=xoxe-1&refresh_token=My0xLTQ2",
    ] {
        for status in [302, 303, 307, 400, 401, 403, 404, 408, 422, 429, 500, 503] {
            for content_type in ["application/json", "text/plain", "text/html"] {
                let error = error_of(&refresh(), &response_of_type(status, content_type, body));
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("xoxe") && !shown.contains("My0xL"), "{status} {shown}");
            }
        }
    }
    let error = error_of(&refresh(), &response(400, r#"{"detail":[{"loc":["grant_type"]}]}"#));
    assert_eq!(error.snippet(), Some(r#"{"detail":[{"loc":["grant_type"]}]}"#));
}

#[test]
fn redacted_text_is_short_and_printable() {
    let redaction = Redaction::new();
    let long = redaction.text(&"é ".repeat(500));
    assert_eq!(long.chars().count(), 200);
    assert!(long.ends_with('…'));
    assert_eq!(redaction.text(&"é ".repeat(100)).chars().count(), 200);
    assert_eq!(redaction.text("a\nb\u{1B}[31mc\u{202E}d\0"), "a b\u{FFFD}[31mc\u{FFFD}d\u{FFFD}");
    assert_eq!(redaction.snippet(b"\xEF\xBB\xBFa\xFFb"), "a\u{FFFD}b");
}

#[test]
fn no_part_of_a_secret_at_the_limit_stays() {
    let secret = "x".repeat(15);
    let redaction = Redaction::new().secret(&secret);
    for before in 180..=200 {
        let text = format!("{}{secret}", "- ".repeat(before / 2));
        assert!(!redaction.text(&text).contains('x'));
    }
}

#[test]
fn a_valid_response_is_never_shown() {
    let granted = read(&token_body(r#""refresh_token":"canary-refresh""#)).unwrap();
    let shown = format!("{granted:?}");
    assert!(!shown.contains("canary") && !shown.contains("mF_9"), "{shown}");
}
