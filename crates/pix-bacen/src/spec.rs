//! One token request, said as data.
//!
//! The page's gateways, their "standard" API and the token endpoints of Brazilian payment providers differ in
//! where they want what. All of them are one [`TokenRequestSpec`]; what becomes of it is written in
//! [`gateway`](crate::Gateway). Any 2xx with a token in it is success: some answer 200, some 201.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::borrow::Cow;

use wellspring_core::Header;
use wellspring_wire::TokenFormat;

/// Where the parameters of a token request stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// In a JSON object.
    Json,
    /// In a form, as [RFC 6749 §4.4.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2) has it.
    Form,
    /// In the URL's query, with an empty body. Never the client secret: URLs end up in logs.
    Query,
}

/// How a token request says which client it comes from. One way at a time
/// ([RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Client id and secret among the body's parameters.
    Body,
    /// An `Authorization: Basic` header, id and secret form-encoded first
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    Basic,
    /// An `Authorization: Basic` header with id and secret as they are: what many endpoints read instead.
    BasicUnencoded,
    /// The client id among the parameters and no secret: the certificate of the connection says the rest.
    None,
}

/// A token request as data. Start from [`TokenRequestSpec::new`] and say what differs.
///
/// ```
/// use pix_bacen::{ClientAuthentication, Encoding, Gateway, TokenRequestSpec};
///
/// // Basic authentication, `{"grant_type":"client_credentials"}` as JSON.
/// let spec = TokenRequestSpec::new("/oauth/token")
///     .encoding(Encoding::Json)
///     .authentication(ClientAuthentication::Basic)
///     .parameter("grant_type", "client_credentials");
/// let gateway = Gateway::custom("https://pix.example.com", spec)?.credentials("client", "a secret of any length")?;
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokenRequestSpec {
    pub(crate) path: Cow<'static, str>,
    pub(crate) encoding: Encoding,
    pub(crate) authentication: ClientAuthentication,
    pub(crate) id_name: Cow<'static, str>,
    pub(crate) secret_name: Cow<'static, str>,
    pub(crate) scope_name: Option<Cow<'static, str>>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<Header>,
    pub(crate) certificate_header: Option<Cow<'static, str>>,
    pub(crate) secret_length: Option<RangeInclusive<usize>>,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) format: TokenFormat,
}

impl TokenRequestSpec {
    /// A form with `client_id` and `client_secret` in it, posted to this path of the base URL.
    #[must_use]
    pub fn new(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            encoding: Encoding::Form,
            authentication: ClientAuthentication::Body,
            id_name: "client_id".into(),
            secret_name: "client_secret".into(),
            scope_name: None,
            parameters: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            certificate_header: None,
            secret_length: None,
            default_lifetime: None,
            format: TokenFormat::new(),
        }
    }

    /// What the page of the PIX gateways says: `{"clientId", "clientSecret"}` to `/oauth/token`, an hour.
    #[must_use]
    pub fn pix_bacen() -> Self {
        Self::new("/oauth/token")
            .encoding(Encoding::Json)
            .client_names("clientId", "clientSecret")
            .secret_length(8..=64)
            .default_lifetime(Duration::from_secs(3_600))
    }

    /// The same vendor's "standard" API: another path, the certificate in a header, half an hour.
    #[must_use]
    pub fn standard() -> Self {
        Self { path: "/api/auth/token".into(), ..Self::pix_bacen() }
            .certificate_header("X-SSL-Client-Cert")
            .default_lifetime(Duration::from_secs(1_800))
    }

    /// Where the parameters stand. Default: in a form.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// How the client is named. Default: in the body.
    #[must_use]
    pub fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// What client id and secret are called. Default: `client_id` and `client_secret`.
    #[must_use]
    pub fn client_names(
        mut self,
        id: impl Into<Cow<'static, str>>,
        secret: impl Into<Cow<'static, str>>,
    ) -> Self {
        (self.id_name, self.secret_name) = (id.into(), secret.into());
        self
    }

    /// What the requested scope is called. Default: no scope can be asked for.
    #[must_use]
    pub fn scope_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.scope_name = Some(name.into());
        self
    }

    /// One more parameter, such as `grant_type`. It tells tokens apart, so it must not be a secret.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// One more parameter of the URL's query, whatever the encoding. It must not be a secret.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// One more header of the token request. Its value may be a secret.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header::new(name, value));
        self
    }

    /// The header that carries the client certificate as percent-encoded PEM. Default: none does.
    #[must_use]
    pub fn certificate_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.certificate_header = Some(name.into());
        self
    }

    /// How many characters a client secret has, where the provider says so. Default: any number but zero.
    #[must_use]
    pub fn secret_length(mut self, characters: RangeInclusive<usize>) -> Self {
        self.secret_length = Some(characters);
        self
    }

    /// How long a token lives whose answer does not say. Default: nobody knows, it is renewed on a 401 alone.
    #[must_use]
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = Some(lifetime);
        self
    }

    /// How answers are read where the standard leaves room: strictly, say, or with names of their own. A default
    /// lifetime that is told to this spec goes before the format's.
    #[must_use]
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.format = format;
        self
    }
}
