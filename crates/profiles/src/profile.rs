//! `[profile.NAME]`: one token, and everything that a program needs to build its source.
//!
//! Each call reads environment variables and files again.

use std::sync::Arc;

use wellspring_core::{Origin, Policy, RefreshToken};
use wellspring_transport_blocking::{Tls, UreqTransport, UserAgent};

use crate::custom::{Custom, Static};
use crate::error::Error;
use crate::identity::{Candidate, Claims};
use crate::place::Place;
use crate::presets;
use crate::section::Section;
use crate::settings::{HiveAuth, Oauth2App, PixBacen, PolicySettings, ProviderSettings, TlsSettings};
use crate::store_settings::StoreSettings;
use crate::tables::Tables;
use crate::value::{SecretSource, Value};

/// One profile.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    pub(crate) place: Place,
    pub(crate) provider: ProviderSettings,
    pub(crate) claims: Claims,
    api_urls: Option<Vec<Value>>,
    policy: PolicySettings,
    tls: TlsSettings,
    store: StoreSettings,
}

#[derive(Clone, Copy)]
enum Kind {
    PixBacen,
    Oauth2App,
    HiveAuth,
    Custom,
    Static,
}

const KINDS: [(&str, Kind); 5] = [
    ("pix-bacen", Kind::PixBacen),
    ("oauth2-app", Kind::Oauth2App),
    ("hive-auth", Kind::HiveAuth),
    ("custom", Kind::Custom),
    ("static", Kind::Static),
];

impl Profile {
    /// The `User-Agent` of every request of this profile, if `[profile.NAME.calls]` sets one.
    ///
    /// # Errors
    ///
    /// If the value cannot be read, or no header can carry it.
    pub fn user_agent(&self) -> Result<Option<UserAgent>, Error> {
        let agent = |text: String| UserAgent::new(&text).map_err(|error| self.place.error(error));
        self.tables().user_agent()?.map(agent).transpose()
    }

    /// A transport for requests without a source, such as discovery.
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    pub fn transport(&self) -> Result<UreqTransport, Error> {
        let transport = UreqTransport::new(self.tls()?).map_err(Error::Issuer)?;
        Ok(match self.user_agent()? {
            Some(agent) => transport.with_user_agent(agent),
            None => transport,
        })
    }

    pub(crate) fn read(
        name: String,
        mut section: Section<'_>,
        store: &StoreSettings,
        claims: &Claims,
    ) -> Result<Self, Error> {
        presets::apply(&mut section)?;
        let Some(kind) = section.value("provider")? else {
            return Err(section.error("lacks `provider`; add it, such as provider = \"pix-bacen\""));
        };
        let policy = section.section("policy")?.map(PolicySettings::read).transpose()?.unwrap_or_default();
        let tls = section.section("tls")?.map(TlsSettings::read).transpose()?.unwrap_or_default();
        let provider = match kind.one_of(&KINDS)? {
            Kind::PixBacen => ProviderSettings::PixBacen(PixBacen::read(&mut section)?),
            Kind::Oauth2App => ProviderSettings::Oauth2App(Arc::new(Oauth2App::read(&mut section)?)),
            Kind::HiveAuth => ProviderSettings::HiveAuth(HiveAuth::read(&mut section)?),
            Kind::Custom => ProviderSettings::Custom(Box::new(Custom::read(&mut section)?)),
            Kind::Static => ProviderSettings::Static(Box::new(Static::read(&mut section)?)),
        };
        let (place, api_urls) = (section.place(), section.list("api_urls")?);
        section.finish()?;
        // A static token is in the file already: there is nothing to keep.
        let store = match &provider {
            ProviderSettings::Static(_) => StoreSettings::none(store.place().clone()),
            _ => store.clone(),
        };
        let claims = claims.clone();
        Ok(Self { name, place, provider, claims, api_urls, policy, tls, store })
    }

    /// The name, as in `[profile.NAME]`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of the profiles, this one included, that would find the same record of an earlier version of this crate,
    /// which stored one record for all profiles with the same client and scopes. The first one takes it over; the others
    /// sign in. Empty if no other session has a claim to it.
    #[must_use]
    pub fn former_rivals(&self) -> Vec<&str> {
        match &self.provider {
            ProviderSettings::Oauth2App(settings) => self.claims.rivals(settings),
            _ => Vec::new(),
        }
    }

    /// This profile, if a person may sign in to it.
    pub(crate) fn candidate(&self) -> Option<Candidate> {
        let ProviderSettings::Oauth2App(settings) = &self.provider else { return None };
        let settings = Arc::clone(settings);
        Some(Candidate { name: self.name.clone(), line: self.place.line, settings })
    }

    pub(crate) fn tables(&self) -> &Tables {
        match &self.provider {
            ProviderSettings::PixBacen(shop) => &shop.tables,
            ProviderSettings::Oauth2App(app) => &app.tables,
            ProviderSettings::HiveAuth(chain) => &chain.tables,
            ProviderSettings::Custom(custom) => &custom.tables,
            ProviderSettings::Static(key) => &key.tables,
        }
    }

    /// Where the file defines the profile.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The store of its tokens.
    #[must_use]
    pub const fn store(&self) -> &StoreSettings {
        &self.store
    }

    /// The renewal policy.
    ///
    /// # Errors
    ///
    /// If a setting is not a duration, or is zero and must not be.
    pub fn policy(&self) -> Result<Policy, Error> {
        let response = self.tables().response.as_ref();
        self.policy.policy(response.and_then(|response| response.assumed_lifetime.as_ref()))
    }

    /// The TLS settings, for token requests and API calls.
    ///
    /// # Errors
    ///
    /// If a certificate or a key is missing or invalid.
    pub fn tls(&self) -> Result<Tls, Error> {
        self.tls.tls()
    }

    /// URLs at whose origins calls may carry the token, besides the provider's own.
    ///
    /// # Errors
    ///
    /// If a URL is malformed or not allowed to receive a token, such as plain HTTP to another machine.
    pub fn api_urls(&self) -> Result<Vec<String>, Error> {
        let read = |url: &Value| {
            let text = url.text()?;
            let origin = Origin::of(&text);
            origin.map_err(|error| url.place.error(format_args!("is invalid: {error}")))?;
            Ok(text.to_string())
        };
        self.api_urls.iter().flatten().map(read).collect()
    }

    /// The refresh token of a sign-in with another program.
    ///
    /// # Errors
    ///
    /// If the value cannot be read.
    pub fn refresh_token(&self) -> Result<Option<RefreshToken>, Error> {
        let ProviderSettings::Oauth2App(app) = &self.provider else { return Ok(None) };
        let token = app.refresh_token.as_ref().map(Value::text).transpose()?;
        Ok(token.map(|token| RefreshToken::new(token.as_str())))
    }

    /// The secrets of the profile: where the file names each one, and where its value comes from.
    pub fn secrets(&self) -> impl Iterator<Item = (&Place, SecretSource)> {
        let own = match &self.provider {
            ProviderSettings::Custom(custom) => [custom.client_secret.as_ref(), None, None],
            ProviderSettings::Static(key) => [Some(&key.token), None, None],
            ProviderSettings::PixBacen(shop) => [Some(&shop.client_secret), None, None],
            ProviderSettings::Oauth2App(app) => {
                [app.client_secret.as_ref(), app.refresh_token.as_ref(), app.developer_token.as_ref()]
            }
            ProviderSettings::HiveAuth(chain) => [Some(&chain.secret_key), None, None],
        };
        let own = own.into_iter().flatten().chain(self.tables().secrets());
        let passwords = [&self.tls.client_certificate_password, &self.tls.client_key_password];
        let own = own.chain(passwords.into_iter().flatten());
        let own = own.map(|value| (&value.place, value.secret_source()));
        own.chain(self.tls.secret_files().map(|file| (&file.place, file.file_source())))
    }
}
