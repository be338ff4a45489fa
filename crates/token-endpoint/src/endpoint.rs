//! A token endpoint without a client: its URL and its token request.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;

use wellspring_core::{Origin, TokenError};
use wellspring_wire::TokenFormat;

use crate::spec::TokenRequestSpec;

/// A token endpoint without a client. [`credentials`](Self::credentials) turns it into a [`TokenClient`](crate::TokenClient).
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    pub(crate) provider: Cow<'static, str>,
    pub(crate) url: String,
    pub(crate) spec: TokenRequestSpec,
}

impl TokenEndpoint {
    /// The endpoint at the spec's path under this base URL. With an empty path the base URL is the endpoint's own.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback, or carries a query, and if the spec contradicts itself:
    /// it puts a secret in the query, has a header that cannot be sent, or sets a header or parameter twice.
    pub fn new(base_url: impl fmt::Display, spec: TokenRequestSpec) -> Result<Self, TokenError> {
        let base = checked_base_url(base_url)?;
        spec.check()?;
        let slash = if spec.path.starts_with('/') || spec.path.is_empty() { "" } else { "/" };
        let url = format!("{base}{slash}{}", spec.path);
        let same_origin = Origin::of(&base).is_ok_and(|origin| origin.covers(&url));
        if !same_origin || url.contains('?') {
            return Err(TokenError::misconfigured(
                "the path of the token request must be a plain path; set its query with `query`",
            ));
        }
        Ok(Self { provider: "token-endpoint".into(), url, spec })
    }

    /// The provider's name, for logs and for the tokens' key. Default: `token-endpoint`.
    #[must_use]
    pub fn provider_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.provider = name.into();
        self
    }

    /// The lifetime of a token whose answer names none.
    #[must_use]
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.spec.default_lifetime = Some(lifetime);
        self
    }

    /// How to read token answers where RFC 6749 leaves room: see [`TokenRequestSpec::token_format`].
    #[must_use]
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.spec.format = format;
        self
    }

    /// The URL of the endpoint.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A base URL without its trailing slashes.
///
/// # Errors
///
/// Fails if the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
pub fn checked_base_url(url: impl fmt::Display) -> Result<String, TokenError> {
    let url = url.to_string();
    Origin::of(&url)
        .map_err(|error| TokenError::misconfigured(format!("the base URL is invalid: {error}")))?;
    if url.contains('?') {
        return Err(TokenError::misconfigured("the base URL must not carry a query"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}
