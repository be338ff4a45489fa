//! The `User-Agent` of token requests and calls. Some APIs refuse a request without one.

use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue};
use wellspring_core::TokenError;

/// The value of the header `User-Agent` of every request that has none of its own
/// ([RFC 9110 §10.1.5](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.5)). By default the name and the version of this
/// library.
///
/// ```
/// use http::HeaderMap;
/// use wellspring_transport::UserAgent;
///
/// let mut headers = HeaderMap::new();
/// UserAgent::new("my-shop/2.1")?.complete(&mut headers);
/// assert_eq!(headers["user-agent"], "my-shop/2.1");
///
/// // The request's own value stays.
/// UserAgent::default().complete(&mut headers);
/// assert_eq!(headers["user-agent"], "my-shop/2.1");
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(HeaderValue);

impl UserAgent {
    /// This value.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when the text is empty or holds a character that no header can carry.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let value = HeaderValue::from_str(text).ok().filter(|_| !text.trim().is_empty());
        value.map(Self).ok_or_else(|| {
            TokenError::misconfigured(
                "the user agent is empty or holds a character that no header can carry: write it in visible ASCII, such as \
                 my-program/1.0",
            )
        })
    }

    /// Adds the header, unless the request has its own.
    pub fn complete(&self, headers: &mut HeaderMap) {
        headers.entry(USER_AGENT).or_insert_with(|| self.0.clone());
    }
}

impl AsRef<str> for UserAgent {
    fn as_ref(&self) -> &str {
        // It was made of text.
        self.0.to_str().unwrap_or_default()
    }
}

impl Default for UserAgent {
    fn default() -> Self {
        Self(HeaderValue::from_static(concat!("wellspring/", env!("CARGO_PKG_VERSION"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_header_can_carry_is_refused_with_the_reason() {
        for wrong in ["", "  ", "a\r\nx: y", "a\0b"] {
            let error = UserAgent::new(wrong).unwrap_err();
            assert!(error.to_string().contains("such as my-program/1.0"), "{wrong:?}: {error}");
        }
        assert!(UserAgent::new("linux:my.app:v1 (by /u/someone)").is_ok());
    }
}
