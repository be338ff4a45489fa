//! Where the browser goes after the sign-in: a path of this site and nothing else, so that no link to this site leads
//! away from it ([RFC 9700 §4.11](https://www.rfc-editor.org/rfc/rfc9700#section-4.11)).

/// A path of this site, with its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next(String);

const LONGEST: usize = 1_024;

impl Next {
    /// `None` where it is not such a path. Browsers read a backslash as a slash, drop tabs and line ends, and take
    /// what starts with two slashes for another host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let here = text.starts_with('/') && !text.starts_with("//");
        // Back to the start would go round in circles.
        let again = text.starts_with("/auth/oauth/");
        (plain && here && !again && text.len() <= LONGEST).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_site_is_kept_to_the_byte() {
        for path in ["/", "/orders?page=2&x=%2F%2Fevil.example", "/a/../b#c", "/@evil.example"] {
            assert_eq!(Next::parse(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn whatever_a_browser_takes_for_another_place_is_turned_away() {
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
            "/auth/oauth/start",
        ] {
            assert_eq!(Next::parse(path), None, "{path:?}");
        }
        assert_eq!(Next::parse(&format!("/{}", "a".repeat(LONGEST))), None);
    }
}
