//! What of a server's words may be shown: short, printable, and without secrets.
//!
//! Servers echo what they were sent, in whatever encoding suits them. Known secrets are removed in all the forms
//! they travel in; unknown ones are recognised by their looks.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use wellspring_core::AuthorizationGrant;
use zeroize::Zeroizing;

use crate::form::encode_into;
use crate::json_request::push_escaped;
use crate::percent::percent_encode;

/// The most characters of a server's words that are shown.
const LONGEST: usize = 200;

/// What stands where a secret stood.
const MARK: &str = "[redacted]";

/// The secrets that must not be shown. `Debug` shows how many there are.
#[derive(Clone, Default)]
pub struct Redaction {
    secrets: Vec<Zeroizing<String>>,
}

impl Redaction {
    /// Knows no secret yet; what looks like one is removed all the same.
    #[must_use]
    pub const fn new() -> Self {
        Self { secrets: Vec::new() }
    }

    /// The same redaction, knowing one more secret.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.secrets.push(Zeroizing::new(secret.to_string()));
        }
        self
    }

    /// The same redaction, knowing what this request spent.
    #[must_use]
    pub fn spend(self, spend: &AuthorizationGrant) -> Self {
        match spend {
            AuthorizationGrant::RefreshToken(token) => self.secret(token.expose()),
            AuthorizationGrant::DeviceCode(code) => self.secret(code.expose()),
            AuthorizationGrant::AuthorizationCode { code, verifier, .. } => {
                let this = self.secret(code.expose());
                match verifier {
                    Some(verifier) => this.secret(verifier.expose()),
                    None => this,
                }
            }
            _ => self,
        }
    }

    /// At most 200 characters of this text, printable and without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        cut(&without_runs(&self.without_known(text)))
    }

    fn without_known(&self, text: &str) -> Zeroizing<String> {
        let mut clean = Zeroizing::new(text.to_string());
        for secret in &self.secrets {
            for form in forms(secret) {
                if clean.contains(form.as_str()) {
                    clean = Zeroizing::new(clean.replace(form.as_str(), MARK));
                }
            }
        }
        clean
    }

    /// At most 200 characters of the start of this body, printable and without secrets.
    #[must_use]
    pub fn snippet(&self, body: &[u8]) -> String {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        self.text(&String::from_utf8_lossy(body))
    }

    /// The same of a body that may hold a token: of its values nothing is shown at all.
    #[must_use]
    pub fn outline(&self, body: &[u8]) -> String {
        self.snippet(without_values(&String::from_utf8_lossy(body)).as_bytes())
    }

    /// A provider's own code: a word of at most 64 characters. Anything else is no code.
    #[must_use]
    pub fn code(&self, code: &str) -> Option<String> {
        let word = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if code.is_empty() || code.len() > 64 || !code.bytes().all(word) {
            return None;
        }
        // The types of RFC 9457 are URIs: long, and no secrets but in a query.
        if code.contains("://") {
            return Some(cut(&self.without_known(code.split(['?', '#']).next()?)));
        }
        Some(self.text(code))
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redaction({} secrets)", self.secrets.len())
    }
}

/// The secret as it travels, longest form first, so that no form leaves the rest of a longer one behind.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let mut forms: Vec<Zeroizing<String>> = Vec::new();
    let mut add = |form: String| {
        let place = forms.partition_point(|longer| longer.len() >= form.len());
        forms.insert(place, Zeroizing::new(form));
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
    // In base64 the same bytes look different depending on how many stand before them, as in `id:secret`. A
    // secret of a few bytes leaves too little of itself to be told from other text.
    if secret.len() >= 6 {
        for before in 0..3 {
            let bytes = Zeroizing::new([&[0; 3][..before], secret.as_bytes()].concat());
            for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let encoded = Zeroizing::new(engine.encode(&*bytes));
                // The first and last characters share bits with the neighbours.
                let start = (before * 8).div_ceil(6);
                add(encoded[start..bytes.len() * 8 / 6].to_string());
            }
        }
    }
    forms
}

/// `%2F` as `%2f`.
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

/// The text without what a name introduces: texts and long numbers of JSON, and what follows an equals sign.
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
            // A name stands before a colon; a text that is cut off is no name.
            '"' if !after.trim_ascii_start().starts_with(':') => "\"..\"",
            '=' => "=..",
            '0'..='9' if word.len() > 5 => "..",
            _ => word,
        });
        rest = after;
    }
    out
}

/// Where the JSON string ends with which this text begins.
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

/// Long runs of the characters that tokens are made of, unless they look like words.
fn without_runs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    let belongs = |c: char| c.is_ascii_alphanumeric() || "-._~+/=%".contains(c);
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        if belongs(c) {
            continue;
        }
        let word = &text[run..at];
        out.push_str(if is_token_like(word) { MARK } else { word });
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

/// Printable, on one line, and no longer than allowed.
fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST).map(printable).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

fn printable(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        // Marks that turn the direction of writing make a terminal show something else than what is there.
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        _ if c.is_control() => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}
