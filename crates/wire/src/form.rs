//! Form bodies and query strings: names and values in `application/x-www-form-urlencoded`.
//!
//! Encoding and decoding follow the [WHATWG rules](https://url.spec.whatwg.org/#application/x-www-form-urlencoded). They
//! are the current definition of the format that
//! [RFC 6749 appendix B](https://www.rfc-editor.org/rfc/rfc6749#appendix-B) requires.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::percent::{decode_escape, push_encoded};

/// Pairs of names and values, in order. Values may be secrets, so `Debug` shows only the names.
#[derive(Clone, Default)]
pub struct Form(Vec<(Cow<'static, str>, Zeroizing<String>)>);

impl Form {
    /// The content type of a form body.
    pub const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    /// A form without pairs.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The same form with one more pair, also if the value is empty.
    #[must_use]
    pub fn pair(mut self, name: impl Into<Cow<'static, str>>, value: &str) -> Self {
        self.0.push((name.into(), Zeroizing::new(value.to_string())));
        self
    }

    /// The same form with one more pair if the value is present and not empty. An empty parameter counts as omitted
    /// ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
    #[must_use]
    pub fn pair_if(self, name: impl Into<Cow<'static, str>>, value: Option<&str>) -> Self {
        match value {
            Some(value) if !value.is_empty() => self.pair(name, value),
            _ => self,
        }
    }

    /// The names and the values, in order. The values may be secrets.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_str()))
    }

    /// Whether the form has no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a pair has this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The encoded form. It contains the secrets of the pairs.
    #[must_use]
    pub fn encode(&self) -> String {
        // Enough for the worst case: a buffer that grows leaves copies of secrets in memory.
        let capacity = self.0.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
        let mut out = String::with_capacity(capacity);
        for (n, (name, value)) in self.0.iter().enumerate() {
            if n > 0 {
                out.push('&');
            }
            encode_into(&mut out, name);
            out.push('=');
            encode_into(&mut out, value);
        }
        out
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Encodes a name or a value: a space becomes `+`, and other characters than ASCII letters, digits and `*-._` are
/// percent-encoded.
pub(crate) fn encode_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(byte)),
            _ => push_encoded(out, byte),
        }
    }
}

/// The pairs of a form body or of a query string without its `?`, in order, repetitions included.
///
/// `+` and `%20` both mean a space. Decoding never fails: a `%` that starts no escape stays, and bytes that are not UTF-8
/// become replacement characters.
#[must_use]
pub fn form_decode(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match decode_escape(tail) {
                Some(decoded) => {
                    bytes.push(decoded);
                    rest = &tail[2..];
                }
                None => bytes.push(b'%'),
            },
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, vec};

    #[test]
    fn a_space_becomes_a_plus_and_a_plus_an_escape() {
        let form = Form::new().pair("scope", "profile balance").pair("code", "a+b/c=ü~");
        assert_eq!(form.encode(), "scope=profile+balance&code=a%2Bb%2Fc%3D%C3%BC%7E");
    }

    #[test]
    fn an_empty_optional_parameter_is_left_out() {
        let form = Form::new().pair_if("a", None).pair_if("b", Some("")).pair_if("c", Some("x"));
        assert_eq!(form.encode(), "c=x");
        assert!(Form::new().is_empty());
    }

    #[test]
    fn every_character_round_trips() {
        for c in (0..0x300).filter_map(char::from_u32).chain(['€', '\u{1F600}']) {
            let text = format!("x{c}y");
            assert_eq!(form_decode(&Form::new().pair("n", &text).encode()), vec![("n".into(), text)]);
        }
    }

    #[test]
    fn decoding_accepts_both_encodings_of_a_space_and_keeps_invalid_escapes() {
        let pairs = form_decode("a=1+2&a=1%202&&b&c=%zz%4&d=%ff&e=x=y");
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(
            pairs,
            [("a", "1 2"), ("a", "1 2"), ("b", ""), ("c", "%zz%4"), ("d", "\u{FFFD}"), ("e", "x=y")]
        );
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let shown = format!("{:?}", Form::new().pair("client_secret", "canary"));
        assert!(shown.contains("client_secret") && !shown.contains("canary"));
    }
}
