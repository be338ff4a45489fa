//! A token request as data.
//!
//! Token endpoints expect the same parameters in different places and under different names. A [`TokenRequestSpec`]
//! describes one of them. Some endpoints answer 200 and some 201, so any 2xx with a token is a success.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::borrow::Cow;

use wellspring_core::{GrantParameters, Header, Method, ParameterValue};
use wellspring_wire::TokenFormat;

/// Where a token request carries its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// In a JSON object.
    Json,
    /// In a form ([RFC 6749 §4.4.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2)).
    Form,
    /// In the URL's query, with an empty body. The client secret is there only if the request is a GET, because servers log
    /// URLs.
    Query,
}

/// How the client authenticates in a token request. A request uses one method only
/// ([RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Client id and secret are parameters in the body.
    Body,
    /// An `Authorization: Basic` header with id and secret form-encoded first
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    Basic,
    /// An `Authorization: Basic` header with id and secret as they are, which many endpoints expect instead.
    BasicUnencoded,
    /// The client id is a parameter and there is no secret: the client authenticates by its TLS certificate.
    None,
}

/// A token request as data. Start from [`TokenRequestSpec::new`] and set what differs.
///
/// ```
/// use wellspring_token_endpoint::{ClientAuthentication, Encoding, TokenEndpoint, TokenRequestSpec};
///
/// // Basic authentication, `{"grant_type":"client_credentials"}` as JSON.
/// let spec = TokenRequestSpec::new("/oauth/token")
///     .encoding(Encoding::Json)
///     .authentication(ClientAuthentication::Basic)
///     .parameter("grant_type", "client_credentials");
/// let endpoint = TokenEndpoint::new("https://api.example.com", spec)?;
/// let client = endpoint.credentials("client", "a secret of any length")?;
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokenRequestSpec {
    pub(crate) path: Cow<'static, str>,
    pub(crate) method: Method,
    pub(crate) encoding: Encoding,
    pub(crate) authentication: Option<ClientAuthentication>,
    pub(crate) id_name: Cow<'static, str>,
    pub(crate) secret_name: Cow<'static, str>,
    pub(crate) scope_name: Option<Cow<'static, str>>,
    pub(crate) scope_separator: Cow<'static, str>,
    /// Names of the standard and the endpoint's own.
    pub(crate) names: Vec<(String, String)>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) secret_parameters: GrantParameters,
    pub(crate) refresh_parameters: Vec<(String, String)>,
    pub(crate) refreshes: bool,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<Header>,
    pub(crate) certificate_header: Option<Cow<'static, str>>,
    pub(crate) secret_length: Option<RangeInclusive<usize>>,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) format: TokenFormat,
}

impl TokenRequestSpec {
    /// A POST request to this path of the base URL, with a form that holds `client_id` and `client_secret`.
    #[must_use]
    pub fn new(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            method: Method::Post,
            encoding: Encoding::Form,
            authentication: None,
            id_name: "client_id".into(),
            secret_name: "client_secret".into(),
            scope_name: None,
            scope_separator: " ".into(),
            names: Vec::new(),
            parameters: Vec::new(),
            secret_parameters: GrantParameters::new(),
            refresh_parameters: Vec::new(),
            refreshes: false,
            query: Vec::new(),
            headers: Vec::new(),
            certificate_header: None,
            secret_length: None,
            default_lifetime: None,
            format: TokenFormat::new(),
        }
    }

    /// The method. Default: POST ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)). A GET carries every
    /// parameter in the query, the client secret too: use it only for a vendor that documents nothing else.
    ///
    /// ```
    /// use wellspring_core::{AuthorizationGrant, Method, Provider as _, UnixTime};
    /// use wellspring_token_endpoint::{Encoding, TokenEndpoint, TokenRequestSpec};
    ///
    /// let spec = TokenRequestSpec::new("/cgi-bin/token").method(Method::Get).encoding(Encoding::Query);
    /// let spec = spec.client_names("appid", "secret").parameter("grant_type", "client_credential");
    /// let client = TokenEndpoint::new("https://api.example.com", spec)?.credentials("wx1", "s3cret")?;
    /// let request = client.request(&AuthorizationGrant::ClientCredentials, UnixTime::EPOCH)?;
    /// let url = "https://api.example.com/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s3cret";
    /// assert_eq!((request.method(), request.url()), (Method::Get, url));
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    #[must_use]
    pub const fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Where the request carries its parameters. Default: in a form.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// How the client authenticates. Default: by parameters in the body.
    #[must_use]
    pub fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = Some(authentication);
        self
    }

    /// The names of the parameters for client id and secret. Default: `client_id` and `client_secret`.
    #[must_use]
    pub fn client_names(
        mut self,
        id: impl Into<Cow<'static, str>>,
        secret: impl Into<Cow<'static, str>>,
    ) -> Self {
        (self.id_name, self.secret_name) = (id.into(), secret.into());
        self
    }

    /// The name of the parameter for the requested scope. Default: none, so the request carries no scope.
    #[must_use]
    pub fn scope_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.scope_name = Some(name.into());
        self
    }

    /// What separates the words of a scope in requests. Default: a space.
    #[must_use]
    pub fn scope_separator(mut self, separator: impl Into<Cow<'static, str>>) -> Self {
        self.scope_separator = separator.into();
        self
    }

    /// What the endpoint calls a parameter of the standard, such as `refreshToken` for `refresh_token`. The names of client id,
    /// client secret and scope have setters of their own.
    #[must_use]
    pub fn parameter_name(mut self, standard: impl Into<String>, own: impl Into<String>) -> Self {
        self.names.push((standard.into(), own.into()));
        self
    }

    /// Adds a parameter whose value is a secret, such as the password of an account. It is no part of the tokens' key: name the
    /// account in another parameter.
    #[must_use]
    pub fn secret_parameter(mut self, name: impl Into<String>, value: impl Into<ParameterValue>) -> Self {
        self.secret_parameters = self.secret_parameters.with(name, value);
        self
    }

    /// Adds a parameter to the requests that carry a refresh token, such as the `scope` or `redirect_uri` that some vendors
    /// demand there. It replaces a parameter of the same name.
    #[must_use]
    pub fn refresh_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.refresh_parameters.push((name.into(), value.into()));
        self
    }

    /// Keeps the refresh token of an answer to client credentials and renews with it. Default: such a refresh token is ignored
    /// ([RFC 6749 §4.4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3)). If the endpoint refuses it, the client sends
    /// its credentials again.
    #[must_use]
    pub const fn refresh_tokens(mut self) -> Self {
        self.refreshes = true;
        self
    }

    /// Adds a parameter, such as `grant_type`. Its value becomes part of the tokens' key, so it must not be a secret.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Adds a parameter to the URL's query, independent of the encoding. Its value becomes part of the tokens' key, so it
    /// must not be a secret.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header to the token request. Its value may be a secret.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// The header that carries the client certificate as percent-encoded PEM. Default: none.
    #[must_use]
    pub fn certificate_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.certificate_header = Some(name.into());
        self
    }

    /// The allowed length of a client secret, in characters. Default: at least one.
    #[must_use]
    pub fn secret_length(mut self, characters: RangeInclusive<usize>) -> Self {
        self.secret_length = Some(characters);
        self
    }

    /// The lifetime of a token whose answer names none. Default: unknown, so such a token is renewed only after a 401.
    #[must_use]
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = Some(lifetime);
        self
    }

    /// How to read token answers where RFC 6749 leaves room, for example strictly or with other member names. The default
    /// lifetime of this spec takes precedence over the format's.
    #[must_use]
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.format = format;
        self
    }

    /// How the client authenticates, if the spec says it.
    #[must_use]
    pub const fn client_authentication(&self) -> Option<ClientAuthentication> {
        self.authentication
    }

    /// Method and encoding.
    #[must_use]
    pub const fn method_and_encoding(&self) -> (Method, Encoding) {
        (self.method, self.encoding)
    }

    /// What separates the words of a scope.
    #[must_use]
    pub fn separator(&self) -> &str {
        &self.scope_separator
    }

    /// Removes the added parameters, but for those of the query, and returns them.
    pub fn take_parameters(&mut self) -> Vec<(String, String)> {
        core::mem::take(&mut self.parameters)
    }

    /// The names and the values of the parameters of requests with a refresh token.
    pub fn refresh_parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.refresh_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names and the values of the added parameters, those of the query included.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().chain(&self.query).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The secret parameters.
    #[must_use]
    pub const fn secret_parameters(&self) -> &GrantParameters {
        &self.secret_parameters
    }

    /// The names and the values of the added headers. The values may be secrets.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|header| (header.name(), header.expose()))
    }

    pub(crate) fn authenticates(&self) -> ClientAuthentication {
        self.authentication.unwrap_or(ClientAuthentication::Body)
    }

    /// Where the request carries id and secret, in words: an operator who corrects one of them has another credential.
    pub(crate) fn authentication_words(&self) -> String {
        let authentication = self.authenticates();
        let Self { method, encoding, id_name, secret_name, certificate_header, .. } = self;
        let method = if *method == Method::Post { String::new() } else { format!("{method:?} ") };
        format!("{method}{authentication:?} {encoding:?} {id_name:?} {secret_name:?} {certificate_header:?}")
    }
}
