//! The provider of a profile with an issuer: what the issuer said is kept beside the store, and the issuer is asked again only
//! if a token is needed.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{Provider, Store as _, TokenError, UnixTime};
use wellspring_profiles::{AnyProvider, Error, KeptMetadata, Profile};
use wellspring_transport_blocking::Clock;

use crate::exit::{Exit, Failure, say, with_causes};
use crate::progress;

/// How long the store may take for one load.
const LOAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A token with less time left is not in force when the command uses it.
const TOO_SHORT: Duration = Duration::from_millis(100);

/// Longer than a command needs its token.
const SOON: Duration = Duration::from_secs(60);

/// The provider. The issuer, if there is one, is asked unless what it said is recent, or the store has a
/// token in force. If it does
/// not answer, what it said before is used.
pub(super) fn provider(profile: &Profile, redirect_uri: Option<&str>) -> Result<AnyProvider, Failure> {
    let made = |kept: Option<&KeptMetadata>| match (kept, redirect_uri) {
        (Some(kept), Some(_)) => Ok(AnyProvider::Oauth2App(profile.app_with(&kept.metadata, redirect_uri)?)),
        (Some(kept), None) => profile.provider_with(&kept.metadata),
        (None, Some(_)) => Ok(AnyProvider::Oauth2App(profile.app(redirect_uri)?)),
        (None, None) => profile.provider(),
    };
    let now = Clock::system().now().unix;
    let _waiting = progress::wait_for("the settings of the profile, or the metadata of its issuer");
    let Some(kept) = profile.kept_metadata()? else { return Ok(made(None)?) };
    let signs_in = redirect_uri.is_some();
    if kept.is_recent(now) || (!signs_in && holds_token(profile, &kept, now)) {
        return Ok(made(Some(&kept))?);
    }
    match profile.ask_issuer() {
        // It is kept now, and recent.
        Ok(_) => Ok(made(None)?),
        Err(Error::Issuer(error)) => {
            say(format_args!(
                "wellspring: the issuer of {} cannot be asked, so what it said before is used: {}",
                profile.name(),
                with_causes(&error)
            ));
            Ok(made(Some(&kept))?)
        }
        Err(error) => Err(error.into()),
    }
}

/// The provider without a request to the issuer, of whatever age what it said is.
pub(super) fn offline(profile: &Profile) -> Result<AnyProvider, Failure> {
    if profile.issuer()?.is_none() {
        return Ok(profile.provider()?);
    }
    match profile.kept_metadata()? {
        Some(kept) => Ok(profile.provider_with(&kept.metadata)?),
        None => {
            let name = profile.name();
            Err(Failure::new(
                Exit::TryLater,
                format!(
                    "no command has asked the issuer of {name} yet, and this one sends nothing; run `wellspring token {name}`"
                ),
            ))
        }
    }
}

/// Notes that an endpoint of the issuer has moved, if this error says so: the next command asks the issuer.
pub(super) fn learn(profile: &Profile, error: &TokenError) {
    if matches!(error.status(), Some(404 | 405 | 410)) {
        profile.doubt_metadata();
    }
}

/// Asks the issuer again if what it said is not recent. If it does not answer, what it said before is used.
pub(super) fn ask_if_due(profile: &Profile) {
    if let Ok(Some(kept)) = profile.kept_metadata() {
        if !kept.is_recent(Clock::system().now().unix) {
            let _ = profile.ask_issuer();
        }
    }
}

/// Whether the store has a token of this profile that is in force.
fn holds_token(profile: &Profile, kept: &KeptMetadata, now: UnixTime) -> bool {
    let expires = || {
        let provider: Arc<dyn Provider> = profile.provider_with(&kept.metadata).ok()?.into();
        let store = profile.store().open().ok()??;
        let stored = store.load(&provider.spec().key, LOAD_TIMEOUT).ok()?.stored?;
        let granted = stored.record.granted().filter(|granted| granted.has_access_token())?;
        let lifetime = granted.response.lifetime.or(profile.policy().ok()?.assumed_lifetime);
        // A token whose lifetime is unknown is in force until an API refuses it.
        Some(lifetime.map_or(now.plus(SOON), |lifetime| granted.obtained_at.plus(lifetime)))
    };
    expires().is_some_and(|expires| now.plus(TOO_SHORT) < expires)
}
