//! From a profile to its provider.

use core::time::Duration;
use std::sync::Arc;

use hive_auth::HiveAuth;
use oauth2_app::{App, AppBuilder, AuthMethod, Discovery, GrantType};
use pix_bacen::{Endpoint, Gateway};
use wellspring_core::Provider;
use wellspring_transport_blocking::{Tls, UreqTransport};

use crate::configuration::profile::{self, Oauth2App, PixBacen, Profile};
use crate::configuration::value::Value;
use crate::exit::{Failure, say};

/// The provider that this profile describes, and the app where it is one. A sign-in may come back to another redirect
/// URI than the profile's: one whose port was left open.
pub(crate) fn of(
    profile: &Profile,
    tls: &Tls,
    within: Duration,
    redirect_uri: Option<&str>,
) -> Result<(Arc<dyn Provider>, Option<App>), Failure> {
    Ok(match &profile.provider {
        profile::Provider::PixBacen(settings) => (Arc::new(gateway(profile, settings, tls)?), None),
        profile::Provider::Oauth2App(settings) => {
            let app = app(profile, settings, tls, within, redirect_uri)?;
            (Arc::new(app.clone()), Some(app))
        }
        profile::Provider::HiveAuth(settings) => (Arc::new(hive(profile, settings)?), None),
    })
}

/// How a profile gets its first token.
#[derive(Debug)]
pub(crate) enum SignsIn<'a> {
    /// By its own credentials.
    Nobody,
    /// A person, who comes back to this redirect URI.
    Here(&'a Value),
    /// A person, on another device.
    Elsewhere,
}

/// How this profile does.
pub(crate) fn signs_in(profile: &Profile) -> Result<SignsIn<'_>, Failure> {
    let profile::Provider::Oauth2App(settings) = &profile.provider else { return Ok(SignsIn::Nobody) };
    let grant = settings.grant_type.as_ref().map(|grant| grant.one_of(&GRANTS)).transpose()?;
    if grant == Some(GrantType::ClientCredentials) {
        return Ok(SignsIn::Nobody);
    }
    match &settings.redirect_uri {
        Some(uri) => Ok(SignsIn::Here(uri)),
        // Whether an issuer has an endpoint for it is for its metadata to say.
        None if settings.device_authorization_url.is_some() || settings.issuer.is_some() => {
            Ok(SignsIn::Elsewhere)
        }
        None => Err(profile.place.failure(
            "lacks `redirect_uri` or `device_authorization_url`, one of which a sign-in needs; add it",
        )),
    }
}

/// The text of a setting that may be left out.
fn text(value: Option<&Value>) -> Result<Option<String>, Failure> {
    value.map(|value| Ok(value.text()?.to_string())).transpose()
}

fn gateway(profile: &Profile, settings: &PixBacen, tls: &Tls) -> Result<Gateway, Failure> {
    let endpoint = endpoint(profile, settings)?;
    let standard = match &settings.flavour {
        Some(flavour) => flavour.one_of(&[("pix-bacen", false), ("standard", true)])?,
        None => false,
    };
    let endpoint = if standard { endpoint.standard() } else { endpoint };
    let (id, secret) = (settings.client_id.text()?, settings.client_secret.text()?);
    let made = endpoint.credentials(id.as_str(), secret.as_str());
    let mut gateway =
        made.map_err(|error| settings.client_secret.place.failure(format_args!("is no good: {error}")))?;
    if let Some(scope) = &settings.scope {
        let asked = gateway.scope(&scope.text()?);
        gateway = asked.map_err(|error| scope.place.failure(format_args!("is no good: {error}")))?;
    }
    if let Some(pem) = tls.certificate() {
        gateway = gateway.client_certificate(&leaf(pem)).map_err(|error| profile.place.failure(error))?;
    }
    for warning in gateway.warnings() {
        say(format_args!("wellspring: {warning}"));
    }
    Ok(gateway)
}

fn endpoint(profile: &Profile, settings: &PixBacen) -> Result<Endpoint, Failure> {
    match (&settings.gateway, &settings.base_url) {
        (Some(name), None) => Gateway::named(&name.text()?).ok_or_else(|| {
            name.place.failure("must be one of: goforge, fire-banking, avista, ntx-pay, safira-pay")
        }),
        (None, Some(url)) => Gateway::base_url(&url.text()?)
            .map_err(|error| url.place.failure(format_args!("is no good: {error}"))),
        _ => Err(profile.place.failure("needs either `gateway` or `base_url`")),
    }
}

/// The certificate of a PEM file that may hold its chain and its key as well.
fn leaf(pem: &[u8]) -> String {
    const END: &str = "-----END CERTIFICATE-----";
    let pem = String::from_utf8_lossy(pem);
    let start = pem.find("-----BEGIN CERTIFICATE-----").unwrap_or(0);
    let end = pem.find(END).map_or(pem.len(), |at| at.saturating_add(END.len()));
    pem.get(start..end).unwrap_or_default().to_owned()
}

const GRANTS: [(&str, GrantType); 2] = [
    ("authorization_code", GrantType::AuthorizationCode),
    ("client_credentials", GrantType::ClientCredentials),
];

const METHODS: [(&str, AuthMethod); 3] = [
    ("client_secret_post", AuthMethod::ClientSecretPost),
    ("client_secret_basic", AuthMethod::ClientSecretBasic),
    ("none", AuthMethod::None),
];

fn app(
    profile: &Profile,
    settings: &Oauth2App,
    tls: &Tls,
    within: Duration,
    redirect_uri: Option<&str>,
) -> Result<App, Failure> {
    let Some(client_id) = &settings.client_id else {
        return Err(profile.place.failure(format_args!(
            "lacks `client_id`; add it: `wellspring apps create {}` registers an app and prints it",
            profile.name
        )));
    };
    let mut app = start(profile, settings, tls, within)?.client_id(client_id.text()?.as_str());
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
    if let Some(grant) = &settings.grant_type {
        app = app.grant_type(grant.one_of(&GRANTS)?);
    }
    if let Some(method) = &settings.token_endpoint_auth_method {
        app = app.token_endpoint_auth_method(method.one_of(&METHODS)?);
    }
    if let Some(scopes) = &settings.scopes {
        let scopes = scopes.iter().map(|scope| Ok(scope.text()?.to_string()));
        app = app.scopes(scopes.collect::<Result<Vec<_>, Failure>>()?);
    }
    for (name, value) in &settings.authorize_parameters {
        app = app.authorize_parameter(name, value.text()?.as_str());
    }
    for (name, value) in &settings.token_parameters {
        app = app.token_parameter(name, value.text()?.as_str());
    }
    app.build().map_err(|error| profile.place.failure(format_args!("cannot be used: {error}")))
}

/// What is known of the server without being told URL by URL.
fn start(
    profile: &Profile,
    settings: &Oauth2App,
    tls: &Tls,
    within: Duration,
) -> Result<AppBuilder, Failure> {
    match (&settings.preset, &settings.issuer) {
        (Some(preset), None) => {
            preset.one_of(&[("aihubmix", ())])?;
            let Some(url) = &settings.base_url else {
                return Err(profile
                    .place
                    .failure("lacks `base_url`, which the preset aihubmix needs; add it"));
            };
            App::aihubmix(&url.text()?)
                .map_err(|error| url.place.failure(format_args!("is no good: {error}")))
        }
        (None, Some(issuer)) => {
            let url = issuer.text()?;
            Discovery::new(url.as_str())
                .map_err(|error| issuer.place.failure(format_args!("is no good: {error}")))?;
            let transport = UreqTransport::new(tls.clone())?;
            let metadata = oauth2_app::blocking::discover(&transport, &url, within)?;
            Ok(App::from_metadata(&metadata))
        }
        (Some(_), Some(issuer)) => {
            Err(issuer.place.failure("cannot stand beside `preset`; leave one of them out"))
        }
        (None, None) => match &settings.base_url {
            Some(url) => Err(url.place.failure("is for a preset; add `preset`, or `token_url` in its stead")),
            None => Ok(App::builder()),
        },
    }
}

fn hive(profile: &Profile, settings: &profile::HiveAuth) -> Result<HiveAuth, Failure> {
    let endpoint = match (&settings.environment, &settings.base_url) {
        (Some(name), None) => {
            name.one_of::<fn() -> _>(&[("live", HiveAuth::live), ("sandbox", HiveAuth::sandbox)])?()
        }
        (None, Some(url)) => {
            let endpoint = HiveAuth::base_url(&url.text()?);
            endpoint.map_err(|error| url.place.failure(format_args!("is no good: {error}")))?
        }
        _ => return Err(profile.place.failure("needs either `environment` or `base_url`")),
    };
    let hive = endpoint.credentials(settings.id.text()?.as_str(), settings.secret_key.text()?.as_str());
    hive.map_err(|error| settings.secret_key.place.failure(format_args!("is no good: {error}")))
}
