//! The developer account of a profile, for the registration of apps.

use oauth2_app::aihubmix;
use wellspring_core::AccessToken;

use crate::error::Error;
use crate::profile::Profile;
use crate::provider::PRESETS;
use crate::settings::ProviderSettings;

/// A developer account, which registers apps with the vendor.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Developer {
    /// The base URL of the vendor's API.
    pub base_url: String,
    /// The developer token, which authorizes the registration.
    pub token: AccessToken,
}

impl Profile {
    /// The developer account that registers apps.
    ///
    /// # Errors
    ///
    /// If the vendor has no endpoint for registration, or the profile lacks `developer_token`.
    pub fn developer(&self) -> Result<Developer, Error> {
        let elsewhere =
            || self.place.error("cannot register apps; only a profile with preset = \"aihubmix\" can");
        let ProviderSettings::Oauth2App(settings) = &self.provider else { return Err(elsewhere()) };
        let preset = settings.preset.as_ref().ok_or_else(elsewhere)?;
        preset.one_of(&PRESETS)?;
        let Some(token) = &settings.developer_token else {
            return Err(self
                .place
                .error("lacks `developer_token`, which authorizes the registration; add it"));
        };
        let token = AccessToken::new(token.text()?.as_str());
        let base_url = match &settings.base_url {
            Some(url) => url.text()?.to_string(),
            None => aihubmix::API.to_owned(),
        };
        Ok(Developer { base_url, token })
    }
}
