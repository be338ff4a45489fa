//! The provider: the token requests of one client, and the answers.
//!
//! The token request is a client credentials grant in all but name. A renewal sends it again. If an endpoint sends a refresh
//! token, the client ignores it ([RFC 6749 §4.4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3)), unless the spec
//! says that it renews with it.

use core::fmt;
use core::hash::Hasher;

use wellspring_core::{
    AuthorizationGrant, CallFormat, ClientSecret, Credential, ErrorKind, HttpRequest, HttpResponse, Origin,
    Provider, ProviderSpec, Reading, ResponseHead, Scope, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring_wire::{ClientCertificate, TokenFormat, judge_bearer};

use crate::credentials::{Credentials, Warning};
use crate::endpoint::TokenEndpoint;
use crate::request::{ClientIdentity, GRANT_TYPE};
use crate::spec::ClientAuthentication;

/// A client of a token endpoint. Pass it to the builder of a token source.
#[derive(Clone, Debug)]
pub struct TokenClient {
    endpoint: TokenEndpoint,
    credentials: Credentials,
    certificate: Option<ClientCertificate>,
    scope: Option<Scope>,
    spec: ProviderSpec,
}

impl TokenEndpoint {
    /// The client with this id and secret. Neither is trimmed: see [`TokenClient::warnings`].
    ///
    /// # Errors
    ///
    /// Fails if the id is empty, the endpoint does not allow a secret of this length, or it takes no secret.
    pub fn credentials(
        self,
        client_id: impl Into<String>,
        client_secret: impl Into<ClientSecret>,
    ) -> Result<TokenClient, TokenError> {
        self.client(client_id.into(), Some(client_secret.into()))
    }

    /// The client with this id, which authenticates by its certificate and has no secret.
    ///
    /// # Errors
    ///
    /// Fails if the id is empty, or this endpoint requires a secret.
    pub fn client_id(self, client_id: impl Into<String>) -> Result<TokenClient, TokenError> {
        self.client(client_id.into(), None)
    }

    /// The client without an id, for an endpoint that knows its users by other parameters.
    ///
    /// # Errors
    ///
    /// Fails if this endpoint requires a secret.
    pub fn without_client(self) -> Result<TokenClient, TokenError> {
        if self.spec.authenticates() != ClientAuthentication::None {
            return Err(TokenError::misconfigured("this endpoint requires a client secret"));
        }
        Ok(TokenClient::new(self, Credentials { id: String::new(), secret: None }))
    }

    fn client(self, id: String, secret: Option<ClientSecret>) -> Result<TokenClient, TokenError> {
        let takes_secret = self.spec.authenticates() != ClientAuthentication::None;
        if secret.is_some() && !takes_secret {
            return Err(TokenError::misconfigured(
                "this endpoint takes no client secret: the client authenticates by its certificate",
            ));
        }
        if secret.is_none() && takes_secret {
            return Err(TokenError::misconfigured("this endpoint requires a client secret"));
        }
        let credentials = Credentials::new(id, secret, self.spec.secret_length.as_ref())?;
        Ok(TokenClient::new(self, credentials))
    }
}

impl TokenClient {
    fn new(endpoint: TokenEndpoint, credentials: Credentials) -> Self {
        let key = TokenKey::new(&endpoint.provider, &endpoint.url);
        let mut spec = ProviderSpec::new(endpoint.provider.clone(), key);
        spec.credentials = true;
        Self { endpoint, credentials, certificate: None, scope: None, spec }.with_key()
    }

    /// The client for tokens bound to this client certificate
    /// ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)), a PEM without the private key.
    ///
    /// The certificate becomes part of the tokens' key. Where the endpoint requires it, the token request carries it in
    /// a header. The certificate and key of the TLS connection belong in the transport's TLS settings, the same for
    /// token requests and API calls.
    ///
    /// # Errors
    ///
    /// Fails if the PEM holds no certificate, or holds a private key.
    pub fn client_certificate(mut self, pem: &str) -> Result<Self, TokenError> {
        self.certificate = Some(ClientCertificate::of_pem(pem)?);
        Ok(self.with_key())
    }

    /// The client for tokens of this scope: words separated by spaces.
    ///
    /// # Errors
    ///
    /// Fails if the endpoint takes no scope: the spec has no [`scope_name`](crate::TokenRequestSpec::scope_name).
    pub fn scope(mut self, scope: &str) -> Result<Self, TokenError> {
        if self.endpoint.spec.scope_name.is_none() {
            return Err(TokenError::misconfigured(
                "this endpoint takes no scope: it grants the scope of the account",
            ));
        }
        self.scope = Some(Scope::parse(scope)).filter(|scope| !scope.is_empty());
        Ok(self.with_key())
    }

    /// Allows calls to the origin of this API to carry the token. Default: no origin.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback.
    pub fn api_url(mut self, url: impl fmt::Display) -> Result<Self, TokenError> {
        let origin = Origin::of(&url.to_string())
            .map_err(|error| TokenError::misconfigured(format!("the API's URL is invalid: {error}")))?;
        if !self.spec.origins.contains(&origin) {
            self.spec.origins.push(origin);
        }
        Ok(self)
    }

    /// What each call of the API carries: where the token goes, and fixed headers and parameters. Default: the token in
    /// `Authorization: Bearer ..`.
    #[must_use]
    pub fn calls(mut self, format: CallFormat) -> Self {
        self.spec.calls = format;
        self
    }

    /// Properties of these credentials that are allowed and usually a mistake.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.credentials.warnings().collect()
    }

    /// The token endpoint.
    #[must_use]
    pub fn token_url(&self) -> &str {
        &self.endpoint.url
    }

    fn with_key(mut self) -> Self {
        let spec = &self.endpoint.spec;
        let mut key = TokenKey::new(&self.endpoint.provider, &self.endpoint.url)
            .client(&self.credentials.id)
            .grant("client_credentials");
        // A parameter identifies the token wherever in the request it is sent.
        for (name, value) in spec.parameters.iter().chain(&spec.query) {
            key = key.resource(name).resource(value);
        }
        if let Some(scope) = &self.scope {
            key = key.scope(scope);
        }
        if let Some(certificate) = &self.certificate {
            key = key.certificate(certificate.as_bytes());
        }
        self.spec.key = key;
        self
    }

    fn format(&self) -> TokenFormat {
        let mut format = self.endpoint.spec.format.clone();
        if !self.endpoint.spec.refreshes {
            format = format.without_refresh_token();
        }
        if let Some(lifetime) = self.endpoint.spec.default_lifetime {
            format = format.default_lifetime(lifetime);
        }
        if let Some(scope) = &self.scope {
            format = format.requested_scope(scope.clone());
        }
        if let Some(secret) = &self.credentials.secret {
            format = format.secret(secret.expose());
        }
        format = format.parameters(&self.endpoint.spec.secret_parameters);
        // A short value is not a secret, and redacting it would cut other words of a message.
        let secrets = self.endpoint.spec.headers.iter().map(|header| header.expose());
        secrets.filter(|secret| secret.len() >= 8).fold(format, TokenFormat::secret)
    }
}

impl Provider for TokenClient {
    fn request(&self, grant: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        let client = ClientIdentity {
            id: &self.credentials.id,
            secret: self.credentials.secret.as_ref(),
            certificate: self.certificate.as_ref(),
        };
        let (spec, url) = (&self.endpoint.spec, &self.endpoint.url);
        match grant {
            AuthorizationGrant::ClientCredentials => {
                let scope =
                    self.scope.as_ref().map(|scope| scope.to_string().replace(' ', &spec.scope_separator));
                spec.request(url, client, spec.scope_name.as_deref().zip(scope.as_deref()).as_slice())
            }
            AuthorizationGrant::RefreshToken(token) if spec.refreshes => {
                let grant = [(GRANT_TYPE, "refresh_token"), ("refresh_token", token.expose())];
                spec.refresh_request(url, client, &grant)
            }
            _ => Err(TokenError::misconfigured("this endpoint takes only client credentials")),
        }
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        match self.format().reading(grant, response, now) {
            // The client has credentials, so no user needs to sign in.
            Reading::Refused(error) if matches!(error.kind(), ErrorKind::LoginRequired { .. }) => {
                Reading::Next(AuthorizationGrant::ClientCredentials)
            }
            reading => reading,
        }
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        judge_bearer(head)
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        let spec = &self.endpoint.spec;
        let mut credential = Credential::new(hasher);
        credential.client(&self.credentials.id).method(&spec.authentication_words());
        if let Some(secret) = &self.credentials.secret {
            credential.secret(secret.expose());
        }
        for (_, value) in spec.secret_parameters.iter() {
            credential.secret(value.expose());
        }
        for header in &spec.headers {
            credential.header(header.name(), header.expose());
        }
        if let Some(certificate) = &self.certificate {
            credential.certificate(certificate.as_bytes());
        }
    }

    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }
}
