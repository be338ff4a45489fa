//! The query of a URL, read and written.

use axum::extract::Query;
use http::Uri;

/// The parameters of a query or a form; none if it cannot be read.
pub(crate) fn parameters(query: &str) -> Vec<(String, String)> {
    let uri = Uri::try_from(format!("/?{query}"));
    uri.ok().and_then(|uri| Query::try_from_uri(&uri).ok()).map(|Query(pairs)| pairs).unwrap_or_default()
}

/// The value of a parameter that occurs exactly once.
pub(crate) fn only<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = parameters.iter().filter(|(known, value)| known == name && !value.is_empty());
    values.next().filter(|_| values.next().is_none()).map(|(_, value)| value.as_str())
}

/// A path with these pairs as its query, which are encoded already.
pub(crate) fn with_query(path: &str, pairs: &[String]) -> String {
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// Percent-encodes all but the unreserved characters
/// ([RFC 3986 §2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
pub(crate) fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
        out
    })
}
