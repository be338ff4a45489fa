//! The provider of a scenario, set up against its server.

use std::sync::Arc;

use hive_auth::HiveAuth;
use oauth2_app::{App, AuthMethod, Callback, Entropy, GrantType, PendingLogin, aihubmix};
use pix_bacen::Gateway;
use wellspring_core::{AuthorizationGrant, Policy, Provider, Replay, Rotation, TokenError};

use crate::listening::Listening;
use crate::scenario::{
    Authentication, Flavour, Grant, OauthApp, Policy as PolicySettings, Provider as Settings,
};
use crate::span::Span;

/// A provider, and its app if it supports sign-in.
#[derive(Debug)]
pub(crate) struct Cast {
    /// The provider itself.
    pub(crate) provider: Listening,
    app: Option<App>,
}

/// A placeholder certificate; no code verifies or parses it.
const CERTIFICATE: &str =
    "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END CERTIFICATE-----\n";

impl Cast {
    /// The provider of these settings at this address.
    ///
    /// # Errors
    ///
    /// If they contradict each other.
    pub(crate) fn new(settings: &Settings, base: &str) -> Result<Self, String> {
        let mut app = None;
        let provider: Arc<dyn Provider> = match settings {
            Settings::PixBacen { flavour, secret } => {
                Arc::new(pix(*flavour, secret.as_deref(), base).map_err(text)?)
            }
            Settings::Oauth2App(settings) => {
                let built = oauth2(settings, base)?;
                app = Some(built.clone());
                Arc::new(built)
            }
            Settings::HiveAuth { secret, content_type, refusal_codes } => {
                let hive = hive(secret.as_deref(), base).map_err(text)?;
                let hive = hive.auth_error_codes(refusal_codes.iter().copied());
                Arc::new(if *content_type == Some(false) {
                    hive.without_reissue_content_type()
                } else {
                    hive
                })
            }
        };
        Ok(Self { provider: Listening::to(provider), app })
    }

    /// The authorization URL for the user's browser, and the pending sign-in.
    ///
    /// # Errors
    ///
    /// If this provider has no sign-in.
    pub(crate) fn authorize(&self, sign_in: u8) -> Result<(String, PendingLogin), String> {
        let app = self.app.as_ref().ok_or("this provider has no sign-in")?;
        let authorization = app.authorize(&Entropy::new([sign_in; 64])).map_err(text)?;
        Ok((authorization.url, authorization.login))
    }

    /// The grant of a callback.
    ///
    /// # Errors
    ///
    /// The error code of the callback, in one word.
    pub(crate) fn finish(&self, login: PendingLogin, location: &str) -> Result<AuthorizationGrant, String> {
        let app = self.app.as_ref().ok_or("this provider has no sign-in")?;
        app.finish(login, &Callback::read(location)).map_err(|error| error.code().to_owned())
    }
}

fn pix(flavour: Flavour, secret: Option<&str>, base: &str) -> Result<Gateway, TokenError> {
    let endpoint = Gateway::base_url(base)?;
    let standard = flavour == Flavour::Standard;
    let endpoint = if standard { endpoint.standard() } else { endpoint };
    let gateway = endpoint.credentials("your-client-id", secret.unwrap_or("your-client-secret"))?;
    if standard { gateway.client_certificate(CERTIFICATE) } else { Ok(gateway) }
}

fn hive(secret: Option<&str>, base: &str) -> Result<HiveAuth, TokenError> {
    HiveAuth::base_url(base)?.credentials("test", secret.unwrap_or("1234"))?.api_origin(base)
}

fn oauth2(settings: &OauthApp, base: &str) -> Result<App, String> {
    let mut app = aihubmix::app(base).map_err(text)?.scopes(&settings.scopes);
    let method = match settings.authentication {
        Authentication::ClientSecretPost => AuthMethod::ClientSecretPost,
        Authentication::ClientSecretBasic => AuthMethod::ClientSecretBasic,
        Authentication::None => AuthMethod::None,
    };
    app = app.token_endpoint_auth_method(method);
    app = match method {
        AuthMethod::None => app.client_id("client_public"),
        _ => app
            .client_id("client_abc123def456")
            .client_secret(settings.secret.as_deref().unwrap_or("secret_xyz789uvw012")),
    };
    app = match settings.grant {
        Grant::AuthorizationCode => app.redirect_uri("https://yourapp.com/oauth/callback"),
        Grant::ClientCredentials => app.grant_type(GrantType::ClientCredentials),
    };
    if settings.reusable {
        app = app.rotation(Rotation::Reusable);
    }
    if let Some(rule) = &settings.replay {
        app = app.replay(replay(rule)?);
    }
    if let Some(pkce) = settings.pkce {
        app = app.pkce(pkce);
    }
    if let Some(Span(lifetime)) = settings.refresh_lifetime {
        app = app.refresh_lifetime(lifetime);
    }
    app.build().map_err(text)
}

fn replay(rule: &str) -> Result<Replay, String> {
    Ok(match rule {
        "never" => Replay::Never,
        "owner-dead" => Replay::OwnerDead,
        "last-resort" => Replay::LastResort,
        _ => match rule.strip_prefix("within ") {
            Some(window) => Replay::Within(window.parse::<Span>()?.0),
            None => return Err(format!("{rule:?} is not a replay rule")),
        },
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn text(error: TokenError) -> String {
    error.to_string()
}

/// The policy of these settings.
#[must_use]
pub(crate) fn policy(settings: &PolicySettings) -> Policy {
    let mut policy = Policy::default();
    let set = |place: &mut core::time::Duration, span: Option<Span>| {
        if let Some(Span(span)) = span {
            *place = span;
        }
    };
    set(&mut policy.margin, settings.margin);
    set(&mut policy.jitter, settings.jitter);
    set(&mut policy.deadline, settings.deadline);
    set(&mut policy.min_age, settings.min_age);
    policy.assumed_lifetime = settings.assumed_lifetime.map(|span| span.0);
    policy
}
