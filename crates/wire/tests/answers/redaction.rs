//! What of a server's words is shown: row E23, and invariant by invariant.

use wellspring_core::{AuthorizationGrant, ClientSecret};
use wellspring_wire::{
    BasicEncoding, Form, Redaction, TokenFormat, basic_authorization, json_body, percent_encode,
};

use crate::{NOW, answer, code, device_code, labelled, read, refresh, refused, token_body};

/// Every character that some encoding changes.
const SECRET: &str = "s3cr3t/+ \"\\%é\n&=";

fn shown(text: &str) -> String {
    Redaction::new().secret(SECRET).text(text)
}

#[test]
fn e23_a_known_secret_is_removed_in_every_form_it_travels_in() {
    let basic =
        |id: &str| basic_authorization(id, &ClientSecret::new(SECRET), BasicEncoding::Verbatim).split_off(6);
    let json = json_body(&[("k", SECRET)]);
    let percent = percent_encode(SECRET);
    for form in [
        SECRET.to_string(),
        percent.clone(),
        percent.to_lowercase(),
        Form::new().pair("k", SECRET).encode().split_off(2),
        json[6..json.len() - 2].to_string(),
        json[6..json.len() - 2].replace('/', "\\/"),
        SECRET.replace('&', "&amp;").replace('"', "&quot;"),
    ] {
        assert_eq!(shown(&format!("got {form}!")), "got [redacted]!", "{form}");
    }
    // Wherever the secret stands in what is base64-encoded, its core is gone.
    for id in ["a", "ab", "abc", "abcd"] {
        let encoded = basic(id);
        let core = &encoded[8..encoded.len() - 6];
        assert!(!shown(&encoded).contains(core), "{id}");
    }
}

#[test]
fn a_short_secret_is_removed_in_both_spellings_of_its_escapes() {
    // Below the length at which a run of characters looks like a token by itself.
    let redaction = Redaction::new().secret("a/b c");
    for form in ["a%2Fb%20c", "a%2fb%20c", "a%2Fb+c", "a%2fb+c", "a\\/b c"] {
        assert_eq!(redaction.text(form), "[redacted]");
    }
}

#[test]
fn a_short_secret_in_base64_is_removed_too() {
    // Below the length at which a run of characters looks like a token by itself.
    let redaction = Redaction::new().secret("abcdefgh");
    for before in ["", "x", "xy"] {
        let encoded =
            basic_authorization(before, &ClientSecret::new("abcdefgh"), BasicEncoding::Form).split_off(6);
        let clean = redaction.text(&encoded);
        assert!(clean.contains("[redacted]"), "{encoded} {clean}");
    }
}

#[test]
fn what_a_request_spends_is_a_known_secret() {
    for (spend, canaries) in [
        (refresh(), vec!["refresh-canary-1"]),
        (code(), vec!["code-canary-2", "verifier-canary-3"]),
        (device_code(), vec!["device-canary-4"]),
    ] {
        for canary in canaries {
            for response in [
                answer(400, format!(r#"{{"error":"{canary}","error_description":"no {canary} here"}}"#)),
                answer(400, format!(r#"{{"statusCode":400,"message":["{canary}"]}}"#)),
                answer(500, format!(r#"{{"type":"https://x/{canary}","detail":"{canary}"}}"#)),
                labelled(502, "text/html", format!("<html>{canary}")),
                labelled(400, "text/plain", canary),
                answer(400, format!(r#"{{"x":"{canary}"}}"#)),
                answer(200, format!(r#"{{"x":"{canary}"}}"#)),
            ] {
                let error = refused(&spend, &response);
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
        answer(401, r#"{"error":"invalid_client","error_description":"client_secret=hunter2 is wrong"}"#);
    let error = format.read(&AuthorizationGrant::ClientCredentials, &response, NOW).unwrap_err();
    assert_eq!(error.description(), Some("client_secret=[redacted] is wrong"));
    assert!(!format!("{format:?}").contains("hunter2"));
}

#[test]
fn what_looks_like_a_token_is_removed_and_what_looks_like_words_is_not() {
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
fn a_broken_answer_that_holds_a_token_shows_none_of_its_values() {
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
fn what_is_shown_is_short_and_printable() {
    let redaction = Redaction::new();
    let long = redaction.text(&"é ".repeat(500));
    assert_eq!(long.chars().count(), 200);
    assert!(long.ends_with('…'));
    assert_eq!(redaction.text(&"é ".repeat(100)).chars().count(), 200);
    assert_eq!(redaction.text("a\nb\u{1B}[31mc\u{202E}d\0"), "a b\u{FFFD}[31mc\u{FFFD}d\u{FFFD}");
    assert_eq!(redaction.snippet(b"\xEF\xBB\xBFa\xFFb"), "a\u{FFFD}b");
}

#[test]
fn a_secret_at_the_cut_leaves_no_piece_behind() {
    let secret = "x".repeat(15);
    let redaction = Redaction::new().secret(&secret);
    for before in 180..=200 {
        let text = format!("{}{secret}", "- ".repeat(before / 2));
        assert!(!redaction.text(&text).contains('x'));
    }
}

#[test]
fn a_good_answer_is_never_shown() {
    let granted = read(&token_body(r#""refresh_token":"canary-refresh""#)).unwrap();
    let shown = format!("{granted:?}");
    assert!(!shown.contains("canary") && !shown.contains("mF_9"), "{shown}");
}
