//! The app: its token requests and what their answers mean.

use core::hash::Hasher;
use std::sync::Arc;

use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Method, Origin, Provider, ProviderSpec, Reading,
    RefreshToken, ResponseHead, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring_wire::{BasicEncoding, Form, TokenFormat, basic_authorization, judge_bearer};

use crate::config::Config;
use crate::{AuthMethod, GrantType, RedirectUri};

/// [RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4)
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An OAuth 2.0 client of one authorization server. This is what a token source is made from; cheap to clone.
///
/// ```
/// use oauth2_app::{App, Callback, Entropy};
/// use wellspring_core::Spend;
///
/// let app = App::aihubmix("https://api.aihubmix.com")?
///     .client_id("client_abc123def456")
///     .client_secret("secret_xyz789uvw012")
///     .redirect_uri("https://yourapp.com/oauth/callback")
///     .scopes(["profile", "balance"])
///     .build()?;
///
/// // 64 bytes from the operating system; `Entropy::from_system()` with feature `getrandom`.
/// let authorization = app.authorize(&Entropy::new([7; 64]))?;
/// assert!(authorization.url.starts_with("https://api.aihubmix.com/api/oauth2/authorize?client_id=client_abc123def456&"));
///
/// // The browser comes back with a code and the state, and the code is spent once.
/// let state = authorization.login.state().expose().to_owned();
/// let callback = Callback::read(&format!("code=code_1&state={state}"));
/// assert!(matches!(app.finish(authorization.login, &callback)?, Spend::Code { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct App {
    config: Arc<Config>,
    profile: ProviderSpec,
}

impl App {
    pub(crate) fn new(config: Config, user: Option<&str>) -> Self {
        let mut profile = ProviderSpec::new("oauth2-app", key(&config, user));
        profile.credentials = config.grant == GrantType::ClientCredentials;
        profile.rotation = config.rotation;
        profile.replay = config.replay;
        profile.origins = config
            .api_urls
            .iter()
            .chain(&config.userinfo_url)
            .chain(&config.topup_url)
            .filter_map(|url| Origin::of(url).ok())
            .collect();
        profile.origins.sort_unstable();
        profile.origins.dedup();
        Self { config: Arc::new(config), profile }
    }

    /// The same app for this user's tokens: whoever signed in, in the application's own terms.
    #[must_use]
    pub fn for_user(&self, user: &str) -> Self {
        let mut app = self.clone();
        app.profile.key = key(&self.config, Some(user));
        app
    }

    /// The client id, which is public.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.config.client_id
    }

    /// Where the authorization server sends the user back to; `None` where no browser is sent there.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&RedirectUri> {
        self.config.redirect_uri.as_ref()
    }

    /// Which grant gets the tokens.
    #[must_use]
    pub fn grant_type(&self) -> GrantType {
        self.config.grant
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    fn token_request(&self, spend: &AuthorizationGrant) -> Result<HttpRequest, TokenError> {
        let form = match spend {
            AuthorizationGrant::ClientCredentials if self.config.grant == GrantType::ClientCredentials => {
                Form::new()
                    .pair("grant_type", "client_credentials")
                    .pair_if("scope", self.config.scope_text())
            }
            AuthorizationGrant::AuthorizationCode { code, redirect_uri, verifier } => Form::new()
                .pair("grant_type", "authorization_code")
                .pair("code", code.expose())
                .pair("redirect_uri", redirect_uri)
                .pair_if("code_verifier", verifier.as_ref().map(|verifier| verifier.expose())),
            AuthorizationGrant::DeviceCode(code) => {
                Form::new().pair("grant_type", DEVICE_CODE).pair("device_code", code.expose())
            }
            AuthorizationGrant::RefreshToken(token) => {
                Form::new().pair("grant_type", "refresh_token").pair("refresh_token", token.expose())
            }
            _ => {
                return Err(TokenError::misconfigured(
                    "this app has no credentials to spend: a user signs in",
                ));
            }
        };
        let parameters = &self.config.token_parameters;
        let form = parameters.iter().fold(form, |form, (name, value)| form.pair(name.clone(), value));
        Ok(self.authenticated(&self.config.token_url, form))
    }

    /// A form to one of the server's endpoints, with the client's one way of authentication
    /// ([RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).
    pub(crate) fn authenticated(&self, url: &str, form: Form) -> HttpRequest {
        let config = &self.config;
        let secret = config.client_secret.as_ref();
        let request = HttpRequest::new(Method::Post, url)
            .header("Content-Type", Form::CONTENT_TYPE)
            // Some servers answer with a form to whoever does not ask for JSON.
            .header("Accept", "application/json");
        match (config.auth, secret) {
            (AuthMethod::ClientSecretBasic, Some(secret)) => {
                let authorization = basic_authorization(&config.client_id, secret, BasicEncoding::Form);
                request.header("Authorization", authorization).body(form.encode())
            }
            (_, secret) => {
                let form = form.pair("client_id", &config.client_id);
                let form = form.pair_if("client_secret", secret.map(|secret| secret.expose()));
                request.body(form.encode())
            }
        }
    }

    pub(crate) fn format(&self) -> TokenFormat {
        let config = &self.config;
        let mut format = config.format.clone();
        if config.grant == GrantType::ClientCredentials {
            format = format.without_refresh_token();
        }
        if let Some(lifetime) = config.default_lifetime {
            format = format.default_lifetime(lifetime);
        }
        if let Some(lifetime) = config.refresh_lifetime {
            format = format.default_refresh_lifetime(lifetime);
        }
        if !config.scope.is_empty() {
            format = format.requested_scope(config.scope.clone());
        }
        match &config.client_secret {
            Some(secret) => format.secret(secret.expose()),
            None => format,
        }
    }
}

fn key(config: &Config, user: Option<&str>) -> TokenKey {
    let mut key =
        TokenKey::new("oauth2-app", &config.token_url).client(&config.client_id).grant(config.grant.as_str());
    if let Some(user) = user {
        key = key.user(user);
    }
    // `audience` and its like tell tokens apart.
    for (name, value) in &config.token_parameters {
        key = key.resource(name).resource(value);
    }
    key.scope(&config.scope)
}

impl Provider for App {
    fn request(&self, spend: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        self.token_request(spend)
    }

    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.format().reading(spend, response, now)
    }

    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        self.revocation_of(token.expose(), "refresh_token")
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        judge_bearer(head)
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        if let Some(secret) = &self.config.client_secret {
            hasher.write(secret.expose().as_bytes());
        }
    }

    fn spec(&self) -> &ProviderSpec {
        &self.profile
    }
}
