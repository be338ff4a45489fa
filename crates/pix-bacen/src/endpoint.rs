//! A gateway without client credentials: its base URLs and its token request.

use core::time::Duration;

use wellspring_core::{Origin, TokenError};
use wellspring_wire::TokenFormat;

use crate::spec::{ClientAuthentication, Encoding, TokenRequestSpec};

/// A gateway without client credentials. The presets of [`Gateway`](crate::Gateway) create it, and
/// [`credentials`](Self::credentials) turns it into a `Gateway`.
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
        check_spec(&spec)?;
        let slash = if spec.path.starts_with('/') || spec.path.is_empty() { "" } else { "/" };
        let token_url = format!("{base}{slash}{}", spec.path);
        let same_origin = Origin::of(&base).is_ok_and(|origin| origin.covers(&token_url));
        if !same_origin || token_url.contains('?') {
            return Err(TokenError::misconfigured(
                "the path of the token request must be a plain path; set its query with `query`",
            ));
        }
        Ok(Self { api_base: base.clone(), base, token_url, spec })
    }

    /// The same gateway with the vendor's "standard" API: `POST /api/auth/token` with the client certificate in the
    /// header `X-SSL-Client-Cert`. The server answers with 201 and a token that lives half an hour.
    ///
    /// The published page calls its own authentication identical to this one. It is not.
    #[must_use]
    pub fn standard(mut self) -> Self {
        self.spec = TokenRequestSpec::standard();
        self.token_url = format!("{}{}", self.base, self.spec.path);
        self
    }

    /// The base URL of the API, where it differs from the base URL of the token endpoint.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn api_base_url(mut self, url: impl AsRef<str>) -> Result<Self, TokenError> {
        self.api_base = checked_base(url.as_ref())?;
        Ok(self)
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
}

/// A base URL without its trailing slashes.
fn checked_base(url: &str) -> Result<String, TokenError> {
    Origin::of(url)
        .map_err(|error| TokenError::misconfigured(format!("the base URL is invalid: {error}")))?;
    if url.contains('?') {
        return Err(TokenError::misconfigured("the base URL must not carry a query"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// Rejects a spec that contradicts itself or RFC 6749.
fn check_spec(spec: &TokenRequestSpec) -> Result<(), TokenError> {
    if spec.encoding == Encoding::Query && spec.authentication == ClientAuthentication::Body {
        return Err(TokenError::misconfigured("a client secret must not be in the URL's query"));
    }
    // RFC 6749 §3.2: parameters must not be sent more than once.
    let in_body = spec.authentication == ClientAuthentication::Body;
    let has_id = in_body || spec.authentication == ClientAuthentication::None;
    let names = spec.parameters.iter().map(|(name, _)| name.as_str());
    let names = names.chain(has_id.then_some(&*spec.id_name)).chain(in_body.then_some(&*spec.secret_name));
    let names = names.chain(spec.scope_name.as_deref()).collect::<Vec<_>>();
    if has_duplicates(names) || has_duplicates(spec.query.iter().map(|(name, _)| name.as_str())) {
        return Err(TokenError::misconfigured("a parameter of the token request is set twice"));
    }
    let headers = spec.headers.iter().map(|header| (header.name(), header.expose()));
    let headers = headers.chain(spec.certificate_header.as_deref().map(|name| (name, "")));
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    for (name, value) in headers.clone() {
        if name.is_empty()
            || !name.bytes().all(is_token)
            || !value.bytes().all(|b| (b' '..=b'~').contains(&b))
        {
            return Err(TokenError::misconfigured(
                "a header of the token request cannot be sent: its name or value has characters that HTTP forbids",
            ));
        }
    }
    const RESERVED: [&str; 5] = ["authorization", "accept", "content-type", "content-length", "host"];
    let names = headers.map(|(name, _)| name.to_ascii_lowercase()).collect::<Vec<_>>();
    if has_duplicates(names.iter().map(String::as_str).chain(RESERVED)) {
        return Err(TokenError::misconfigured("a header of the token request is set twice"));
    }
    Ok(())
}

fn has_duplicates<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    let names = names.into_iter().collect::<Vec<_>>();
    names.iter().enumerate().any(|(n, name)| names[..n].contains(name))
}
