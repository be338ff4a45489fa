//! The gateway as one client knows it: its token request, its answers, its verdicts.
//!
//! Client credentials in all but name: nothing here is refreshed, a new token is asked for. A refresh token that
//! an endpoint sends all the same is ignored
//! ([RFC 6749 §4.4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3)).

use core::hash::Hasher;

use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Method, Origin, Provider, ProviderSpec, Reading,
    ResponseHead, Scope, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring_wire::{
    BasicEncoding, Form, TokenFormat, append_query, basic_authorization, json_body, judge_bearer,
};

use crate::certificate::Certificate;
use crate::credentials::Credentials;
use crate::{Call, ClientAuthentication, Encoding, Endpoint, Txid, Warning};

/// A PIX gateway and the client that is known to it. This is what a token source is made from.
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
    certificate: Option<Certificate>,
    scope: Option<Scope>,
    profile: ProviderSpec,
}

impl Gateway {
    pub(crate) fn new(endpoint: Endpoint, credentials: Credentials) -> Self {
        let profile = ProviderSpec::new("pix-bacen", TokenKey::new("pix-bacen", &endpoint.token_url));
        Self { endpoint, credentials, certificate: None, scope: None, profile }.with_profile()
    }

    /// The gateway for tokens bound to this client certificate
    /// ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)), given as PEM without its key.
    ///
    /// The certificate tells these tokens from others' and, where the endpoint wants it there, goes into a header
    /// of the token request. The connection's own certificate and key belong to the transport's TLS settings,
    /// the same for token and API calls.
    ///
    /// # Errors
    ///
    /// When there is no certificate in the PEM, or a private key.
    pub fn client_certificate(mut self, pem: &str) -> Result<Self, TokenError> {
        self.certificate = Some(Certificate::of_pem(pem)?);
        Ok(self.with_profile())
    }

    /// The gateway for tokens of this scope, words separated by spaces.
    ///
    /// # Errors
    ///
    /// When the endpoint cannot be asked for a scope, as those of the published page cannot: they grant what the
    /// account has, and the token says which scope that is.
    pub fn scope(mut self, scope: &str) -> Result<Self, TokenError> {
        if self.endpoint.spec.scope_name.is_none() {
            return Err(TokenError::misconfigured(
                "this gateway cannot be asked for a scope: it grants the account's",
            ));
        }
        self.scope = Some(Scope::parse(scope)).filter(|scope| !scope.is_empty());
        Ok(self.with_profile())
    }

    /// What is allowed in these credentials and rarely meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.credentials.warnings().collect()
    }

    /// Where tokens come from.
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

    /// `PUT /cob/{txid}`: makes an immediate charge out of this JSON; the answer is for [`Charge::read`](crate::Charge::read).
    #[must_use]
    pub fn put_cob(&self, txid: &Txid, json: impl Into<String>) -> Call {
        Call::new("PUT", self.api_url(&format!("/cob/{txid}")), Some(json.into()))
    }

    /// `GET /accounts/balances`: the answer is for [`Balance::read`](crate::Balance::read).
    #[must_use]
    pub fn balances(&self) -> Call {
        Call::new("GET", self.api_url("/accounts/balances"), None)
    }

    fn with_profile(mut self) -> Self {
        let spec = &self.endpoint.spec;
        let mut key = TokenKey::new("pix-bacen", &self.endpoint.token_url)
            .client(&self.credentials.id)
            .grant("client_credentials");
        // What is asked for tells tokens apart; where in the request it stands does not.
        for (name, value) in spec.parameters.iter().chain(&spec.query) {
            key = key.resource(name).resource(value);
        }
        if let Some(scope) = &self.scope {
            key = key.scope(scope);
        }
        if let Some(certificate) = &self.certificate {
            key = key.certificate(certificate.as_bytes());
        }
        self.profile.key = key;
        self.profile.credentials = true;
        self.profile.origins = Origin::of(&self.endpoint.api_base).into_iter().collect();
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
                    "this token endpoint wants the client certificate in the header {name}, and none is given"
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
        // A short value is no secret, and taking it out would take words apart.
        let secrets = self.endpoint.spec.headers.iter().map(|header| header.expose());
        secrets.filter(|secret| secret.len() >= 8).fold(format, TokenFormat::secret)
    }
}

fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Form {
    pairs.into_iter().fold(Form::new(), |form, (name, value)| form.pair(name.to_owned(), value))
}

impl Provider for Gateway {
    fn request(&self, spend: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        match spend {
            AuthorizationGrant::ClientCredentials => self.token_request(),
            _ => Err(TokenError::misconfigured(
                "a PIX gateway takes the client's credentials and nothing else",
            )),
        }
    }

    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.format().reading(spend, response, now)
    }

    /// A 401 means one of three things (no token, a wrong one, an expired one) that its status does not tell
    /// apart; a new token helps against two of them. A 403 is about permission, which no new token changes, and the
    /// page's gateways send no challenge with it; one that calls the token invalid is taken at its word.
    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        match judge_bearer(head) {
            Verdict::Accepted if head.status() == 403 => Verdict::ScopeMissing(None),
            verdict => verdict,
        }
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        if let Some(secret) = &self.credentials.secret {
            hasher.write(secret.expose().as_bytes());
        }
    }

    fn spec(&self) -> &ProviderSpec {
        &self.profile
    }
}
