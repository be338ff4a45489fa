//! `application/x-www-form-urlencoded` and percent-encoding, read and written.

/// The pairs of a form or a query, in their order; `+` and `%20` are both a space.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        })
        .collect()
}

/// Percent-decoded. The caller says whether `+` is a space. An invalid escape stays unchanged.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).and_then(|hex| {
            let hex =
                core::str::from_utf8(hex).ok().filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
            u8::from_str_radix(hex, 16).ok()
        });
        match (bytes[at], escaped) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) if plus_is_space => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Percent-encoded but for the unreserved characters of
/// [RFC 3986 §2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3).
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A URL with one more query parameter.
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{}={}", encode(name), encode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_and_percent_twenty_are_both_a_space_in_a_form_and_only_one_in_a_header() {
        assert_eq!(
            pairs("scope=profile+balance&a=x%20y&b&&c=%zz%4"),
            [
                ("scope".into(), "profile balance".into()),
                ("a".into(), "x y".into()),
                ("b".into(), String::new()),
                ("c".into(), "%zz%4".to_owned()),
            ]
        );
        assert_eq!(decode("BEGIN+CERTIFICATE%0A%20", false), "BEGIN+CERTIFICATE\n ");
        assert_eq!(decode(&encode("a b&c=d/é~"), true), "a b&c=d/é~");
        assert_eq!(with_parameter("https://a/b?c=d", "e f", "g"), "https://a/b?c=d&e%20f=g");
    }
}
