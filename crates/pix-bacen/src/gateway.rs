//! The provider: the token request of one client, the token answers, and the API calls.
//!
//! The token request is a client credentials grant in all but name. A renewal sends it again, because there is no
//! refresh token. If an endpoint sends a refresh token, the gateway ignores it
//! ([RFC 6749 §4.4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3)).

use core::hash::Hasher;

use wellspring_core::{
    AuthorizationGrant, Credential, HttpRequest, HttpResponse, Method, Origin, Provider, ProviderSpec,
    Reading, ResponseHead, Scope, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring_wire::{
    BasicEncoding, ClientCertificate, Form, TokenFormat, append_query, basic_authorization, json_body,
    judge_bearer,
};

use crate::call::Call;
use crate::credentials::{Credentials, Warning};
use crate::endpoint::Endpoint;
use crate::spec::{ClientAuthentication, Encoding};
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
    endpoint: Endpoint,
    credentials: Credentials,
    certificate: Option<ClientCertificate>,
    scope: Option<Scope>,
    spec: ProviderSpec,
}

impl Gateway {
    pub(crate) fn new(endpoint: Endpoint, credentials: Credentials) -> Self {
        let mut spec = ProviderSpec::new("pix-bacen", TokenKey::new("pix-bacen", &endpoint.token_url));
        spec.credentials = true;
        spec.origins = Origin::of(&endpoint.api_base).into_iter().collect();
        Self { endpoint, credentials, certificate: None, scope: None, spec }.with_key()
    }

    /// The gateway for tokens bound to this client certificate
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

    /// The gateway for tokens of this scope: words separated by spaces.
    ///
    /// # Errors
    ///
    /// Fails if the endpoint takes no scope. The endpoints of the published page take none: they grant the scope of the
    /// account, and the token answer names it.
    pub fn scope(mut self, scope: &str) -> Result<Self, TokenError> {
        if self.endpoint.spec.scope_name.is_none() {
            return Err(TokenError::misconfigured(
                "this gateway takes no scope: it grants the scope of the account",
            ));
        }
        self.scope = Some(Scope::parse(scope)).filter(|scope| !scope.is_empty());
        Ok(self.with_key())
    }

    /// Properties of these credentials that are allowed and usually a mistake.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.credentials.warnings().collect()
    }

    /// The token endpoint.
    #[must_use]
    pub fn token_url(&self) -> &str {
        &self.endpoint.token_url
    }

    /// The URL of an API path such as `/cob/7978c0c97ea847e78e8849634473c1f1`.
    #[must_use]
    pub fn api_url(&self, path: &str) -> String {
        let slash = if path.starts_with('/') { "" } else { "/" };
        [&self.endpoint.api_base, slash, path].concat()
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

    fn with_key(mut self) -> Self {
        let spec = &self.endpoint.spec;
        let mut key = TokenKey::new("pix-bacen", &self.endpoint.token_url)
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

    fn token_request(&self) -> Result<HttpRequest, TokenError> {
        let spec = &self.endpoint.spec;
        let secret = self.credentials.secret.as_ref();
        let scope = self.scope.as_ref().map(ToString::to_string);
        let mut members: Vec<(&str, &str)> =
            spec.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut authorization = None;
        match (spec.authentication, secret) {
            (ClientAuthentication::Body, Some(secret)) => members
                .extend([(&*spec.id_name, &*self.credentials.id), (&*spec.secret_name, secret.expose())]),
            (ClientAuthentication::Basic, Some(secret)) => {
                authorization = Some(basic_authorization(&self.credentials.id, secret, BasicEncoding::Form));
            }
            (ClientAuthentication::BasicUnencoded, Some(secret)) => {
                authorization =
                    Some(basic_authorization(&self.credentials.id, secret, BasicEncoding::Verbatim));
            }
            (_, _) => members.push((&spec.id_name, &self.credentials.id)),
        }
        members.extend(spec.scope_name.as_deref().zip(scope.as_deref()));

        let query = spec.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request =
            |query: Form| HttpRequest::new(Method::Post, append_query(&self.endpoint.token_url, &query));
        let mut request = match spec.encoding {
            Encoding::Json => {
                request(form(query)).header("Content-Type", "application/json").body(json_body(&members))
            }
            Encoding::Form => {
                request(form(query)).header("Content-Type", Form::CONTENT_TYPE).body(form(members).encode())
            }
            Encoding::Query => request(form(query.chain(members))),
        };
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        if let Some(name) = &spec.certificate_header {
            let certificate = self.certificate.as_ref().ok_or_else(|| {
                TokenError::misconfigured(format!(
                    "this token endpoint requires the client certificate in the header {name}, and no certificate is set"
                ))
            })?;
            request = request.header(&**name, certificate.header_value());
        }
        Ok(spec
            .headers
            .iter()
            .fold(request, |request, header| request.header(header.name(), header.expose())))
    }

    fn format(&self) -> TokenFormat {
        let mut format = self.endpoint.spec.format.clone().without_refresh_token();
        if let Some(lifetime) = self.endpoint.spec.default_lifetime {
            format = format.default_lifetime(lifetime);
        }
        if let Some(scope) = &self.scope {
            format = format.requested_scope(scope.clone());
        }
        if let Some(secret) = &self.credentials.secret {
            format = format.secret(secret.expose());
        }
        // A short value is not a secret, and redacting it would cut other words of a message.
        let secrets = self.endpoint.spec.headers.iter().map(|header| header.expose());
        secrets.filter(|secret| secret.len() >= 8).fold(format, TokenFormat::secret)
    }
}

fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Form {
    pairs.into_iter().fold(Form::new(), |form, (name, value)| form.pair(name.to_owned(), value))
}

impl Provider for Gateway {
    fn request(&self, grant: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        match grant {
            AuthorizationGrant::ClientCredentials => self.token_request(),
            _ => Err(TokenError::misconfigured("a PIX gateway takes only client credentials")),
        }
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.format().reading(grant, response, now)
    }

    /// A 401 means that the token is missing, wrong or expired, and the status does not tell which. A new token helps
    /// against a wrong or expired one. A 403 means a missing permission, which no new token changes; the gateways of the
    /// published page send no challenge with it. If a 403 has a challenge that calls the token invalid, the token is
    /// refused.
    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        match judge_bearer(head) {
            Verdict::Accepted if head.status() == 403 => Verdict::ScopeMissing(None),
            verdict => verdict,
        }
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        let spec = &self.endpoint.spec;
        let mut credential = Credential::new(hasher);
        credential.client(&self.credentials.id).method(&spec.authentication_words());
        if let Some(secret) = &self.credentials.secret {
            credential.secret(secret.expose());
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
