//! Builds the provider of a profile.

use std::sync::Arc;

use hive_auth::HiveAuth;
use oauth2_app::{App, AppBuilder, AuthMethod, GrantType, Metadata, aihubmix};
use pix_bacen::{Endpoint, Gateway};
use wellspring_core::{GrantParameters, Provider, Rotation};
use wellspring_token_endpoint::{ClientAuthentication, StaticToken, TokenClient, TokenRequestSpec};

use crate::error::Error;
use crate::identity::identify;
use crate::place::Place;
use crate::profile::Profile;
use crate::settings::{self, Oauth2App, PixBacen, ProviderSettings};
use crate::value::Value;

/// The provider of a profile.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyProvider {
    /// A PIX gateway.
    PixBacen(Box<Gateway>),
    /// An application of an authorization server.
    Oauth2App(App),
    /// The Hive blockchain.
    HiveAuth(Box<HiveAuth>),
    /// Any token endpoint, as the profile describes it.
    Custom(Box<TokenClient>),
    /// A token without a token endpoint.
    Static(Box<StaticToken>),
}

impl From<AnyProvider> for Arc<dyn Provider> {
    fn from(provider: AnyProvider) -> Self {
        match provider {
            AnyProvider::PixBacen(gateway) => Arc::new(*gateway),
            AnyProvider::Oauth2App(app) => Arc::new(app),
            AnyProvider::HiveAuth(hive) => Arc::new(*hive),
            AnyProvider::Custom(client) => Arc::new(*client),
            AnyProvider::Static(token) => Arc::new(*token),
        }
    }
}

/// How a profile gets its first token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SignsIn {
    /// With its own credentials: no person needs to sign in.
    NotNeeded,
    /// A person signs in with a browser, which then returns to the redirect URI.
    ByBrowser {
        /// The redirect URI.
        redirect_uri: String,
        /// Where the file sets it.
        place: Place,
    },
    /// A person signs in on another device
    /// ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)), if the server supports it.
    OnDevice,
    /// A person must sign in, and the profile names neither a redirect URI nor a device authorization endpoint.
    Unspecified,
}

impl Profile {
    /// The provider of the token. If the profile names an `issuer`, this uses what the issuer said within the last 24 hours;
    /// otherwise it asks the issuer and blocks for at most the policy's deadline. If the issuer does not answer, what it said
    /// before is used.
    ///
    /// # Errors
    ///
    /// If a setting is missing or invalid, or the issuer does not answer and has not answered before.
    pub fn provider(&self) -> Result<AnyProvider, Error> {
        self.provider_from(self.metadata()?.as_ref(), None)
    }

    pub(crate) fn provider_from(
        &self,
        metadata: Option<&Metadata>,
        redirect_uri: Option<&str>,
    ) -> Result<AnyProvider, Error> {
        Ok(match &self.provider {
            ProviderSettings::PixBacen(settings) => AnyProvider::PixBacen(Box::new(gateway(self, settings)?)),
            ProviderSettings::Oauth2App(settings) => {
                AnyProvider::Oauth2App(app(self, settings, redirect_uri, start(self, settings, metadata)?)?)
            }
            ProviderSettings::HiveAuth(settings) => AnyProvider::HiveAuth(Box::new(hive(self, settings)?)),
            ProviderSettings::Custom(settings) => {
                let certificate = certificate(self)?;
                AnyProvider::Custom(Box::new(settings.client(&self.place, certificate.as_deref())?))
            }
            ProviderSettings::Static(settings) => AnyProvider::Static(Box::new(settings.provider()?)),
        })
    }

    /// The provider as an application that people sign in to. A `redirect_uri` replaces that of the profile.
    ///
    /// # Errors
    ///
    /// As for [`provider`](Self::provider), and if the profile has another provider than `oauth2-app`.
    pub fn app(&self, redirect_uri: Option<&str>) -> Result<App, Error> {
        self.app_from(self.metadata()?.as_ref(), redirect_uri)
    }

    /// As [`app`](Self::app), with metadata of the issuer that is at hand. Sends nothing.
    ///
    /// # Errors
    ///
    /// As for [`app`](Self::app).
    pub fn app_with(&self, metadata: &Metadata, redirect_uri: Option<&str>) -> Result<App, Error> {
        self.app_from(Some(metadata), redirect_uri)
    }

    fn app_from(&self, metadata: Option<&Metadata>, redirect_uri: Option<&str>) -> Result<App, Error> {
        match self.provider_from(metadata, redirect_uri)? {
            AnyProvider::Oauth2App(app) => Ok(app),
            _ => Err(self.place.error("is not an application; set provider = \"oauth2-app\" for one")),
        }
    }

    /// How the profile gets its first token.
    ///
    /// # Errors
    ///
    /// If the grant type or the redirect URI cannot be read.
    pub fn signs_in(&self) -> Result<SignsIn, Error> {
        let ProviderSettings::Oauth2App(settings) = &self.provider else { return Ok(SignsIn::NotNeeded) };
        let grant = settings.grant_type.as_ref().map(|grant| grant.one_of(&GRANTS)).transpose()?;
        if grant.unwrap_or_default() != Grant::AuthorizationCode {
            return Ok(SignsIn::NotNeeded);
        }
        Ok(match &settings.redirect_uri {
            Some(uri) => {
                SignsIn::ByBrowser { redirect_uri: uri.text()?.to_string(), place: uri.place.clone() }
            }
            // The metadata of the issuer may name a device authorization endpoint.
            None if settings.device_authorization_url.is_some() || settings.issuer.is_some() => {
                SignsIn::OnDevice
            }
            None => SignsIn::Unspecified,
        })
    }
}

/// The text of an optional setting.
fn text(value: Option<&Value>) -> Result<Option<String>, Error> {
    value.map(|value| Ok(value.text()?.to_string())).transpose()
}

fn gateway(profile: &Profile, settings: &PixBacen) -> Result<Gateway, Error> {
    let endpoint = endpoint(profile, settings)?;
    let standard = match &settings.flavour {
        Some(flavour) => flavour.one_of(&[("pix-bacen", false), ("standard", true)])?,
        None => false,
    };
    let endpoint = if standard { endpoint.standard() } else { endpoint };
    let (id, secret) = (settings.client_id.text()?, settings.client_secret.text()?);
    let made = endpoint.credentials(id.as_str(), secret.as_str());
    let mut gateway =
        made.map_err(|error| settings.client_secret.place.error(format_args!("is invalid: {error}")))?;
    if let Some(scope) = &settings.scope {
        let asked = gateway.scope(&scope.text()?);
        gateway = asked.map_err(|error| scope.place.error(format_args!("is invalid: {error}")))?;
    }
    if let Some(pem) = certificate(profile)? {
        gateway = gateway.client_certificate(&pem).map_err(|error| profile.place().error(error))?;
    }
    Ok(gateway.calls(settings.tables.calls()?))
}

fn endpoint(profile: &Profile, settings: &PixBacen) -> Result<Endpoint, Error> {
    match (&settings.gateway, &settings.base_url) {
        (Some(name), None) => Gateway::named(&name.text()?).ok_or_else(|| {
            name.place.error("must be one of: goforge, fire-banking, avista, ntx-pay, safira-pay")
        }),
        (None, Some(url)) => Gateway::base_url(url.text()?.as_str())
            .map_err(|error| url.place.error(format_args!("is invalid: {error}"))),
        _ => Err(profile.place().error("needs either `gateway` or `base_url`")),
    }
}

/// The client certificate of the TLS settings, as PEM without its chain.
fn certificate(profile: &Profile) -> Result<Option<String>, Error> {
    profile.tls()?.certificate_pem().map_err(|fault| profile.place().error(fault))
}

/// Vendors with known endpoints.
pub(crate) const PRESETS: [(&str, ()); 1] = [("aihubmix", ())];

/// How an app gets its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Grant {
    #[default]
    AuthorizationCode,
    ClientCredentials,
    /// A vendor's own: client credentials with the account in `token_parameters`.
    AccountCredentials,
}

const ACCOUNT_CREDENTIALS: &str = "account_credentials";

const GRANTS: [(&str, Grant); 3] = [
    ("authorization_code", Grant::AuthorizationCode),
    ("client_credentials", Grant::ClientCredentials),
    (ACCOUNT_CREDENTIALS, Grant::AccountCredentials),
];

const METHODS: [(&str, AuthMethod); 5] = [
    ("client_secret_post", AuthMethod::ClientSecretPost),
    ("client_secret_basic", AuthMethod::ClientSecretBasic),
    ("none", AuthMethod::None),
    ("tls_client_auth", AuthMethod::TlsClientAuth),
    ("self_signed_tls_client_auth", AuthMethod::SelfSignedTlsClientAuth),
];

/// The app, from a builder with the endpoints of the preset or the issuer.
fn app(
    profile: &Profile,
    settings: &Oauth2App,
    redirect_uri: Option<&str>,
    start: AppBuilder,
) -> Result<App, Error> {
    let Some(client_id) = &settings.client_id else {
        return Err(profile.place().error(format_args!(
            "lacks `client_id`; add it: `wellspring apps create {}` registers an app and prints it",
            profile.name()
        )));
    };
    let mut app = start.client_id(client_id.text()?.as_str());
    type Set = fn(AppBuilder, String) -> AppBuilder;
    let texts: [(&Option<Value>, Set); 7] = [
        (&settings.authorize_url, AppBuilder::authorize_url),
        (&settings.device_authorization_url, AppBuilder::device_authorization_url),
        (&settings.token_url, AppBuilder::token_url),
        (&settings.userinfo_url, AppBuilder::userinfo_url),
        (&settings.revocation_url, AppBuilder::revocation_url),
        (&settings.redirect_uri, AppBuilder::redirect_uri),
        (&settings.client_secret, AppBuilder::client_secret),
    ];
    for (value, set) in texts {
        if let Some(text) = text(value.as_ref())? {
            app = set(app, text);
        }
    }
    if let Some(uri) = redirect_uri {
        app = app.redirect_uri(uri);
    }
    let grant = settings.grant_type.as_ref().map(|grant| grant.one_of(&GRANTS)).transpose()?;
    app = match (grant.unwrap_or_default(), &settings.user) {
        (Grant::AuthorizationCode, _) => identify(app, profile.name(), settings, &profile.claims)?,
        (_, Some(user)) => {
            return Err(user.place.error("is for a profile that a person signs in to; remove it"));
        }
        (Grant::ClientCredentials, None) => app.grant_type(GrantType::ClientCredentials),
        (Grant::AccountCredentials, None) => {
            app.extension_grant(ACCOUNT_CREDENTIALS, profile.name(), |_| Ok(GrantParameters::new()))
        }
    };
    if let Some(pem) = certificate(profile)? {
        app = app.client_certificate(pem);
    }
    app = dialect(profile, app, settings)?;
    if let Some(method) = &settings.token_endpoint_auth_method {
        app = app.token_endpoint_auth_method(method.one_of(&METHODS)?);
    }
    if let Some(scopes) = &settings.scopes {
        let scopes = scopes.iter().map(|scope| Ok(scope.text()?.to_string()));
        app = app.scopes(scopes.collect::<Result<Vec<_>, Error>>()?);
    }
    for (name, value) in &settings.authorize_parameters {
        app = app.authorize_parameter(name, value.text()?.as_str());
    }
    for (name, value) in &settings.token_parameters {
        app = app.token_parameter(name, value.text()?.as_str());
    }
    app.build().map_err(|error| profile.place().error(format_args!("cannot be used: {error}")))
}

/// The app with what the tables of the profile say.
fn dialect(profile: &Profile, mut app: AppBuilder, settings: &Oauth2App) -> Result<AppBuilder, Error> {
    let tables = &settings.tables;
    let mut authentication = None;
    if let Some(request) = &tables.request {
        let method = request.authentication()?;
        // A preset says how a secret is sent, for clients that have one.
        let own = |value: &Value| value.place.file == profile.place().file;
        if method.is_some_and(|(value, _)| !own(value)) && settings.client_secret.is_none() {
            authentication = Some(ClientAuthentication::None);
        }
        let own = method.filter(|(value, _)| own(value));
        if let (Some((value, _)), Some(_)) = (own, &settings.token_endpoint_auth_method) {
            return Err(value
                .place
                .error("says what `token_endpoint_auth_method` says too; remove one of them"));
        }
        for name in ["client_id", "client_secret"] {
            if request.sets(name) {
                return Err(request
                    .place
                    .error(format_args!("must not set {name}; write it into the profile itself")));
            }
        }
    }
    if tables.say_the_request()? {
        let spec = tables.spec(TokenRequestSpec::new(""))?;
        app = app.token_request(match authentication {
            Some(authentication) => spec.authentication(authentication),
            None => spec,
        });
    }
    if let Some(response) = &tables.response {
        app = app.token_format(response.format()?);
        if let Some(lifetime) = response.default_lifetime()? {
            app = app.default_lifetime(lifetime);
        }
        if let Some(lifetime) = response.refresh_lifetime()? {
            app = app.refresh_lifetime(lifetime);
        }
    }
    if let Some(pkce) = &settings.pkce {
        app = app.pkce(pkce.one_of(&[("true", true), ("false", false)])?);
    }
    if let Some(rotation) = &settings.rotation {
        let words = [("single_use", Rotation::SingleUse), ("reusable", Rotation::Reusable)];
        app = app.rotation(rotation.one_of(&words)?);
    }
    Ok(app.calls(tables.calls()?))
}

/// A builder with the endpoints of the preset or the issuer.
fn start(profile: &Profile, settings: &Oauth2App, metadata: Option<&Metadata>) -> Result<AppBuilder, Error> {
    match (&settings.preset, &settings.issuer) {
        (Some(preset), None) => {
            preset.one_of(&PRESETS)?;
            let Some(url) = &settings.base_url else {
                return Err(profile
                    .place()
                    .error("lacks `base_url`, which the preset aihubmix needs; add it"));
            };
            aihubmix::app(url.text()?.as_str())
                .map_err(|error| url.place.error(format_args!("is invalid: {error}")))
        }
        (None, Some(issuer)) => match metadata {
            Some(metadata) => Ok(App::from_metadata(metadata)),
            None => Err(issuer.place.error("has not been asked yet")),
        },
        (Some(_), Some(issuer)) => {
            Err(issuer.place.error("cannot be combined with `preset`; remove one of them"))
        }
        (None, None) => match &settings.base_url {
            Some(url) => Err(url.place.error("needs `preset`; add it, or use `token_url` instead")),
            None => Ok(App::builder()),
        },
    }
}

fn hive(profile: &Profile, settings: &settings::HiveAuth) -> Result<HiveAuth, Error> {
    let endpoint = match (&settings.environment, &settings.base_url) {
        (Some(name), None) => {
            name.one_of::<fn() -> _>(&[("live", HiveAuth::live), ("sandbox", HiveAuth::sandbox)])?()
        }
        (None, Some(url)) => {
            let endpoint = HiveAuth::base_url(url.text()?.as_str());
            endpoint.map_err(|error| url.place.error(format_args!("is invalid: {error}")))?
        }
        _ => return Err(profile.place().error("needs either `environment` or `base_url`")),
    };
    let hive = endpoint.credentials(settings.id.text()?.as_str(), settings.secret_key.text()?.as_str());
    let hive = hive.map_err(|error| settings.secret_key.place.error(format_args!("is invalid: {error}")))?;
    let hive = hive.calls(settings.tables.calls()?);
    match certificate(profile)? {
        Some(pem) => hive.client_certificate(&pem).map_err(|error| profile.place().error(error)),
        None => Ok(hive),
    }
}
