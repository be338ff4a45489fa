//! `WWW-Authenticate`: the authentication that a server requires
//! ([RFC 9110 §11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)).
//!
//! Commas separate challenges, and also the parameters of one challenge. A name before `=` is a parameter. A name before a
//! space, a comma or the end starts a challenge. The reader skips other text up to the next comma.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use wellspring_core::ResponseHead;

/// One challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The scheme as the server sent it. Schemes are case-insensitive.
    pub scheme: String,
    /// The token68 value that some schemes use instead of parameters.
    pub token68: Option<String>,
    /// The parameters: names in lower case, and values without quotes.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Whether the challenge has this scheme.
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The first parameter of this name. `name` must be in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `error` of a bearer challenge ([RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.parameter("error")
    }

    /// `scope` of a bearer challenge.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.parameter("scope")
    }

    /// `realm`, of any challenge.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.parameter("realm")
    }
}

/// All challenges of a response, in the order of its `WWW-Authenticate` fields.
#[must_use]
pub fn challenges(head: &ResponseHead) -> Vec<Challenge> {
    let mut all = Vec::new();
    for field in head.all("www-authenticate") {
        read_field(field, &mut all);
    }
    all
}

fn read_field(field: &str, all: &mut Vec<Challenge>) {
    let first = all.len();
    let mut rest = field;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return;
        }
        let (name, tail) = take(rest, is_token);
        if name.is_empty() {
            rest = skip_to_comma(rest);
            continue;
        }
        if let Some((value, tail)) = parameter_value(tail) {
            // A parameter before the first scheme of the field belongs to no challenge.
            if let Some(challenge) = all.get_mut(first..).and_then(<[_]>::last_mut) {
                challenge.parameters.push((name.to_ascii_lowercase(), value));
            }
            rest = skip_to_comma(tail);
            continue;
        }
        let mut challenge = Challenge { scheme: name.to_string(), ..Challenge::default() };
        rest = match tail.bytes().next() {
            Some(b' ' | b'\t') => after_scheme(tail, &mut challenge),
            _ => skip_to_comma(tail),
        };
        all.push(challenge);
    }
}

/// Reads a token68 value after a scheme and a space. The caller reads what is left, such as the first parameter.
fn after_scheme<'a>(tail: &'a str, challenge: &mut Challenge) -> &'a str {
    let start = tail.trim_start_matches([' ', '\t']);
    let (value, after) = take(start, is_token68);
    let padding = after.len() - after.trim_start_matches('=').len();
    let (end, next) = (value.len() + padding, after[padding..].trim_start_matches([' ', '\t']));
    if !value.is_empty() && (next.is_empty() || next.starts_with(',')) {
        challenge.token68 = Some(start[..end].to_string());
        return next;
    }
    start
}

/// Reads `= value`. Some servers put white space around the equals sign.
fn parameter_value(tail: &str) -> Option<(String, &str)> {
    let tail = tail.trim_start_matches([' ', '\t']).strip_prefix('=')?.trim_start_matches([' ', '\t']);
    match tail.strip_prefix('"') {
        Some(quoted) => Some(quoted_value(quoted)),
        None => {
            let (value, rest) = take(tail, |byte| !matches!(byte, b',' | b' ' | b'\t' | b'='));
            (!value.is_empty()).then(|| (value.to_string(), rest))
        }
    }
}

/// Reads a quoted string after its opening quote. Without a closing quote, the string extends to the end of the field.
fn quoted_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    (value, "")
}

/// The text from the next comma outside quotes.
fn skip_to_comma(text: &str) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find([',', '"']) {
        if rest[at..].starts_with(',') {
            return &rest[at..];
        }
        rest = quoted_value(&rest[at + 1..]).1;
    }
    ""
}

fn take(text: &str, accepts: fn(u8) -> bool) -> (&str, &str) {
    // A non-ASCII byte ends the run, so the text is split between characters.
    let end = text.bytes().position(|byte| !byte.is_ascii() || !accepts(byte)).unwrap_or(text.len());
    text.split_at(end)
}

/// Whether the byte may occur in a token ([RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether the byte may occur in a token68 before its padding
/// ([RFC 9110 §11.2](https://www.rfc-editor.org/rfc/rfc9110#section-11.2)).
pub(crate) fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, vec};

    fn read(field: &str) -> Vec<Challenge> {
        challenges(&ResponseHead::new(401).header("WWW-Authenticate", field))
    }

    fn challenge(scheme: &str, parameters: &[(&str, &str)]) -> Challenge {
        let parameters = parameters.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        Challenge { scheme: scheme.into(), token68: None, parameters }
    }

    #[test]
    fn r08_a_bearer_challenge_gives_realm_scope_and_error() {
        let found = read(r#"Bearer realm="example", error="invalid_token", scope="pix:read  pix:write""#);
        assert_eq!(found.len(), 1);
        assert!(found[0].is("bearer"));
        assert_eq!(found[0].realm(), Some("example"));
        assert_eq!(found[0].error(), Some("invalid_token"));
        assert_eq!(found[0].scope(), Some("pix:read  pix:write"));
        assert_eq!(found[0].parameter("nonce"), None);
    }

    #[test]
    fn r09_several_challenges_in_one_or_several_fields_are_separated() {
        // The example of RFC 9110 §11.6.1, and one more field.
        let head = ResponseHead::new(401)
            .header(
                "www-authenticate",
                r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#,
            )
            .header("WWW-Authenticate", "Negotiate YWJj==, Bearer");
        assert_eq!(
            challenges(&head),
            vec![
                challenge("Basic", &[("realm", "simple")]),
                challenge("Newauth", &[("realm", "apps"), ("type", "1"), ("title", "Login to \"apps\"")]),
                Challenge { token68: Some("YWJj==".into()), ..challenge("Negotiate", &[]) },
                challenge("Bearer", &[]),
            ]
        );
    }

    #[test]
    fn r10_unusual_but_readable_challenges_are_read() {
        assert_eq!(read("Bearer error=invalid_token"), [challenge("Bearer", &[("error", "invalid_token")])]);
        assert_eq!(
            read("BEARER ERROR = \"x\" , , realm=y"),
            [challenge("BEARER", &[("error", "x"), ("realm", "y")])]
        );
        assert_eq!(
            read("Basic, Bearer realm=\"a,b\""),
            [challenge("Basic", &[]), challenge("Bearer", &[("realm", "a,b")])]
        );
        assert_eq!(
            read("Bearer realm=\"never ends, error=x"),
            [challenge("Bearer", &[("realm", "never ends, error=x")])]
        );
        assert_eq!(
            read("Bearer realm=\"\", error=\"é\""),
            [challenge("Bearer", &[("realm", ""), ("error", "é")])]
        );
    }

    #[test]
    fn r11_text_that_is_not_a_challenge_is_skipped() {
        for field in ["", ",,,", "=", "\"", "\"a, b\"", "realm=x", "é", "\\"] {
            assert_eq!(read(field), [], "{field}");
        }
        assert_eq!(read("; ???, Bearer error=x"), [challenge("Bearer", &[("error", "x")])]);
        // A parameter never joins the challenge of another field.
        let head =
            ResponseHead::new(401).header("www-authenticate", "Basic").header("www-authenticate", "error=x");
        assert_eq!(challenges(&head), [challenge("Basic", &[])]);
    }

    #[test]
    fn no_malformed_field_makes_the_reader_panic_or_hang() {
        let whole = r#"Basic realm="é\"x", Bearer error="invalid_token", scope="a b", Negotiate YWJj=="#;
        for at in (0..=whole.len()).filter(|at| whole.is_char_boundary(*at)) {
            let _ = read(&whole[..at]);
            for inserted in ["\"", ",", "=", "\\", "é", " ", "\u{0}"] {
                let _ = read(&format!("{}{inserted}{}", &whole[..at], &whole[at..]));
            }
        }
    }
}
