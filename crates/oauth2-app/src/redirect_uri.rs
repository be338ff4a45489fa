//! The redirect URI.

use core::fmt;

use wellspring_core::{Origin, TokenError};

/// A redirect URI: checked, and kept byte for byte.
///
/// Authorization servers compare redirect URIs as text
/// ([RFC 9700 §2.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1)). The URI is therefore never normalised: no slash
/// is added, no port is dropped, and the case of the host stays.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// A checked redirect URI.
    ///
    /// # Errors
    ///
    /// Fails if the URI is not absolute, has a fragment, or is neither HTTPS nor plain HTTP to loopback (127.0.0.0/8,
    /// `[::1]`, `localhost`).
    pub fn new(uri: impl fmt::Display) -> Result<Self, TokenError> {
        let uri = uri.to_string();
        match Origin::of(&uri) {
            Ok(_) => Ok(Self(uri)),
            Err(error) => Err(TokenError::misconfigured(format!("the redirect URI is invalid: {error}"))),
        }
    }

    /// The URI, unchanged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::str::FromStr for RedirectUri {
    type Err = TokenError;

    fn from_str(uri: &str) -> Result<Self, TokenError> {
        Self::new(uri)
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = TokenError;

    fn try_from(uri: String) -> Result<Self, TokenError> {
        Self::new(uri)
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: W6
    #[test]
    fn every_byte_of_a_redirect_uri_is_kept() {
        for uri in [
            "https://yourapp.com/oauth/callback",
            "https://a.com",
            "https://A.com:443/",
            "https://a.com/x/../y?z=%7e&q",
            "http://127.0.0.1:8765/oauth/callback",
            "http://[::1]/",
            "http://localhost:3000/cb",
        ] {
            assert_eq!(RedirectUri::new(uri).unwrap().as_str(), uri);
        }
    }

    #[test]
    fn a_fragment_plain_http_and_other_schemes_are_rejected() {
        for uri in [
            "https://yourapp.com/cb#done",
            "http://yourapp.com/cb",
            "http://localhost.evil.com/cb",
            "http://127.0.0.1.evil.com/cb",
            "javascript:alert(1)",
            "/oauth/callback",
            "https://user@yourapp.com/cb",
            "https://yourapp.com/a b",
            "",
        ] {
            assert!(RedirectUri::new(uri).is_err(), "{uri}");
        }
    }
}
