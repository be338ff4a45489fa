//! `[profile.NAME]`: one token, and everything that a program needs for a source of it.
//!
//! Environment variables and files are looked up anew by each call.

use std::path::PathBuf;

use oauth2_app::{App, Registration};
use wellspring_core::{AccessToken, Origin, Policy, RefreshToken};
use wellspring_transport_blocking::Tls;

use crate::section::Section;
use crate::settings::{HiveAuth, Oauth2App, PixBacen, PolicySettings, ProviderSettings, TlsSettings};
use crate::value::Value;
use crate::{AnyProvider, Error, Place, StoreSettings, provider};

/// One profile.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    place: Place,
    pub(crate) provider: ProviderSettings,
    api_urls: Option<Vec<Value>>,
    policy: PolicySettings,
    tls: TlsSettings,
    store: StoreSettings,
}

/// How a profile gets its first token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SignsIn {
    /// By its own credentials: nobody signs in.
    Nobody,
    /// A person signs in, and the browser comes back.
    ByBrowser {
        /// To here.
        redirect_uri: String,
        /// Where the file says so.
        place: Place,
    },
    /// A person signs in on another device; the server may have an endpoint for it.
    OnDevice,
    /// A person signs in, and neither a redirect URI nor an endpoint for devices is named.
    Somehow,
}

/// Who registers apps, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Developer {
    /// Below this URL.
    pub base_url: String,
    /// What allows it.
    pub token: AccessToken,
}

/// Where a secret is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretSource {
    /// It stands in the configuration itself.
    Written,
    /// An environment variable.
    Environment,
    /// This file.
    File(PathBuf),
}

#[derive(Clone, Copy)]
enum Kind {
    PixBacen,
    Oauth2App,
    HiveAuth,
}

const KINDS: [(&str, Kind); 3] =
    [("pix-bacen", Kind::PixBacen), ("oauth2-app", Kind::Oauth2App), ("hive-auth", Kind::HiveAuth)];

impl Profile {
    pub(crate) fn read(name: String, mut section: Section<'_>, store: &StoreSettings) -> Result<Self, Error> {
        let Some(kind) = section.value("provider")? else {
            return Err(section.error("lacks `provider`; add it, such as provider = \"pix-bacen\""));
        };
        let policy = section.section("policy")?.map(PolicySettings::read).transpose()?.unwrap_or_default();
        let tls = section.section("tls")?.map(TlsSettings::read).transpose()?.unwrap_or_default();
        let provider = match kind.one_of(&KINDS)? {
            Kind::PixBacen => ProviderSettings::PixBacen(PixBacen::read(&mut section)?),
            Kind::Oauth2App => ProviderSettings::Oauth2App(Box::new(Oauth2App::read(&mut section)?)),
            Kind::HiveAuth => ProviderSettings::HiveAuth(HiveAuth::read(&mut section)?),
        };
        let (place, api_urls) = (section.place(), section.list("api_urls")?);
        section.finish()?;
        Ok(Self { name, place, provider, api_urls, policy, tls, store: store.clone() })
    }

    /// Its name, as in `[profile.NAME]`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it stands in the file.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Where its tokens are kept.
    #[must_use]
    pub const fn store(&self) -> &StoreSettings {
        &self.store
    }

    /// When its tokens are renewed.
    ///
    /// # Errors
    ///
    /// When a setting is no duration, or one that must not be zero is.
    pub fn policy(&self) -> Result<Policy, Error> {
        self.policy.policy()
    }

    /// Its certificates, for token requests and calls alike.
    ///
    /// # Errors
    ///
    /// When a certificate or a key is not there, or of no use.
    pub fn tls(&self) -> Result<Tls, Error> {
        self.tls.tls()
    }

    /// URLs at whose origins calls may carry the token, besides the provider's own.
    ///
    /// # Errors
    ///
    /// When no token may go to one of them.
    pub fn api_urls(&self) -> Result<Vec<String>, Error> {
        let read = |url: &Value| {
            let text = url.text()?;
            let origin = Origin::of(&text);
            origin.map_err(|error| url.place.error(format_args!("is no good: {error}")))?;
            Ok(text.to_string())
        };
        self.api_urls.iter().flatten().map(read).collect()
    }

    /// Whose token it is. Where the profile names an `issuer`, that is asked, which blocks for as long as the policy
    /// allows.
    ///
    /// # Errors
    ///
    /// When a setting is missing or of no use, or the issuer does not answer.
    pub fn provider(&self) -> Result<AnyProvider, Error> {
        provider::of(self)
    }

    /// The same of an application that people sign in to; they may come back to another redirect URI than the
    /// profile's, if it names one at all.
    ///
    /// # Errors
    ///
    /// As for [`provider`](Self::provider), and when it is no application.
    pub fn app(&self, redirect_uri: Option<&str>) -> Result<App, Error> {
        match &self.provider {
            ProviderSettings::Oauth2App(settings) => provider::app(self, settings, redirect_uri),
            _ => Err(self.place.error("is no application; only provider = \"oauth2-app\" makes one")),
        }
    }

    /// How it gets its first token.
    ///
    /// # Errors
    ///
    /// When the grant type or the redirect URI cannot be looked up.
    pub fn signs_in(&self) -> Result<SignsIn, Error> {
        provider::signs_in(self)
    }

    /// The refresh token that a sign-in elsewhere has brought.
    ///
    /// # Errors
    ///
    /// When it cannot be looked up.
    pub fn refresh_token(&self) -> Result<Option<RefreshToken>, Error> {
        let ProviderSettings::Oauth2App(app) = &self.provider else { return Ok(None) };
        let token = app.refresh_token.as_ref().map(Value::text).transpose()?;
        Ok(token.map(|token| RefreshToken::new(token.as_str())))
    }

    /// Who registers apps.
    ///
    /// # Errors
    ///
    /// When the profile is not of a vendor that has an endpoint for it, or lacks `developer_token`.
    pub fn developer(&self) -> Result<Developer, Error> {
        let elsewhere =
            || self.place.error("registers no apps; only a profile with preset = \"aihubmix\" does");
        let ProviderSettings::Oauth2App(settings) = &self.provider else { return Err(elsewhere()) };
        let preset = settings.preset.as_ref().ok_or_else(elsewhere)?;
        preset.one_of(&provider::PRESETS)?;
        let Some(token) = &settings.developer_token else {
            return Err(self.place.error("lacks `developer_token`, which registers apps; add it"));
        };
        let token = AccessToken::new(token.text()?.as_str());
        let base_url = match &settings.base_url {
            Some(url) => url.text()?.to_string(),
            None => Registration::AIHUBMIX.to_owned(),
        };
        Ok(Developer { base_url, token })
    }

    /// Where the values stand that nobody but their owner should be able to read, and what each is taken from.
    pub fn secrets(&self) -> impl Iterator<Item = (&Place, SecretSource)> {
        let own = match &self.provider {
            ProviderSettings::PixBacen(shop) => [Some(&shop.client_secret), None, None],
            ProviderSettings::Oauth2App(app) => {
                [app.client_secret.as_ref(), app.refresh_token.as_ref(), app.developer_token.as_ref()]
            }
            ProviderSettings::HiveAuth(chain) => [Some(&chain.secret_key), None, None],
        };
        let own = own.into_iter().flatten().map(|value| (&value.place, value.secret_source()));
        own.chain(self.tls.client_key.iter().map(|key| (&key.place, key.pem_source())))
    }
}
