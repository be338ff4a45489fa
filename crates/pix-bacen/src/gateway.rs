//! The provider: a client of a gateway, and the API calls.

use core::hash::Hasher;

use wellspring_core::{
    AuthorizationGrant, CallFormat, HttpRequest, HttpResponse, Provider, ProviderSpec, Reading, ResponseHead,
    TokenError, UnixTime, Verdict,
};
use wellspring_token_endpoint::{TokenClient, Warning};

use crate::call::Call;
use crate::txid::Txid;

/// A PIX gateway and one of its clients. Pass it to the builder of a token source.
///
/// ```
/// use pix_bacen::Gateway;
///
/// let gateway = Gateway::goforge().credentials("your-client-id", "your-client-secret")?;
/// assert_eq!(gateway.token_url(), "https://api.gateway.goforge.com.br/oauth/token");
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gateway {
    client: TokenClient,
    api_base: String,
}

impl Gateway {
    pub(crate) fn new(client: TokenClient, api_base: String) -> Result<Self, TokenError> {
        Ok(Self { client: client.api_url(&api_base)?, api_base })
    }

    /// The gateway for tokens bound to this client certificate: see [`TokenClient::client_certificate`].
    ///
    /// # Errors
    ///
    /// Fails if the PEM holds no certificate, or holds a private key.
    pub fn client_certificate(self, pem: &str) -> Result<Self, TokenError> {
        Ok(Self { client: self.client.client_certificate(pem)?, ..self })
    }

    /// The gateway for tokens of this scope: words separated by spaces.
    ///
    /// # Errors
    ///
    /// Fails if the endpoint takes no scope. The endpoints of the published page take none: they grant the scope of the
    /// account, and the token answer names it.
    pub fn scope(self, scope: &str) -> Result<Self, TokenError> {
        Ok(Self { client: self.client.scope(scope)?, ..self })
    }

    /// The gateway whose calls carry more than the token: see [`TokenClient::calls`].
    #[must_use]
    pub fn calls(self, format: CallFormat) -> Self {
        Self { client: self.client.calls(format), ..self }
    }

    /// Properties of these credentials that are allowed and usually a mistake.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.client.warnings()
    }

    /// The token endpoint.
    #[must_use]
    pub fn token_url(&self) -> &str {
        self.client.token_url()
    }

    /// The URL of an API path such as `/cob/7978c0c97ea847e78e8849634473c1f1`.
    #[must_use]
    pub fn api_url(&self, path: &str) -> String {
        let slash = if path.starts_with('/') { "" } else { "/" };
        [&self.api_base, slash, path].concat()
    }

    /// `PUT /cob/{txid}`: creates an immediate charge from this JSON. [`Charge::read`](crate::Charge::read) reads the
    /// answer.
    #[must_use]
    pub fn put_cob(&self, txid: &Txid, json: impl Into<String>) -> Call {
        Call::new("PUT", self.api_url(&format!("/cob/{txid}")), Some(json.into()))
    }

    /// `GET /accounts/balances`. [`Balance::read`](crate::Balance::read) reads the answer.
    #[must_use]
    pub fn balances(&self) -> Call {
        Call::new("GET", self.api_url("/accounts/balances"), None)
    }
}

impl Provider for Gateway {
    fn request(&self, grant: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        self.client.request(grant, now)
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.client.read(grant, response, now)
    }

    /// A 401 means that the token is missing, wrong or expired, and the status does not tell which. A new token helps
    /// against a wrong or expired one. A 403 means a missing permission, which no new token changes; the gateways of the
    /// published page send no challenge with it. If a 403 has a challenge that calls the token invalid, the token is
    /// refused.
    fn judge(&self, head: &ResponseHead, body_start: &[u8]) -> Verdict {
        match self.client.judge(head, body_start) {
            Verdict::Accepted if head.status() == 403 => Verdict::ScopeMissing(None),
            verdict => verdict,
        }
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        self.client.credential(hasher);
    }

    fn spec(&self) -> &ProviderSpec {
        self.client.spec()
    }
}
