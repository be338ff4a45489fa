//! A gateway without client credentials: its base URLs and its token request.

use core::fmt;
use core::time::Duration;

use wellspring_core::{ClientSecret, TokenError};
use wellspring_token_endpoint::{TokenEndpoint, TokenFormat, TokenRequestSpec, checked_base_url};

use crate::environment::from_environment;
use crate::gateway::Gateway;
use crate::specs::standard;

/// The provider's name, in logs and in the tokens' key.
const PROVIDER: &str = "pix-bacen";

/// A gateway without client credentials. The presets of [`Gateway`] create it, and [`credentials`](Self::credentials) turns
/// it into a `Gateway`.
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: String,
    api_base: String,
    token: TokenEndpoint,
}

impl Endpoint {
    pub(crate) fn new(base_url: impl fmt::Display, spec: TokenRequestSpec) -> Result<Self, TokenError> {
        let base = checked_base_url(base_url)?;
        let token = TokenEndpoint::new(&base, spec)?.provider_name(PROVIDER);
        Ok(Self { api_base: base.clone(), base, token })
    }

    /// The same gateway with the vendor's "standard" API: `POST /api/auth/token` with the client certificate in the
    /// header `X-SSL-Client-Cert`. The server answers with 201 and a token that lives half an hour.
    ///
    /// The published page calls its own authentication identical to this one. It is not.
    #[must_use]
    pub fn standard(self) -> Self {
        let token = TokenEndpoint::new(&self.base, standard());
        let token = token.expect("the base URL is checked, and the spec is valid, as a test shows");
        Self { token: token.provider_name(PROVIDER), ..self }
    }

    /// The base URL of the API, where it differs from the base URL of the token endpoint.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn api_base_url(mut self, url: impl fmt::Display) -> Result<Self, TokenError> {
        self.api_base = checked_base_url(url)?;
        Ok(self)
    }

    /// The lifetime of a token whose answer names none.
    #[must_use]
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.token = self.token.default_lifetime(lifetime);
        self
    }

    /// How to read token answers where RFC 6749 leaves room: see [`TokenRequestSpec::token_format`].
    #[must_use]
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.token = self.token.token_format(format);
        self
    }

    /// The gateway for the client with this id and secret. Neither is trimmed: see [`Gateway::warnings`].
    ///
    /// # Errors
    ///
    /// Fails if the id is empty, the gateway does not allow a secret of this length (the published page allows 8 to 64
    /// characters), or this endpoint takes no secret.
    pub fn credentials(
        self,
        client_id: impl Into<String>,
        client_secret: impl Into<ClientSecret>,
    ) -> Result<Gateway, TokenError> {
        Gateway::new(self.token.credentials(client_id, client_secret)?, self.api_base)
    }

    /// The gateway for the client with this id, which authenticates by its certificate and has no secret.
    ///
    /// # Errors
    ///
    /// Fails if the id is empty, or this endpoint requires a secret.
    pub fn client_id(self, client_id: impl Into<String>) -> Result<Gateway, TokenError> {
        Gateway::new(self.token.client_id(client_id)?, self.api_base)
    }

    /// Like [`credentials`](Self::credentials), with id and secret from the environment variables `CLIENT_ID` and
    /// `CLIENT_SECRET`, which the published page names.
    ///
    /// # Errors
    ///
    /// Fails if a variable is not set or is not UTF-8, and for the reasons of [`credentials`](Self::credentials). The
    /// error names the variable.
    #[expect(clippy::disallowed_methods, reason = "configuration is made here, with the page's own names")]
    pub fn credentials_from_env(self) -> Result<Gateway, TokenError> {
        let (id, secret) = from_environment(|name| std::env::var_os(name))?;
        self.credentials(id, secret)
    }
}
