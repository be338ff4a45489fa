//! What each call of an API carries beside its own headers: the token, and what the vendor demands on every call.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::extension_grant::GrantParameters;
use crate::http::Header;
use crate::secret::ParameterValue;

/// Where calls carry the token, and which fixed headers and parameters they have. Data of a provider.
///
/// ```
/// use wellspring_core::CallFormat;
///
/// let format = CallFormat::new()
///     .token_header("X-Shopify-Access-Token")
///     .header("X-Application-Key", "canary")
///     .query("gw-dev-app-key", "canary");
/// assert_eq!((format.header_name(), format.scheme()), ("X-Shopify-Access-Token", ""));
/// assert!(!format!("{format:?}").contains("canary"));
/// assert_eq!((CallFormat::new().header_name(), CallFormat::new().scheme()), ("Authorization", "Bearer"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallFormat {
    header: Option<Cow<'static, str>>,
    scheme: Option<Cow<'static, str>>,
    headers: Vec<Header>,
    query: GrantParameters,
}

impl CallFormat {
    /// The token in `Authorization: Bearer ..` ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)), and
    /// nothing else.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The header that carries the token instead of `Authorization`. Without a [`token_scheme`](Self::token_scheme) it holds
    /// only the token.
    #[must_use]
    pub fn token_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.header = Some(name.into());
        self
    }

    /// The word before the token, such as `Zoho-oauthtoken`; empty for none.
    #[must_use]
    pub fn token_scheme(mut self, scheme: impl Into<Cow<'static, str>>) -> Self {
        self.scheme = Some(scheme.into());
        self
    }

    /// Adds a header to every call that does not set it itself. Its value may be a secret.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// Adds a parameter to the query of every call that does not set it itself. Its value may be a secret, and servers log it:
    /// only for vendors that demand it.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<ParameterValue>) -> Self {
        self.query = self.query.with(name, value);
        self
    }

    /// The header that carries the token.
    #[must_use]
    pub fn header_name(&self) -> &str {
        self.header.as_deref().unwrap_or(AUTHORIZATION)
    }

    /// The word before the token; empty for none.
    #[must_use]
    pub fn scheme(&self) -> &str {
        let bearer = if self.header_name().eq_ignore_ascii_case(AUTHORIZATION) { "Bearer" } else { "" };
        self.scheme.as_deref().unwrap_or(bearer)
    }

    /// The fixed headers.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The fixed parameters of the query.
    #[must_use]
    pub const fn query_parameters(&self) -> &GrantParameters {
        &self.query
    }
}

const AUTHORIZATION: &str = "Authorization";
