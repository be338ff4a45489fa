//! The redirect target after a sign-in. Only a path of this site is allowed, so that there is no open redirect
//! ([RFC 9700 §4.11](https://www.rfc-editor.org/rfc/rfc9700#section-4.11)).

/// A path of this site, with its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next(String);

const MAX_LENGTH: usize = 1_024;

impl Next {
    /// `None` if it is not such a path. Browsers read a backslash as a slash, drop tabs and line ends, and read two
    /// leading slashes as the start of a host name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let is_local = text.starts_with('/') && !text.starts_with("//");
        (is_plain && is_local && text.len() <= MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_site_is_kept_byte_for_byte() {
        for path in ["/", "/orders?page=2&x=%2F%2Fevil.example", "/a/../b#c", "/@evil.example"] {
            assert_eq!(Next::parse(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn what_a_browser_would_read_as_another_site_is_rejected() {
        for path in [
            "",
            "orders",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "\t//evil.example",
            "/a\r\nSet-Cookie: a=b",
            "/é",
            "javascript:alert(1)",
        ] {
            assert_eq!(Next::parse(path), None, "{path:?}");
        }
        assert_eq!(Next::parse(&format!("/{}", "a".repeat(MAX_LENGTH))), None);
    }
}
