//! What a vendor's requests look like beyond RFC 6749: token requests, scopes, calls.

use wellspring_core::{CallFormat, Method, TokenError};
use wellspring_token_endpoint::{ClientAuthentication, Encoding, TokenRequestSpec};
use wellspring_wire::{BasicEncoding, TokenFormat};

use crate::builder::{AppBuilder, set_parameter};
use crate::config::AuthMethod;

impl AppBuilder {
    /// What token requests look like: method, encoding, names, headers, parameters of a refresh, and how the client
    /// authenticates, if the spec says it and [`token_endpoint_auth_method`](Self::token_endpoint_auth_method) does not. The path of the spec is
    /// not used. Its parameters count as those of [`token_parameter`](Self::token_parameter).
    ///
    /// ```
    /// use oauth2_app::{App, ClientAuthentication, Encoding, TokenRequestSpec};
    /// use wellspring_core::{AuthorizationGrant, Provider as _, UnixTime};
    ///
    /// let spec = TokenRequestSpec::new("")
    ///     .encoding(Encoding::Json)
    ///     .authentication(ClientAuthentication::Body)
    ///     .refresh_parameter("redirect_uri", "https://app.example.com/back");
    /// let app = App::builder()
    ///     .token_url("https://server.example.com/oauth/token")
    ///     .client_id("id")
    ///     .client_secret("secret")
    ///     .token_request(spec)
    ///     .build()?;
    /// let request = app.request(&AuthorizationGrant::refresh_token("r"), UnixTime::EPOCH)?;
    /// let body = r#"{"grant_type":"refresh_token","refresh_token":"r","redirect_uri":"https://app.example.com/back","client_id":"id","client_secret":"secret"}"#;
    /// assert_eq!(request.expose_body(), body.as_bytes());
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    pub fn token_request(mut self, spec: TokenRequestSpec) -> Self {
        self.token_request = Some(spec);
        self
    }

    /// What separates scopes in requests, such as a comma. A comma then also separates them in answers. Default: a space
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    pub fn scope_separator(mut self, separator: impl Into<String>) -> Self {
        self.scope_separator = Some(separator.into());
        self
    }

    /// What each call of an API carries: where the token goes, and fixed headers and parameters. Default: the token in
    /// `Authorization: Bearer ..`.
    pub fn calls(mut self, format: CallFormat) -> Self {
        self.calls = format;
        self
    }

    /// The dialect of the settings. The parameters of its spec become those of the app, and its client authentication too.
    pub(crate) fn take_dialect(&mut self) -> Result<VendorRequests, TokenError> {
        let mut spec = self.token_request.take();
        let mut basic = BasicEncoding::Form;
        if let Some(spec) = &mut spec {
            for (name, value) in spec.take_parameters() {
                set_parameter(&mut self.token_parameters, name, value);
            }
            basic = match spec.client_authentication() {
                Some(ClientAuthentication::BasicUnencoded) => BasicEncoding::Verbatim,
                _ => BasicEncoding::Form,
            };
            self.auth_method = self.auth_method.or(spec.client_authentication().map(|method| match method {
                ClientAuthentication::Body => AuthMethod::ClientSecretPost,
                ClientAuthentication::Basic | ClientAuthentication::BasicUnencoded => {
                    AuthMethod::ClientSecretBasic
                }
                _ => AuthMethod::None,
            }));
            const FIXED: [&str; 6] =
                ["grant_type", "refresh_token", "client_id", "client_secret", "code", "device_code"];
            if let Some((name, _)) = spec.refresh_parameters().find(|(name, _)| FIXED.contains(name)) {
                return Err(TokenError::misconfigured(format!("refresh_parameter must not set {name}")));
            }
        }
        let separator = self.scope_separator.take();
        let separator = separator.or_else(|| spec.as_ref().map(|spec| spec.separator().to_owned()));
        let mut spec = spec.unwrap_or_else(|| TokenRequestSpec::new(""));
        if let Some(encoding) = self.encoding {
            spec = spec.encoding(encoding);
        }
        for header in &self.token_headers {
            spec = spec.header(header.name(), header.expose());
        }
        Ok(VendorRequests { spec, basic, separator: separator.unwrap_or_else(|| " ".to_owned()) })
    }
}

/// What a vendor's requests look like.
pub(crate) struct VendorRequests {
    spec: TokenRequestSpec,
    pub(crate) basic: BasicEncoding,
    separator: String,
}

impl VendorRequests {
    /// What the token requests look like, with this authentication.
    pub(crate) fn request(&self, auth: AuthMethod) -> Result<TokenRequestSpec, TokenError> {
        let (method, encoding) = self.spec.method_and_encoding();
        if encoding == Encoding::Query && method != Method::Get {
            return Err(TokenError::misconfigured(
                "a code or a refresh token must not be in the URL's query",
            ));
        }
        let authentication = match auth {
            AuthMethod::ClientSecretPost => ClientAuthentication::Body,
            AuthMethod::ClientSecretBasic if self.basic == BasicEncoding::Verbatim => {
                ClientAuthentication::BasicUnencoded
            }
            AuthMethod::ClientSecretBasic => ClientAuthentication::Basic,
            AuthMethod::None | AuthMethod::TlsClientAuth | AuthMethod::SelfSignedTlsClientAuth => {
                ClientAuthentication::None
            }
        };
        let spec = self.spec.clone().authentication(authentication);
        spec.check()?;
        Ok(spec)
    }

    /// The words of these scopes.
    pub(crate) fn words<'a>(&'a self, scopes: &'a [String]) -> impl Iterator<Item = &'a str> {
        let separator = self.separator.as_str();
        let words = scopes.iter().flat_map(|words| words.split_ascii_whitespace());
        words.flat_map(move |word| word.split(separator)).filter(|word| !word.is_empty())
    }

    /// The scopes as requests carry them.
    pub(crate) fn scope_text(&self, scopes: &[String]) -> String {
        if self.separator == " " {
            return scopes.join(" ");
        }
        self.words(scopes).collect::<Vec<_>>().join(&self.separator)
    }

    pub(crate) fn format(&self, format: TokenFormat) -> TokenFormat {
        if self.separator == "," { format.comma_separated_scopes() } else { format }
    }
}
