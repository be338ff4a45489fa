//! The auth service without credentials: its base URL.

use wellspring_core::{Origin, TokenError};

/// The auth service without credentials. [`HiveAuth::live`](crate::HiveAuth::live),
/// [`sandbox`](crate::HiveAuth::sandbox) and [`base_url`](crate::HiveAuth::base_url) create it, and
/// [`credentials`](Self::credentials) turns it into a provider.
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: String,
}

impl Endpoint {
    /// A host that the published page names.
    pub(crate) fn published(base: &str) -> Self {
        Self { base: base.to_owned() }
    }

    pub(crate) fn new(url: &str) -> Result<Self, TokenError> {
        Origin::of(url)
            .map_err(|error| TokenError::misconfigured(format!("the base URL is invalid: {error}")))?;
        if url.contains('?') {
            return Err(TokenError::misconfigured("the base URL must not carry a query"));
        }
        Ok(Self { base: url.trim_end_matches('/').to_owned() })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        [&self.base, path].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wellspring_core::ErrorKind;

    #[test]
    fn a_base_url_is_https_or_loopback_and_has_no_query() {
        for good in ["https://auth.example", "https://auth.example/hive/", "http://127.0.0.1:9001"] {
            assert!(Endpoint::new(good).is_ok(), "{good}");
        }
        for bad in ["http://auth.example", "auth.example", "https://auth.example/?x=y", "https://a@b/", ""] {
            assert_eq!(Endpoint::new(bad).unwrap_err().kind(), ErrorKind::Misconfigured, "{bad}");
        }
    }
}
