//! A gateway before anybody has signed up with it: where it is and how its token request looks.

use core::time::Duration;

use wellspring_core::{ClientSecret, Origin, TokenError};
use wellspring_wire::TokenFormat;

use crate::credentials::{Credentials, of_environment};
use crate::{ClientAuthentication, Encoding, Gateway, TokenRequestSpec};

/// A gateway without a client. Made by [`Gateway`]'s presets; [`credentials`](Self::credentials) makes it one.
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: String,
    pub(crate) token_url: String,
    pub(crate) api_base: String,
    pub(crate) spec: TokenRequestSpec,
}

impl Endpoint {
    pub(crate) fn new(base_url: &str, spec: TokenRequestSpec) -> Result<Self, TokenError> {
        let base = checked_base(base_url)?;
        check(&spec)?;
        let slash = if spec.path.starts_with('/') || spec.path.is_empty() { "" } else { "/" };
        let token_url = format!("{base}{slash}{}", spec.path);
        let same = Origin::of(&base).is_ok_and(|origin| origin.covers(&token_url));
        if !same || token_url.contains('?') {
            return Err(TokenError::misconfigured(
                "the token request's path must be a plain path; give its query with `query`",
            ));
        }
        Ok(Self { api_base: base.clone(), base, token_url, spec })
    }

    /// The same gateway by the vendor's "standard" API: `POST /api/auth/token` with the client certificate in
    /// the header `X-SSL-Client-Cert`, answered by 201 and a token of half an hour.
    ///
    /// The page says that its own authentication is identical to this one. It is not.
    #[must_use]
    pub fn standard(mut self) -> Self {
        self.spec = TokenRequestSpec::standard();
        self.token_url = format!("{}{}", self.base, self.spec.path);
        self
    }

    /// The API behind the tokens lives there, and not where the tokens come from.
    ///
    /// # Errors
    ///
    /// When the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn api_base_url(mut self, url: &str) -> Result<Self, TokenError> {
        self.api_base = checked_base(url)?;
        Ok(self)
    }

    /// How long a token lives whose answer does not say.
    #[must_use]
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.spec.default_lifetime = Some(lifetime);
        self
    }

    /// How answers are read where the standard leaves room: see [`TokenRequestSpec::token_format`].
    #[must_use]
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.spec.format = format;
        self
    }

    /// The gateway as this client knows it. Nothing is trimmed: see [`Gateway::warnings`].
    ///
    /// # Errors
    ///
    /// When the id is empty, or the secret's length is not what the gateway says (8 to 64 characters on the
    /// page), or this endpoint takes no secret.
    pub fn credentials(
        self,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Result<Gateway, TokenError> {
        self.client(client_id.into(), Some(ClientSecret::new(client_secret)))
    }

    /// The gateway as this client knows it, which has a certificate in the place of a secret.
    ///
    /// # Errors
    ///
    /// When the id is empty, or this endpoint wants a secret.
    pub fn client_id(self, client_id: impl Into<String>) -> Result<Gateway, TokenError> {
        self.client(client_id.into(), None)
    }

    /// As [`credentials`](Self::credentials), out of the page's variables `CLIENT_ID` and `CLIENT_SECRET`.
    ///
    /// # Errors
    ///
    /// When one of them is not set, which the error names, or as [`credentials`](Self::credentials).
    #[expect(clippy::disallowed_methods, reason = "configuration is made here, with the page's own names")]
    pub fn credentials_from_env(self) -> Result<Gateway, TokenError> {
        let (id, secret) = of_environment(|name| std::env::var_os(name))?;
        self.client(id, Some(secret))
    }

    fn client(self, id: String, secret: Option<ClientSecret>) -> Result<Gateway, TokenError> {
        let without = self.spec.authentication == ClientAuthentication::None;
        match &secret {
            Some(_) if without => {
                return Err(TokenError::misconfigured(
                    "this endpoint takes no client secret: a certificate says who the client is",
                ));
            }
            None if !without => return Err(TokenError::misconfigured("this endpoint wants a client secret")),
            _ => {}
        }
        let credentials = Credentials::new(id, secret, self.spec.secret_length.as_ref())?;
        Ok(Gateway::new(self, credentials))
    }
}

/// A base URL without its trailing slashes.
fn checked_base(url: &str) -> Result<String, TokenError> {
    Origin::of(url)
        .map_err(|error| TokenError::misconfigured(format!("the base URL is no good: {error}")))?;
    if url.contains('?') {
        return Err(TokenError::misconfigured("the base URL must not carry a query"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// What no spec may say, found out before any request.
fn check(spec: &TokenRequestSpec) -> Result<(), TokenError> {
    if spec.encoding == Encoding::Query && spec.authentication == ClientAuthentication::Body {
        return Err(TokenError::misconfigured("a client secret must not stand in the URL's query"));
    }
    // RFC 6749 §3.2: parameters must not be sent more than once.
    let in_body = spec.authentication == ClientAuthentication::Body;
    let named = in_body || spec.authentication == ClientAuthentication::None;
    let names = spec.parameters.iter().map(|(name, _)| name.as_str());
    let names = names.chain(named.then_some(&*spec.id_name)).chain(in_body.then_some(&*spec.secret_name));
    let names = names.chain(spec.scope_name.as_deref()).collect::<Vec<_>>();
    if has_twins(names) || has_twins(spec.query.iter().map(|(name, _)| name.as_str())) {
        return Err(TokenError::misconfigured("a parameter of the token request is there twice"));
    }
    let headers = spec.headers.iter().map(|header| (header.name(), header.expose()));
    let headers = headers.chain(spec.certificate_header.as_deref().map(|name| (name, "")));
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    for (name, value) in headers.clone() {
        if name.is_empty() || !name.bytes().all(token) || !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(TokenError::misconfigured("a header of the token request cannot be sent as it is"));
        }
    }
    const OURS: [&str; 5] = ["authorization", "accept", "content-type", "content-length", "host"];
    let names = headers.map(|(name, _)| name.to_ascii_lowercase()).collect::<Vec<_>>();
    if has_twins(names.iter().map(String::as_str).chain(OURS)) {
        return Err(TokenError::misconfigured("a header of the token request is there twice"));
    }
    Ok(())
}

fn has_twins<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    let names = names.into_iter().collect::<Vec<_>>();
    names.iter().enumerate().any(|(n, name)| names[..n].contains(name))
}
