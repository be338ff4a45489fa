//! Tells which profile takes over a session that an earlier version has stored for several.

use wellspring_core::{Store as _, TokenKey};
use wellspring_profiles::{Configuration, Profile, visible};

use crate::exit::say;
use crate::source::offline_provider;
use crate::status::LOAD_TIMEOUT;

/// Names the profiles that such a session belonged to, if this profile is one of them and the session has not moved yet.
pub(crate) fn tell(all: &Configuration, profile: &Profile) {
    let rivals = profile.former_rivals();
    let Some(first) = rivals.first() else { return };
    if waits(all, first).is_some() {
        say(format_args!(
            "wellspring: an earlier version has stored one session for the profiles {}: {} takes it over, and each other \
             profile needs a sign-in of its own",
            visible(&rivals.join(", ")),
            visible(first)
        ));
    }
}

/// Whether the first of these profiles has yet to take the session over.
fn waits(all: &Configuration, first: &str) -> Option<()> {
    let provider = offline_provider(all.profile(first).ok()?)?;
    let key = &provider.spec().key;
    let store = all.store().open().ok()??;
    let holds = |key: &TokenKey| store.load(key, LOAD_TIMEOUT).ok()?.stored?.record.granted().map(drop);
    // Without its former key.
    let own = key.clone().formerly(key.clone());
    if holds(&own).is_some() { None } else { holds(key.former()?) }
}
