//! Searches texts for secrets in every encoding.

use core::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wellspring_simulator::Request;

/// Shorter secrets would match by chance.
const SHORTEST: usize = 12;

/// Finds a secret in a text; returns its encoding there.
pub(crate) fn found(text: &str, secret: &str) -> Option<&'static str> {
    encodings(secret).into_iter().find(|(_, encoded)| text.contains(encoded)).map(|(name, _)| name)
}

fn encodings(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let each = |separator: &str, write: fn(u8) -> String| {
        bytes.iter().map(|byte| write(*byte)).collect::<Vec<_>>().join(separator)
    };
    let percent = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let mut all = vec![
        ("in plain text", secret.to_owned()),
        ("reversed", secret.chars().rev().collect()),
        ("percent-encoded", each("", percent)),
        ("in hexadecimal", each("", |byte| format!("{byte:02x}"))),
        ("in HEXADECIMAL", each("", |byte| format!("{byte:02X}"))),
        ("in a hex dump", each(" ", |byte| format!("{byte:02x}"))),
        ("as a list of bytes", each(", ", |byte| byte.to_string())),
    ];
    // For each alignment within base64: the characters that only the secret determines.
    for before in 0..3 {
        let padded = [&b"..."[..before], bytes].concat();
        let encoded = STANDARD.encode(&padded[..padded.len() / 3 * 3]);
        let own = encoded[if before == 0 { 0 } else { 4 }..].to_owned();
        all.push(("in base64", own.clone()));
        all.push(("in URL base64", own.replace('+', "-").replace('/', "_")));
    }
    all
}

/// The secrets in a request.
pub(crate) fn of(request: &Request) -> Vec<String> {
    let mut secrets = Vec::new();
    if let Some((_, credentials)) = request.header("authorization").and_then(|value| value.split_once(' ')) {
        secrets.push(credentials.to_owned());
    }
    let named = ["client_secret", "refresh_token", "code", "code_verifier", "device_code", "token"];
    let form = request.form().into_iter().filter(|(name, _)| named.contains(&name.as_str()));
    secrets.extend(form.map(|(_, value)| value));
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(&request.body) {
        let members = ["clientSecret", "secretKey"].into_iter().filter_map(|name| object.get(name)?.as_str());
        secrets.extend(members.map(str::to_owned));
    }
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets
}

/// An error and its causes in every format.
pub(crate) fn every_way(error: &(dyn core::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        write!(text, "{error}\n{error:#}\n{error:?}\n{error:#?}\n").unwrap();
        next = error.source();
    }
    text
}

#[test]
fn a_secret_is_found_in_every_encoding() {
    let secret = "canary/secret+0123456789?";
    for (text, encoding) in [
        (format!("<{secret}>"), "in plain text"),
        ("x=canary%2Fsecret%2B0123456789%3F&".into(), "percent-encoded"),
        (format!("Basic {}", STANDARD.encode(format!("id:{secret}"))), "in base64"),
        (format!("Basic {}", STANDARD.encode(format!("an id:{secret}"))), "in base64"),
        (format!("Basic {}", STANDARD.encode(format!("some id:{secret}!"))), "in base64"),
        (format!("{:?}", secret.as_bytes()), "as a list of bytes"),
        ("63616e6172792f7365637265742b303132333435363738393f".into(), "in hexadecimal"),
        (
            "63 61 6e 61 72 79 2f 73 65 63 72 65 74 2b 30 31 32 33 34 35 36 37 38 39 3f 0a".into(),
            "in a hex dump",
        ),
    ] {
        assert_eq!(found(&text, secret), Some(encoding), "{text}");
    }
    assert_eq!(found("canary/secret", secret), None);
}
