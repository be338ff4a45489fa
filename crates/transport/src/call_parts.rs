//! What each call of an API carries, ready for the wire: the token's header, fixed headers and parameters.

use core::fmt::Write as _;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use wellspring_core::{CallFormat, TokenError};
use zeroize::Zeroizing;

/// The parts of a [`CallFormat`].
pub struct CallParts {
    header: HeaderName,
    headers: HeaderMap,
    /// Names and encoded pairs.
    query: Vec<(String, Zeroizing<String>)>,
}

impl CallParts {
    /// Checks the names and values.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when HTTP forbids one of them.
    pub fn of(format: &CallFormat) -> Result<Self, TokenError> {
        let mut headers = HeaderMap::new();
        for header in format.headers() {
            let name = name_of(header.name())?;
            let mut value = HeaderValue::from_str(header.expose()).map_err(|_| {
                let name = name.as_str();
                TokenError::misconfigured(format!(
                    "the fixed header {name} of calls holds a character that HTTP forbids; correct its value"
                ))
            })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let header = name_of(format.header_name())?;
        if headers.contains_key(&header) {
            return Err(TokenError::misconfigured(format!(
                "the header {header} of calls is set twice: it carries the token"
            )));
        }
        let query = format.query_parameters().iter();
        let query =
            query.map(|(name, value)| (encoded(name).to_string(), pair(name, value.expose()))).collect();
        Ok(Self { header, headers, query })
    }

    /// Puts the token and the fixed headers on a call. A header of the caller stays, but for the token's.
    pub fn insert(&self, headers: &mut HeaderMap, token: HeaderValue) {
        for (name, value) in &self.headers {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        headers.insert(&self.header, token);
    }

    /// The URL with the fixed parameters; `None` if it stays as it is. A parameter of the caller stays.
    #[must_use]
    pub fn url(&self, url: &str) -> Option<Zeroizing<String>> {
        let (base, fragment) = url.find('#').map_or((url, ""), |at| url.split_at(at));
        let given = base.split_once('?').map_or("", |(_, query)| query);
        let has = |name: &str| given.split('&').any(|pair| pair.split('=').next() == Some(name));
        let added: Vec<_> =
            self.query.iter().filter(|(name, _)| !has(name)).map(|(_, pair)| pair.as_str()).collect();
        if added.is_empty() {
            return None;
        }
        let start = match base.find('?') {
            None => "?",
            Some(_) if base.ends_with(['?', '&']) => "",
            Some(_) => "&",
        };
        let added = Zeroizing::new(added.join("&"));
        Some(Zeroizing::new([base, start, &added, fragment].concat()))
    }
}

crate::debug_fields!([] CallParts, |parts| header: parts.header, headers: parts.headers);

/// The bytes before a token in its header.
pub(crate) fn prefix_of(format: &CallFormat) -> Box<[u8]> {
    match format.scheme() {
        "" => Box::default(),
        scheme => [scheme.as_bytes(), b" "].concat().into(),
    }
}

fn name_of(name: &str) -> Result<HeaderName, TokenError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        let name = name.escape_default();
        TokenError::misconfigured(format!(
            "`{name}` is not the name of a header; correct the headers of calls"
        ))
    })
}

fn pair(name: &str, value: &str) -> Zeroizing<String> {
    Zeroizing::new([encoded(name).as_str(), "=", encoded(value).as_str()].concat())
}

/// Percent-encodes all but the characters that no query needs encoded
/// ([RFC 3986 §2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
fn encoded(text: &str) -> Zeroizing<String> {
    // Enough for the worst case: a buffer that grows leaves copies of secrets in memory.
    let mut out = Zeroizing::new(String::with_capacity(3 * text.len()));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(*out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_parameters_come_after_those_of_the_caller_and_never_twice() {
        let parts = CallParts::of(&CallFormat::new().query("app key", "a&b é").query("v", "2")).unwrap();
        for (url, expected) in [
            ("https://h/p", Some("https://h/p?app%20key=a%26b%20%C3%A9&v=2")),
            ("https://h/p?x=1#f", Some("https://h/p?x=1&app%20key=a%26b%20%C3%A9&v=2#f")),
            ("https://h/p?v=1", Some("https://h/p?v=1&app%20key=a%26b%20%C3%A9")),
            ("https://h/p?v=1&app%20key", None),
        ] {
            assert_eq!(parts.url(url).as_deref().map(String::as_str), expected, "{url}");
        }
        assert!(CallParts::of(&CallFormat::new()).unwrap().url("https://h/p").is_none());
    }

    #[test]
    fn a_header_of_the_caller_stays_and_the_token_goes_into_its_own() {
        let format =
            CallFormat::new().token_header("X-Token").header("User-Agent", "mine").header("X-Key", "k");
        let parts = CallParts::of(&format).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("user-agent", HeaderValue::from_static("the caller's"));
        headers.insert("x-token", HeaderValue::from_static("old"));
        parts.insert(&mut headers, HeaderValue::from_static("token"));
        let value = |name| headers.get(name).map(HeaderValue::as_bytes);
        assert_eq!(value("user-agent"), Some(&b"the caller's"[..]));
        assert_eq!((value("x-key"), value("x-token")), (Some(&b"k"[..]), Some(&b"token"[..])));
        assert!(headers["x-key"].is_sensitive());
    }

    #[test]
    fn what_http_forbids_is_refused_without_its_value() {
        let canary = CallFormat::new().header("X-Key", "canary\r\nx: y");
        for format in
            [canary, CallFormat::new().token_header("a b"), CallFormat::new().header("authorization", "x")]
        {
            let error = CallParts::of(&format).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("canary"));
        }
        assert_eq!(&*prefix_of(&CallFormat::new().token_scheme("Zoho-oauthtoken")), b"Zoho-oauthtoken ");
        assert_eq!(&*prefix_of(&CallFormat::new().token_scheme("")), b"");
    }
}
