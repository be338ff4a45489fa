//! Redacts the text of a server before an error shows it: short, printable and without secrets.
//!
//! A server may echo the request in any encoding. The redaction removes known secrets in every encoding that requests and
//! error bodies use. It recognises unknown secrets by their length and characters.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use wellspring_core::{AuthorizationGrant, GrantParameters};
use zeroize::Zeroizing;

use crate::form::encode_into;
use crate::json::BYTE_ORDER_MARK;
use crate::json_string::push_escaped;
use crate::percent::percent_encode;

/// The most characters of a server's text that an error shows.
const MAX_CHARACTERS: usize = 200;

/// A parameter with a shorter value is not redacted.
const SHORTEST_PARAMETER: usize = 8;

/// Replaces a secret.
const PLACEHOLDER: &str = "[redacted]";

/// Removes secrets from texts. `Debug` shows only the number of known secrets.
#[derive(Clone, Default)]
pub struct Redaction {
    secrets: Vec<Zeroizing<String>>,
}

impl Redaction {
    /// A redaction without known secrets. It removes only text that looks like a token.
    #[must_use]
    pub const fn new() -> Self {
        Self { secrets: Vec::new() }
    }

    /// The same redaction with one more known secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.secrets.push(Zeroizing::new(secret.to_string()));
        }
        self
    }

    /// The same redaction with the secrets of this grant.
    #[must_use]
    pub fn grant(self, grant: &AuthorizationGrant) -> Self {
        match grant {
            AuthorizationGrant::RefreshToken(token) => self.secret(token.expose()),
            AuthorizationGrant::DeviceCode(code) => self.secret(code.expose()),
            AuthorizationGrant::AuthorizationCode { code, verifier, .. } => {
                let this = self.secret(code.expose());
                match verifier {
                    Some(verifier) => this.secret(verifier.expose()),
                    None => this,
                }
            }
            AuthorizationGrant::Extension(grant) => self.parameters(grant.parameters()),
            _ => self,
        }
    }

    /// The same redaction with the values of these parameters. A short value is not a secret, and redacting it would cut
    /// other words of a message.
    #[must_use]
    pub fn parameters(self, parameters: &GrantParameters) -> Self {
        let values = parameters.iter().map(|(_, value)| value.expose());
        values.filter(|value| value.len() >= SHORTEST_PARAMETER).fold(self, Self::secret)
    }

    /// The first 200 characters of this text, printable and without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        truncate(&without_token_like(&self.without_known(text)))
    }

    fn without_known(&self, text: &str) -> Zeroizing<String> {
        let mut clean = Zeroizing::new(text.to_string());
        for secret in &self.secrets {
            for encoded in encodings(secret) {
                if clean.contains(encoded.as_str()) {
                    clean = Zeroizing::new(clean.replace(encoded.as_str(), PLACEHOLDER));
                }
            }
        }
        clean
    }

    /// The first 200 characters of this body, printable and without secrets.
    #[must_use]
    pub fn snippet(&self, body: &[u8]) -> String {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        self.text(&String::from_utf8_lossy(body))
    }

    /// Like [`snippet`](Self::snippet), for a body that may contain a token: shows none of its values.
    #[must_use]
    pub fn outline(&self, body: &[u8]) -> String {
        self.snippet(without_values(&String::from_utf8_lossy(body)).as_bytes())
    }

    /// An error code of the server, if it is a word of at most 64 characters.
    #[must_use]
    pub fn code(&self, code: &str) -> Option<String> {
        let is_allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if code.is_empty() || code.len() > 64 || !code.bytes().all(is_allowed) {
            return None;
        }
        // The types of RFC 9457 are URIs. They are long, and only their query may contain a secret.
        if code.contains("://") {
            return Some(truncate(&self.without_known(code.split(['?', '#']).next()?)));
        }
        Some(self.text(code))
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redaction({} secrets)", self.secrets.len())
    }
}

/// The secret in all encodings, the longest first: replacing a shorter one first could leave part of a longer one.
fn encodings(secret: &str) -> Vec<Zeroizing<String>> {
    let mut encodings: Vec<Zeroizing<String>> = Vec::new();
    let mut add = |encoded: String| {
        let place = encodings.partition_point(|longer| longer.len() >= encoded.len());
        encodings.insert(place, Zeroizing::new(encoded));
    };
    add(secret.to_string());
    let mut form_encoded = String::new();
    encode_into(&mut form_encoded, secret);
    for encoded in [percent_encode(secret), form_encoded] {
        add(lower_escapes(&encoded));
        add(encoded);
    }
    let mut escaped = String::new();
    push_escaped(&mut escaped, secret);
    add(escaped.replace('/', "\\/"));
    add(escaped);
    add(secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"));
    // The base64 of the secret depends on the number of bytes before it, as in `id:secret`. The base64 of a short secret
    // could match other text.
    if secret.len() >= 6 {
        for before in 0..3 {
            let bytes = Zeroizing::new([&[0; 3][..before], secret.as_bytes()].concat());
            for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let encoded = Zeroizing::new(engine.encode(&*bytes));
                // The first and the last characters share bits with the neighbouring bytes.
                let start = (before * 8).div_ceil(6);
                add(encoded[start..bytes.len() * 8 / 6].to_string());
            }
        }
    }
    encodings
}

/// Percent escapes in lower case: `%2F` becomes `%2f`.
fn lower_escapes(text: &str) -> String {
    let mut digits = 0;
    text.chars()
        .map(|c| match c {
            '%' => {
                digits = 2;
                c
            }
            _ if digits > 0 => {
                digits -= 1;
                c.to_ascii_lowercase()
            }
            _ => c,
        })
        .collect()
}

/// The text without values: without JSON strings and long numbers, and without the text after an equals sign.
fn without_values(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '"' => quoted_end(rest),
            '=' => rest.find(['&', ' ', '\n', '\r', '>']).unwrap_or(rest.len()),
            '0'..='9' => rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()),
            _ => c.len_utf8(),
        };
        let (word, after) = rest.split_at(end);
        out.push_str(match c {
            // A string before a colon is a name. A truncated string is treated as a value.
            '"' if !after.trim_ascii_start().starts_with(':') => "\"..\"",
            '=' => "=..",
            '0'..='9' if word.len() > 5 => "..",
            _ => word,
        });
        rest = after;
    }
    out
}

/// The end of the JSON string at the start of the text.
fn quoted_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The text without long runs of token characters, unless they look like words.
fn without_token_like(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    let is_token_character = |c: char| c.is_ascii_alphanumeric() || "-._~+/=%".contains(c);
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        if is_token_character(c) {
            continue;
        }
        let word = &text[run..at];
        out.push_str(if is_token_like(word) { PLACEHOLDER } else { word });
        if at < text.len() {
            out.push(c);
        }
        run = at + c.len_utf8();
    }
    out
}

fn is_token_like(word: &str) -> bool {
    word.len() >= 32 || word.len() >= 16 && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Makes the text printable, puts it on one line and truncates it.
fn truncate(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_CHARACTERS).map(printable).collect();
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

fn printable(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        // Bidirectional control characters make a terminal show the text in another order.
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ if c.is_control() => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}
