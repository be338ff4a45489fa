//! Making an app: what has to be told, what is known already, and what is turned away before any request.

use core::time::Duration;

use wellspring_core::{ClientSecret, Origin, Replay, Rotation, Scope, TokenError};
use wellspring_wire::{TokenFormat, form_decode};

use crate::config::Config;
use crate::{App, AuthMethod, GrantType, Metadata, RedirectUri};

/// An app in the making. Nothing is checked before [`build`](Self::build).
#[must_use = "an app is made by `build`"]
#[derive(Clone, Debug, Default)]
pub struct AppBuilder {
    grant: GrantType,
    authorize_url: Option<String>,
    device_authorization_url: Option<String>,
    token_url: Option<String>,
    userinfo_url: Option<String>,
    revocation_url: Option<String>,
    topup_url: Option<String>,
    issuer: Option<String>,
    iss_promised: bool,
    client_id: String,
    client_secret: Option<ClientSecret>,
    auth_method: Option<AuthMethod>,
    /// What the server's metadata says that it supports.
    auth_methods: Option<Vec<AuthMethod>>,
    redirect_uri: Option<String>,
    scopes: Vec<String>,
    authorize_parameters: Vec<(String, String)>,
    token_parameters: Vec<(String, String)>,
    pkce: Option<bool>,
    rotation: Option<Rotation>,
    replay: Option<Replay>,
    default_lifetime: Option<Duration>,
    refresh_lifetime: Option<Duration>,
    api_urls: Vec<String>,
    topup_hosts: Vec<String>,
    format: TokenFormat,
    user: Option<String>,
}

/// The settings that are an optional text.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        pub fn $name(mut self, text: impl Into<String>) -> Self {
            self.$name = Some(text.into());
            self
        }
    )+};
}

impl App {
    /// An app of any OAuth 2.0 authorization server; its URLs have to be told.
    pub fn builder() -> AppBuilder {
        AppBuilder::default()
    }

    /// An app of AIHubMix behind this base URL. The published page names a host for the registration of apps
    /// alone, `https://api.aihubmix.com`, and a placeholder for everything else: so the base URL has to be told.
    ///
    /// One-click sign-in (`auto_authorize`), client secret in the body, no PKCE (the page does not know it), two
    /// hours for an access token and thirty days for a refresh token, which counts as single-use: the page says
    /// nothing about rotation.
    ///
    /// # Errors
    ///
    /// When the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn aihubmix(base_url: &str) -> Result<AppBuilder, TokenError> {
        let origin = Origin::of(base_url)
            .map_err(|error| TokenError::misconfigured(format!("the base URL is no good: {error}")))?;
        if base_url.contains('?') {
            return Err(TokenError::misconfigured("the base URL must not carry a query"));
        }
        let base = base_url.trim_end_matches('/');
        Ok(Self::builder()
            .authorize_url(format!("{base}/api/oauth2/authorize"))
            .token_url(format!("{base}/api/oauth2/token"))
            .userinfo_url(format!("{base}/api/oauth2/userinfo"))
            .topup_url(format!("{base}/api/oauth2/topup"))
            // The page does not say where top-up pages are; the vendor's domain serves them whatever the API's host.
            .topup_hosts(["aihubmix.com", origin.host()])
            .token_endpoint_auth_method(AuthMethod::ClientSecretPost)
            .authorize_parameter("auto_authorize", "true")
            .pkce(false)
            .default_lifetime(Duration::from_secs(7_200))
            .refresh_lifetime(Duration::from_secs(30 * 86_400)))
    }

    /// An app of the authorization server that this metadata describes.
    pub fn from_metadata(metadata: &Metadata) -> AppBuilder {
        AppBuilder {
            authorize_url: metadata.authorization_endpoint.clone(),
            device_authorization_url: metadata.device_authorization_endpoint.clone(),
            token_url: metadata.token_endpoint.clone(),
            userinfo_url: metadata.userinfo_endpoint.clone(),
            revocation_url: metadata.revocation_endpoint.clone(),
            issuer: Some(metadata.issuer.clone()),
            iss_promised: metadata.iss_promised,
            auth_methods: metadata.auth_methods.clone(),
            ..AppBuilder::default()
        }
    }
}

impl AppBuilder {
    /// Which grant gets the tokens. Default: [`GrantType::AuthorizationCode`].
    pub fn grant_type(mut self, grant: GrantType) -> Self {
        self.grant = grant;
        self
    }

    texts! {
        /// The authorization endpoint.
        authorize_url
        /// The device authorization endpoint ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)). With it an app may
        /// do without a redirect URI.
        device_authorization_url
        /// The token endpoint.
        token_url
        /// The userinfo endpoint. Calls to its origin may carry the token.
        userinfo_url
        /// The revocation endpoint ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).
        revocation_url
        /// The endpoint that tells where the user can top up. Calls to its origin may carry the token.
        topup_url
        /// The issuer, which a callback's `iss` must equal
        /// ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
        issuer
        /// The redirect URI, byte for byte as it is registered: HTTPS, or loopback.
        redirect_uri
        /// Whose tokens these are, where one program holds several users' tokens. See [`App::for_user`].
        user
    }

    /// The client id.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// The client secret, which never leaves the server.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(ClientSecret::new(secret));
        self
    }

    /// How the client authenticates. Default: as the metadata says, else `client_secret_basic` with a secret
    /// ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)) and `none` without one.
    pub fn token_endpoint_auth_method(mut self, method: AuthMethod) -> Self {
        self.auth_method = Some(method);
        self
    }

    /// The scopes to ask for, in this order. Default: none, which leaves it to the server.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// One more parameter of the authorization URL, and of the request for a device code, `prompt` say. Of two of a name the last one counts; an empty one
    /// takes the parameter away, AIHubMix's `auto_authorize` say.
    pub fn authorize_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        set(&mut self.authorize_parameters, name.into(), value.into());
        self
    }

    /// One more parameter of every token request, `audience` say. It must not be a secret.
    pub fn token_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        set(&mut self.token_parameters, name.into(), value.into());
        self
    }

    /// Whether sign-ins use PKCE. Default: yes.
    pub fn pkce(mut self, on: bool) -> Self {
        self.pkce = Some(on);
        self
    }

    /// Whether a refresh token survives its use. Default: [`Rotation::SingleUse`], the careful answer.
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.rotation = Some(rotation);
        self
    }

    /// Whether a refresh token whose answer was lost may be sent again. Default: [`Replay::OwnerDead`].
    pub fn replay(mut self, replay: Replay) -> Self {
        self.replay = Some(replay);
        self
    }

    /// How answers of the token endpoint are read where the standard leaves room: strictly, say, or with a lifetime of
    /// zero that means "never". Lifetimes and scopes that are told to this builder go before those of the format.
    pub fn token_format(mut self, format: TokenFormat) -> Self {
        self.format = format;
        self
    }

    /// How long an access token lives whose answer does not say.
    pub fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = Some(lifetime);
        self
    }

    /// How long a refresh token lives from its receipt: a hint, for no answer says it.
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh_lifetime = Some(lifetime);
        self
    }

    /// One more API whose origin may be called with the token.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_urls.push(url.into());
        self
    }

    /// The hosts that a top-up page may live on, their subdomains included.
    pub fn topup_hosts<S: Into<String>>(mut self, hosts: impl IntoIterator<Item = S>) -> Self {
        self.topup_hosts = hosts.into_iter().map(|host| host.into().to_ascii_lowercase()).collect();
        self
    }

    /// The app.
    ///
    /// # Errors
    ///
    /// When something that the grant needs is missing, a URL may not be called with a secret, the redirect URI
    /// is no good, or the settings contradict each other. The error names the setting.
    pub fn build(self) -> Result<App, TokenError> {
        if self.client_id.is_empty() {
            return Err(TokenError::misconfigured("client_id is missing"));
        }
        let auth = self.checked_auth_method()?;
        let Some(token_url) = self.token_url.clone() else { return missing("token_url") };
        let token_url = checked_url("token_url", token_url)?;
        unreserved("token_parameter", &self.token_parameters, TOKEN)?;
        unreserved("authorize_parameter", &self.authorize_parameters, AUTHORIZE)?;
        let (authorize_url, redirect_uri) = match self.grant {
            GrantType::ClientCredentials => (None, None),
            GrantType::AuthorizationCode if self.needs_no_browser() => (None, None),
            GrantType::AuthorizationCode => self.checked_front_channel(auth)?,
        };
        let url = |name, url: Option<String>| url.map(|url| checked_url(name, url)).transpose();
        let config = Config {
            grant: self.grant,
            authorize_url,
            device_authorization_url: url("device_authorization_url", self.device_authorization_url)?,
            token_url,
            userinfo_url: url("userinfo_url", self.userinfo_url)?,
            revocation_url: url("revocation_url", self.revocation_url)?,
            topup_url: url("topup_url", self.topup_url)?,
            api_urls: self
                .api_urls
                .into_iter()
                .map(|u| checked_url("api_url", u))
                .collect::<Result<_, _>>()?,
            issuer: self.issuer,
            iss_promised: self.iss_promised,
            client_id: self.client_id,
            client_secret: self.client_secret,
            auth,
            redirect_uri,
            scope: self.scopes.iter().flat_map(|words| words.split_ascii_whitespace()).collect::<Scope>(),
            scope_text: self.scopes.join(" "),
            authorize_parameters: self.authorize_parameters,
            token_parameters: self.token_parameters,
            pkce: self.pkce.unwrap_or(true),
            rotation: self.rotation.unwrap_or(Rotation::SingleUse),
            replay: self.replay.unwrap_or_default(),
            default_lifetime: self.default_lifetime,
            refresh_lifetime: self.refresh_lifetime,
            topup_hosts: self.topup_hosts,
            format: self.format,
        };
        Ok(App::new(config, self.user.as_deref()))
    }

    /// Users sign in on another device alone.
    fn needs_no_browser(&self) -> bool {
        self.redirect_uri.is_none() && self.device_authorization_url.is_some()
    }

    /// What a sign-in in a browser needs: where the browser goes, and where it comes back to.
    fn checked_front_channel(
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
        let in_url = form_decode(url.split_once('?').map_or("", |(_, query)| query));
        unreserved("the query of authorize_url", &in_url, AUTHORIZE)?;
        if let Some((name, _)) = in_url.iter().find(|(name, _)| named(&self.authorize_parameters, name)) {
            return Err(TokenError::misconfigured(format!(
                "the parameter {name} stands in authorize_url and in authorize_parameter"
            )));
        }
        Ok((Some(url), Some(uri)))
    }

    fn checked_auth_method(&self) -> Result<AuthMethod, TokenError> {
        let has_secret = self.client_secret.is_some();
        if self.client_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(TokenError::misconfigured("client_secret is empty"));
        }
        let post_alone = self.auth_methods.as_ref().is_some_and(|methods| {
            methods.contains(&AuthMethod::ClientSecretPost)
                && !methods.contains(&AuthMethod::ClientSecretBasic)
        });
        let method = self.auth_method.unwrap_or(match has_secret {
            true if post_alone => AuthMethod::ClientSecretPost,
            true => AuthMethod::ClientSecretBasic,
            false => AuthMethod::None,
        });
        let wants_secret = method != AuthMethod::None;
        if wants_secret && !has_secret {
            return Err(TokenError::misconfigured(format!("client_secret is missing, which {method} wants")));
        }
        if !wants_secret && has_secret {
            return Err(TokenError::misconfigured(
                "there is a client_secret, and token_endpoint_auth_method is none: it would never be used",
            ));
        }
        if !wants_secret && self.grant == GrantType::ClientCredentials {
            return Err(TokenError::misconfigured("client_credentials need a client_secret"));
        }
        Ok(method)
    }
}

/// What this crate itself puts into an authorization URL or a request for a device code, so that nobody sets it twice (RFC 6749 §3.1).
const AUTHORIZE: &[&str] = &[
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];
/// What this crate itself puts into a token request.
const TOKEN: &[&str] = &[
    "grant_type",
    "code",
    "device_code",
    "redirect_uri",
    "client_id",
    "client_secret",
    "refresh_token",
    "scope",
    "code_verifier",
];

fn set(parameters: &mut Vec<(String, String)>, name: String, value: String) {
    parameters.retain(|(known, _)| *known != name);
    // RFC 6749 §3.1: a parameter without a value is one that is not there.
    if !value.is_empty() {
        parameters.push((name, value));
    }
}

fn named(parameters: &[(String, String)], name: &str) -> bool {
    parameters.iter().any(|(known, _)| known == name)
}

fn unreserved(setting: &str, parameters: &[(String, String)], ours: &[&str]) -> Result<(), TokenError> {
    match ours.iter().find(|name| named(parameters, name)) {
        None => Ok(()),
        Some(name) => Err(TokenError::misconfigured(format!("{setting} must not set {name}"))),
    }
}

fn missing<T>(setting: &str) -> Result<T, TokenError> {
    Err(TokenError::misconfigured(format!("{setting} is missing")))
}

fn checked_url(setting: &str, url: String) -> Result<String, TokenError> {
    match Origin::of(&url) {
        Ok(_) => Ok(url),
        Err(error) => Err(TokenError::misconfigured(format!("{setting} is no good: {error}"))),
    }
}
