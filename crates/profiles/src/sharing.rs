//! Which profiles may have one record in common.

use crate::identity::Session;
use crate::profile::Profile;
use crate::provider::SignsIn;
use crate::settings::ProviderSettings;
use crate::value::Value;

impl Profile {
    /// Whether this profile may have the same record as the other one, as far as that shows without a request to an issuer.
    /// Where it may, the keys of the two [providers](Self::provider) are equal or not.
    ///
    /// Two profiles that a person signs in to share a session only if both name the same `user`. Two profiles without a
    /// sign-in share a token, which either of them may request again.
    #[must_use]
    pub fn may_share_with(&self, other: &Self) -> bool {
        match (self.session(), other.session()) {
            (Some(one), Some(other)) => one == other,
            (None, None) => self.client() == other.client(),
            _ => false,
        }
    }

    /// Whose session it is; `None` where no person signs in.
    fn session(&self) -> Option<Session> {
        let ProviderSettings::Oauth2App(settings) = &self.provider else { return None };
        if matches!(self.signs_in(), Ok(SignsIn::NotNeeded)) {
            return None;
        }
        Session::of(self.name(), settings).ok()
    }

    /// The client id as far as it can be read now.
    fn client(&self) -> Option<String> {
        let id: Option<&Value> = match &self.provider {
            ProviderSettings::PixBacen(shop) => Some(&shop.client_id),
            ProviderSettings::Oauth2App(app) => app.client_id.as_ref(),
            ProviderSettings::HiveAuth(chain) => Some(&chain.id),
            ProviderSettings::Custom(custom) => custom.client_id.as_ref(),
            ProviderSettings::Static(_) => None,
        };
        id?.text().ok().map(|id| id.to_string())
    }
}
