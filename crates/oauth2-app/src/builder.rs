//! Building an app: the settings, the presets, and the checks before any request.

use core::fmt;
use core::time::Duration;

use wellspring_core::{
    CallFormat, ClientSecret, GrantParameters, Header, Replay, Rotation, Scope, TokenError, UnixTime,
};
use wellspring_token_endpoint::{Encoding, TokenRequestSpec};
use wellspring_wire::{ClientCertificate, TokenFormat};

use crate::app::App;
use crate::checks::{
    AUTHORIZE, TOKEN, check_reserved, checked_url, has_parameter, missing, query_parameters,
};
use crate::config::{AuthMethod, Config, GrantType};
use crate::identity::{FormerRecord, Identity};
use crate::own_grant::OwnGrant;
use crate::redirect_uri::RedirectUri;

/// The builder of an [`App`]. [`build`](Self::build) checks the settings.
#[must_use = "`build` creates the app"]
#[derive(Clone, Debug, Default)]
pub struct AppBuilder {
    grant: GrantType,
    own_grant: Option<OwnGrant>,
    pub(crate) authorize_url: Option<String>,
    pub(crate) device_authorization_url: Option<String>,
    pub(crate) token_url: Option<String>,
    pub(crate) userinfo_url: Option<String>,
    pub(crate) revocation_url: Option<String>,
    pub(crate) end_session_url: Option<String>,
    pub(crate) jwks_url: Option<String>,
    /// The endpoints of the metadata, each with the one for clients that have a client certificate.
    pub(crate) aliases: Vec<(String, String)>,
    pub(crate) issuer: Option<String>,
    pub(crate) iss_required: bool,
    client_id: String,
    client_secret: Option<ClientSecret>,
    pub(crate) client_certificate: Option<String>,
    pub(crate) auth_method: Option<AuthMethod>,
    pub(crate) encoding: Option<Encoding>,
    pub(crate) token_headers: Vec<Header>,
    pub(crate) token_request: Option<TokenRequestSpec>,
    pub(crate) scope_separator: Option<String>,
    pub(crate) calls: CallFormat,
    /// The methods of the server's metadata.
    pub(crate) supported_auth_methods: Option<Vec<AuthMethod>>,
    redirect_uri: Option<String>,
    scopes: Vec<String>,
    authorize_parameters: Vec<(String, String)>,
    pub(crate) token_parameters: Vec<(String, String)>,
    pkce: Option<bool>,
    rotation: Option<Rotation>,
    replay: Option<Replay>,
    default_lifetime: Option<Duration>,
    refresh_lifetime: Option<Duration>,
    api_urls: Vec<String>,
    format: TokenFormat,
    identity: Identity,
    former: FormerRecord,
}

/// Declares the setters of the optional URLs.
macro_rules! url_setters {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        pub fn $name(mut self, url: impl fmt::Display) -> Self {
            self.$name = Some(url.to_string());
            self
        }
    )+};
}

/// A URL is any text: a `&str`, a `String`, a `url::Url`, an `http::Uri`. The last two write a slash where a URL has no path.
impl AppBuilder {
    /// The grant type. Default: [`GrantType::AuthorizationCode`].
    pub fn grant_type(mut self, grant: GrantType) -> Self {
        self.own_grant = None;
        self.grant = grant;
        self
    }

    /// A grant with its own `grant_type` that the client makes by itself, such as an assertion that it signs
    /// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)). Each renewal sends it anew, and refresh tokens are ignored. No
    /// user signs in. For a grant that is used once, pass
    /// [`AuthorizationGrant::Extension`](wellspring_core::AuthorizationGrant::Extension) to the source's `sign_in` instead.
    ///
    /// `parameters` makes the parameters for the time of the request. It is also called when the answer is read, so that no
    /// error shows them. `subject` names whose tokens the grant brings, such as the assertion's `sub`: it is part of the
    /// tokens' key, so it must not be a secret. The client id may be empty, because some servers ask for none.
    ///
    /// ```
    /// use oauth2_app::App;
    /// use wellspring_core::{AuthorizationGrant, GrantParameters, Provider as _, UnixTime};
    ///
    /// // Signs `{"iss": .., "exp": now + 3600}`.
    /// fn assertion(now: UnixTime) -> String {
    ///     format!("header.{}.signature", now.as_secs() + 3_600)
    /// }
    ///
    /// let app = App::builder()
    ///     .token_url("https://server.example.com/token")
    ///     .extension_grant("urn:ietf:params:oauth:grant-type:jwt-bearer", "robot@example.com", |now| {
    ///         Ok(GrantParameters::new().with("assertion", assertion(now)))
    ///     })
    ///     .build()?;
    /// let request = app.request(&AuthorizationGrant::ClientCredentials, UnixTime::from_secs(1_700_000_000))?;
    /// let body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=header.1700003600.signature";
    /// assert_eq!(request.expose_body(), body.as_bytes());
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    pub fn extension_grant(
        mut self,
        grant_type: impl Into<String>,
        subject: impl Into<String>,
        parameters: impl Fn(UnixTime) -> Result<GrantParameters, TokenError> + Send + Sync + 'static,
    ) -> Self {
        self.grant = GrantType::ClientCredentials;
        self.own_grant = Some(OwnGrant::new(grant_type.into(), subject.into(), parameters));
        self
    }

    url_setters! {
        /// The authorization endpoint.
        authorize_url
        /// The device authorization endpoint ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)). Users sign in
        /// there on another device, and the app needs no redirect URI.
        device_authorization_url
        /// The token endpoint.
        token_url
        /// The userinfo endpoint. Calls to its origin may carry the token.
        userinfo_url
        /// The revocation endpoint ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).
        revocation_url
        /// The end session endpoint, which signs the user out at the server: see
        /// [`App::end_session_url`](crate::App::end_session_url).
        end_session_url
        /// The server's key set (`jwks_uri`), whose keys sign ID tokens.
        jwks_url
        /// The redirect URI, byte for byte as registered: HTTPS, or plain HTTP to loopback. Only a sign-in in a browser
        /// needs it.
        redirect_uri
    }

    /// The issuer, byte for byte. A callback's `iss` must equal it
    /// ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// The client certificate, a PEM without the private key. The certificate and key of the TLS connection belong in
    /// the transport's TLS settings. With client credentials the certificate is part of the tokens' key
    /// ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)). A user's session survives a renewed
    /// certificate.
    pub fn client_certificate(mut self, pem: impl Into<String>) -> Self {
        self.client_certificate = Some(pem.into());
        self
    }

    /// The user whose tokens these are, for a program with several users. See [`App::for_user`].
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.identity = Identity::User(user.into());
        self
    }

    /// The profile of a `wellspring.toml` whose session this is, for a program that shares the session with the command.
    /// A profile that sets `user` has the session of that [`user`](Self::user).
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.identity = Identity::Profile(name.into());
        self
    }

    /// Which record of an earlier form the app takes over. Default: that of the same user, or of the profile.
    pub fn former_record(mut self, former: FormerRecord) -> Self {
        self.former = former;
        self
    }

    /// The client id.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// The client secret. Keep it on your server.
    pub fn client_secret(mut self, secret: impl Into<ClientSecret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// How the client authenticates. Default without a secret: `none`. Default with a secret: `client_secret_basic`
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)), or `client_secret_post` if the metadata lists
    /// only that one of the two.
    pub fn token_endpoint_auth_method(mut self, method: AuthMethod) -> Self {
        self.auth_method = Some(method);
        self
    }

    /// The scopes to request, in this order. Default: none, so the server decides.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a parameter, such as `prompt`, to the authorization URL and to the request for a device code. A second value
    /// for a name replaces the first. An empty value removes the parameter.
    pub fn authorize_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        set_parameter(&mut self.authorize_parameters, name.into(), value.into());
        self
    }

    /// Adds a parameter, such as `audience`, to every token request. Its value becomes part of the tokens' key, so it must
    /// not be a secret.
    pub fn token_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        set_parameter(&mut self.token_parameters, name.into(), value.into());
        self
    }

    /// Where token requests carry their parameters. Default: in a form, as RFC 6749 says. Some servers expect JSON. The query
    /// is refused, because servers log URLs.
    pub fn token_encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Adds a header, such as an API version, to token requests. Its value may be a secret.
    ///
    /// ```
    /// use oauth2_app::{App, Encoding};
    /// use wellspring_core::{AuthorizationGrant, Provider as _, RefreshToken, UnixTime};
    ///
    /// let app = App::builder()
    ///     .token_url("https://server.example.com/token")
    ///     .client_id("id")
    ///     .client_secret("secret")
    ///     .token_encoding(Encoding::Json)
    ///     .token_header("Server-Version", "2022-06-28")
    ///     .build()?;
    /// let grant = AuthorizationGrant::RefreshToken(RefreshToken::new("r"));
    /// let request = app.request(&grant, UnixTime::EPOCH)?;
    /// assert_eq!(request.expose_body(), br#"{"grant_type":"refresh_token","refresh_token":"r"}"#);
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    pub fn token_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.token_headers.push(Header::new(name, value));
        self
    }

    /// Whether sign-ins use PKCE. Default: yes.
    pub fn pkce(mut self, on: bool) -> Self {
        self.pkce = Some(on);
        self
    }

    /// Whether a refresh token stays valid after its use. Default: [`Rotation::SingleUse`], the safe assumption.
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.rotation = Some(rotation);
        self
    }

    /// Whether a refresh token may be sent again after a lost answer. Default: [`Replay::OwnerDead`].
    pub fn replay(mut self, replay: Replay) -> Self {
        self.replay = Some(replay);
        self
    }

    /// How to read token answers where RFC 6749 leaves room, for example strictly, or with a lifetime of zero for a token
    /// that never expires. Lifetimes and scopes of this builder take precedence over those of the format.
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.format = format;
        self
    }

    /// The lifetime of an access token whose answer names none.
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = Some(lifetime);
        self
    }

    /// The lifetime of a refresh token, counted from its receipt. It is a hint, because token answers do not name it.
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh_lifetime = Some(lifetime);
        self
    }

    /// Allows calls to the origin of this API to carry the token.
    pub fn api_url(mut self, url: impl fmt::Display) -> Self {
        self.api_urls.push(url.to_string());
        self
    }

    /// Checks the settings and creates the app.
    ///
    /// # Errors
    ///
    /// Fails if a setting that the grant type needs is missing, a URL must not receive a secret, the redirect URI is
    /// invalid, or two settings contradict each other. The error names the setting.
    pub fn build(mut self) -> Result<App, TokenError> {
        let dialect = self.take_dialect()?;
        self.use_aliases();
        if self.client_id.is_empty() && self.own_grant.is_none() {
            return Err(TokenError::misconfigured("client_id is missing"));
        }
        let auth = self.checked_auth_method()?;
        let Some(token_url) = self.token_url.clone() else { return missing("token_url") };
        let token_url = checked_url("token_url", token_url)?;
        check_reserved("token_parameter", &self.token_parameters, TOKEN)?;
        check_reserved("authorize_parameter", &self.authorize_parameters, AUTHORIZE)?;
        let (authorize_url, redirect_uri) = match self.grant {
            GrantType::ClientCredentials => (None, None),
            // Such an app renews a refresh token that it is given, or its users sign in on another device.
            GrantType::AuthorizationCode if self.redirect_uri.is_none() => (None, None),
            GrantType::AuthorizationCode => self.checked_browser_urls(auth)?,
        };
        let url = |name, url: Option<String>| url.map(|url| checked_url(name, url)).transpose();
        let config = Config {
            grant: self.grant,
            own_grant: self.own_grant,
            authorize_url,
            device_authorization_url: url("device_authorization_url", self.device_authorization_url)?,
            token_url,
            userinfo_url: url("userinfo_url", self.userinfo_url)?,
            revocation_url: url("revocation_url", self.revocation_url)?,
            end_session_url: url("end_session_url", self.end_session_url)?,
            jwks_url: url("jwks_url", self.jwks_url)?,
            api_urls: self
                .api_urls
                .into_iter()
                .map(|u| checked_url("api_url", u))
                .collect::<Result<_, _>>()?,
            issuer: self.issuer,
            iss_required: self.iss_required,
            client_id: self.client_id,
            client_secret: self.client_secret,
            auth,
            request: dialect.request(auth)?,
            basic: dialect.basic,
            client_certificate: match &self.client_certificate {
                Some(pem) => Some(ClientCertificate::of_pem(pem)?),
                None => None,
            },
            redirect_uri,
            scope: dialect.words(&self.scopes).collect::<Scope>(),
            scope_text: dialect.scope_text(&self.scopes),
            calls: self.calls,
            authorize_parameters: self.authorize_parameters,
            token_parameters: self.token_parameters,
            pkce: self.pkce.unwrap_or(true),
            rotation: self.rotation.unwrap_or(Rotation::SingleUse),
            replay: self.replay.unwrap_or_default(),
            default_lifetime: self.default_lifetime,
            refresh_lifetime: self.refresh_lifetime,
            format: dialect.format(self.format),
        };
        Ok(App::new(config, &self.identity, self.former))
    }

    /// The authorization URL and the redirect URI of a sign-in in a browser.
    fn checked_browser_urls(
        &self,
        auth: AuthMethod,
    ) -> Result<(Option<String>, Option<RedirectUri>), TokenError> {
        if auth == AuthMethod::None && self.pkce == Some(false) {
            // RFC 9700 §2.1.1.
            return Err(TokenError::misconfigured("a client without a secret must use PKCE"));
        }
        let Some(url) = self.authorize_url.clone() else { return missing("authorize_url") };
        let url = checked_url("authorize_url", url)?;
        let Some(uri) = self.redirect_uri.clone() else { return missing("redirect_uri") };
        let uri = RedirectUri::new(uri)?;
        let url_parameters = query_parameters(&url);
        check_reserved("the query of authorize_url", &url_parameters, AUTHORIZE)?;
        if let Some((name, _)) =
            url_parameters.iter().find(|(name, _)| has_parameter(&self.authorize_parameters, name))
        {
            return Err(TokenError::misconfigured(format!(
                "the parameter {name} is set in authorize_url and again in authorize_parameter"
            )));
        }
        Ok((Some(url), Some(uri)))
    }

    fn checked_auth_method(&self) -> Result<AuthMethod, TokenError> {
        let has_secret = self.client_secret.is_some();
        if self.client_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(TokenError::misconfigured("client_secret is empty"));
        }
        let only_post = self.supported_auth_methods.as_ref().is_some_and(|methods| {
            methods.contains(&AuthMethod::ClientSecretPost)
                && !methods.contains(&AuthMethod::ClientSecretBasic)
        });
        let method = self.auth_method.unwrap_or(match has_secret {
            true if only_post => AuthMethod::ClientSecretPost,
            true => AuthMethod::ClientSecretBasic,
            false => AuthMethod::None,
        });
        let needs_secret = method.needs_secret();
        if method.needs_certificate() && self.client_certificate.is_none() {
            return Err(TokenError::misconfigured(format!(
                "client_certificate is missing: {method} needs it, here and in the TLS settings"
            )));
        }
        if needs_secret && !has_secret {
            return Err(TokenError::misconfigured(format!("client_secret is missing: {method} needs it")));
        }
        if !needs_secret && has_secret {
            return Err(TokenError::misconfigured(format!(
                "client_secret is set, but token_endpoint_auth_method is {method}: remove one of them"
            )));
        }
        let proves_itself = needs_secret || self.client_certificate.is_some() || self.own_grant.is_some();
        if !proves_itself && self.grant == GrantType::ClientCredentials {
            return Err(TokenError::misconfigured(
                "client_credentials need a client_secret or a certificate",
            ));
        }
        Ok(method)
    }
}

pub(crate) fn set_parameter(parameters: &mut Vec<(String, String)>, name: String, value: String) {
    parameters.retain(|(known, _)| *known != name);
    // RFC 6749 §3.1: a parameter without a value counts as omitted.
    if !value.is_empty() {
        parameters.push((name, value));
    }
}
