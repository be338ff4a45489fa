//! The cookies of the sign-in: how they are read, set and expired. Other cookies are neither read nor changed.

use core::fmt::Write as _;
use core::time::Duration;

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// The name, the value and the attributes of a cookie that a response sets.
pub(crate) struct SetCookie<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    /// Zero expires the cookie.
    pub(crate) max_age: Duration,
    /// Only over HTTPS.
    pub(crate) secure: bool,
    /// Other sites' forms send the cookie too. Needs `secure`.
    pub(crate) cross_site: bool,
}

impl SetCookie<'_> {
    /// Adds the cookie to a response. `Lax`, because the authorization server sends the browser back from another site
    /// ([RFC 6265bis §5.6.7](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis)).
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        let same_site = if self.cross_site { "None" } else { "Lax" };
        let mut text = format!(
            "{}={}; HttpOnly; SameSite={same_site}; Path=/; Max-Age={}",
            self.name,
            self.value,
            self.max_age.as_secs()
        );
        if self.secure {
            let _ = write!(text, "; Secure");
        }
        if let Ok(mut value) = HeaderValue::try_from(text) {
            value.set_sensitive(true);
            headers.append(SET_COOKIE, value);
        }
    }
}

/// All cookies of a request, in order.
pub(crate) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// The value of the first cookie of this name.
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers).find(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value)
}

/// Whether a cookie can have this name ([RFC 6265 §4.1.1](https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)).
pub(crate) fn is_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.len() <= 64 && name.bytes().all(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cookie_of_a_name_is_read_from_any_line() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; b=2;c=3"));
        headers.append(COOKIE, HeaderValue::from_static("b=4; d==5; e; f="));
        assert_eq!(value(&headers, "b"), Some("2"));
        assert_eq!(value(&headers, "c"), Some("3"));
        assert_eq!(value(&headers, "d"), Some("=5"));
        for missing in ["e", "f", "g", ""] {
            assert_eq!(value(&headers, missing), None, "{missing}");
        }
    }

    #[test]
    fn a_cookie_is_http_only_and_for_this_site_unless_it_must_cross_sites() {
        let mut headers = HeaderMap::new();
        let lax = SetCookie {
            name: "a",
            value: "1",
            max_age: Duration::from_secs(9),
            secure: false,
            cross_site: false,
        };
        lax.add_to(&mut headers);
        SetCookie { name: "b", secure: true, cross_site: true, ..lax }.add_to(&mut headers);
        let set: Vec<_> = headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(
            set,
            [
                "a=1; HttpOnly; SameSite=Lax; Path=/; Max-Age=9",
                "b=1; HttpOnly; SameSite=None; Path=/; Max-Age=9; Secure"
            ]
        );
        assert!(headers.values().all(HeaderValue::is_sensitive));
    }

    #[test]
    fn a_name_that_would_break_the_header_is_no_name() {
        assert!(is_name("signed-in-1a2b3c4d") && is_name("__Host-x"));
        for name in ["", "a b", "a;b", "a=b", "a\r\nb", "é", &"a".repeat(65)] {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
