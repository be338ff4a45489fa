//! The provider: an app's token requests and the token answers.

use core::hash::Hasher;
use std::sync::Arc;

use wellspring_core::{
    AuthorizationGrant, Credential, GrantParameters, HttpRequest, HttpResponse, Method, Origin, Provider,
    ProviderSpec, Reading, RefreshToken, ResponseHead, TokenError, UnixTime, Verdict,
};
use wellspring_token_endpoint::ClientIdentity;
use wellspring_wire::{BasicEncoding, Form, TokenFormat, basic_authorization, judge_bearer};

use crate::checks::has_parameter;
use crate::config::{AuthMethod, Config, GrantType};
use crate::identity::{FormerRecord, Identity, key};
use crate::redirect_uri::RedirectUri;

/// [RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4)
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An OAuth 2.0 client of one authorization server. Pass it to the builder of a token source. A clone is cheap.
///
/// ```
/// use oauth2_app::{App, Callback, Entropy};
/// use wellspring_core::AuthorizationGrant;
///
/// let app = App::builder()
///     .authorize_url("https://server.example.com/authorize")
///     .token_url("https://server.example.com/token")
///     .client_id("client_abc123def456")
///     .client_secret("secret_xyz789uvw012")
///     .redirect_uri("https://yourapp.com/oauth/callback")
///     .scopes(["profile", "email"])
///     .build()?;
///
/// // In a program: `Entropy::from_system()`, with the feature `getrandom`.
/// let authorization = app.authorize(&Entropy::new([7; 64]))?;
/// assert!(authorization.url.starts_with("https://server.example.com/authorize?client_id=client_abc123def456&"));
///
/// // The browser loads the redirect URI with a code and the state.
/// let state = authorization.login.state().expose().to_owned();
/// let callback = Callback::read(&format!("code=code_1&state={state}"));
/// let grant = app.finish(authorization.login, &callback)?;
/// assert!(matches!(grant, AuthorizationGrant::AuthorizationCode { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct App {
    config: Arc<Config>,
    spec: Arc<ProviderSpec>,
}

impl App {
    pub(crate) fn new(config: Config, identity: &Identity, former: FormerRecord) -> Self {
        let mut spec = ProviderSpec::new("oauth2-app", key(&config, identity, former));
        if config.grant == GrantType::AuthorizationCode {
            spec.requested_scope = config.scope.clone();
        }
        spec.credentials = config.grant == GrantType::ClientCredentials;
        spec.rotation = config.rotation;
        spec.replay = config.replay;
        spec.origins = config
            .api_urls
            .iter()
            .chain(&config.userinfo_url)
            .filter_map(|url| Origin::of(url).ok())
            .collect();
        spec.origins.sort_unstable();
        spec.origins.dedup();
        spec.calls = config.calls.clone();
        Self { config: Arc::new(config), spec: Arc::new(spec) }
    }

    /// The same app for the tokens of this user. The name is the application's own. It replaces the name of a profile.
    #[must_use]
    pub fn for_user(&self, user: &str) -> Self {
        let mut app = self.clone();
        Arc::make_mut(&mut app.spec).key =
            key(&self.config, &Identity::User(user.to_owned()), FormerRecord::SameUser);
        app
    }

    /// The client id. It is public.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.config.client_id
    }

    /// The redirect URI; `None` if this app's users sign in only on another device, or no user signs in.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&RedirectUri> {
        self.config.redirect_uri.as_ref()
    }

    /// The `grant_type` by which this app gets its tokens.
    #[must_use]
    pub fn grant_type(&self) -> &str {
        self.config.grant_type()
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    fn token_request(&self, grant: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        let form = match (grant, &self.config.own_grant) {
            (AuthorizationGrant::ClientCredentials, Some(own)) => {
                self.extension_form(&own.grant_type, &own.parameters(now)?)?
            }
            (grant, _) => self.form(grant)?,
        };
        let parameters = &self.config.token_parameters;
        let form = parameters.iter().fold(form, |form, (name, value)| form.pair(name.clone(), value));
        let client = ClientIdentity {
            id: &self.config.client_id,
            secret: self.config.client_secret.as_ref(),
            certificate: self.config.client_certificate.as_ref(),
        };
        let members: Vec<_> = form.iter().collect();
        let (spec, url) = (&self.config.request, &self.config.token_url);
        let request = match grant {
            AuthorizationGrant::RefreshToken(_) => spec.refresh_request(url, client, &members)?,
            _ => spec.request(url, client, &members)?,
        };
        // Some servers answer with a form unless the request asks for JSON.
        Ok(request.header("Accept", "application/json"))
    }

    /// The parameters of this grant.
    fn form(&self, grant: &AuthorizationGrant) -> Result<Form, TokenError> {
        Ok(match grant {
            AuthorizationGrant::ClientCredentials if self.config.grant == GrantType::ClientCredentials => {
                Form::new()
                    .pair("grant_type", "client_credentials")
                    .pair_if("scope", self.config.scope_text())
            }
            AuthorizationGrant::Extension(grant) => {
                self.extension_form(grant.grant_type(), grant.parameters())?
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
                    "this app has no client credentials grant: a user has to sign in",
                ));
            }
        })
    }

    /// RFC 6749 §3.2: parameters must not be sent more than once.
    fn extension_form(&self, grant_type: &str, parameters: &GrantParameters) -> Result<Form, TokenError> {
        let config = &self.config;
        let form = Form::new().pair("grant_type", grant_type).pair_if("scope", config.scope_text());
        parameters.iter().try_fold(form, |form, (name, value)| {
            let is_ours = ["client_id", "client_secret"].contains(&name);
            if is_ours || form.contains(name) || has_parameter(&config.token_parameters, name) {
                return Err(TokenError::misconfigured(format!(
                    "the parameter {name} of the grant is set a second time"
                )));
            }
            Ok(form.pair(name.to_owned(), value.expose()))
        })
    }

    /// A form for an endpoint of the server, with the client's one authentication method
    /// ([RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).
    pub(crate) fn authenticated(&self, url: &str, form: Form) -> HttpRequest {
        let config = &self.config;
        let secret = config.client_secret.as_ref();
        let request = HttpRequest::new(Method::Post, url)
            .header("Content-Type", Form::CONTENT_TYPE)
            // Some servers answer with a form unless the request asks for JSON.
            .header("Accept", "application/json");
        match (config.auth, secret) {
            (AuthMethod::ClientSecretBasic, Some(secret)) => {
                let authorization = basic_authorization(&config.client_id, secret, config.basic);
                request.header("Authorization", authorization).body(form.encode())
            }
            (_, secret) => {
                let form = form.pair_if("client_id", Some(&config.client_id));
                let form = form.pair_if("client_secret", secret.map(|secret| secret.expose()));
                request.body(form.encode())
            }
        }
    }

    pub(crate) fn revocation_request(&self, token: &str, hint: &'static str) -> Option<HttpRequest> {
        let url = self.config.revocation_url.as_deref()?;
        Some(self.authenticated(url, Form::new().pair("token", token).pair("token_type_hint", hint)))
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
        format = format.parameters(config.request.secret_parameters());
        // A short value is not a secret, and redacting it would cut other words of a message.
        let headers = config.request.headers().map(|(_, value)| value).filter(|value| value.len() >= 8);
        let secret = config.client_secret.as_ref().map(|secret| secret.expose());
        headers.chain(secret).fold(format, TokenFormat::secret)
    }
}

impl Provider for App {
    fn request(&self, grant: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        self.token_request(grant, now)
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        let mut format = self.format();
        // An endpoint may repeat the parameters of the request in its error.
        if let (AuthorizationGrant::ClientCredentials, Some(own)) = (grant, &self.config.own_grant) {
            if let Ok(parameters) = own.parameters(now) {
                format = format.parameters(&parameters);
            }
        }
        format.reading(grant, response, now)
    }

    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        self.revocation_request(token.expose(), "refresh_token")
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        judge_bearer(head)
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        let config = &self.config;
        let mut credential = Credential::new(hasher);
        credential.client(&config.client_id).method(config.auth.as_str());
        if config.basic == BasicEncoding::Verbatim {
            credential.method("verbatim");
        }
        for (name, value) in config.request.headers() {
            credential.header(name, value);
        }
        for (_, value) in config.request.secret_parameters().iter() {
            credential.secret(value.expose());
        }
        if let Some(secret) = &config.client_secret {
            credential.secret(secret.expose());
        }
        if let Some(certificate) = &config.client_certificate {
            credential.certificate(certificate.as_bytes());
        }
    }

    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }
}
