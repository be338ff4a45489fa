//! `wellspring status`: what the store holds for each profile, how fresh the token is, and which process renews it.
//!
//! The command sends nothing, renews nothing and shows no secret. It reports a profile that it cannot read with the reason and continues
//! with the next one.

pub(crate) mod facts;

use core::time::Duration;
use std::io::Write;

use wellspring_core::{StoreError, UnixTime};
use wellspring_profiles::{Configuration, LocalStore, Profile, visible};
use wellspring_transport_blocking::Clock;

use crate::arguments::{Status, StatusFormat};
use crate::certificate;
use crate::exit::Failure;
use crate::output;
use crate::sharing::Sharing;
use crate::source::{Parts, persistent};
use crate::status::facts::Facts;

/// How long the store may take for one load.
pub(crate) const LOAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Prints the state of the profiles. Fails with the error of the first profile that it could not read, or whose spilled token
/// cannot be used.
pub(crate) fn run(all: &Configuration, args: &Status, out: &mut dyn Write) -> Result<(), Failure> {
    let store = persistent(all.store())?;
    let profiles = match &args.profile {
        Some(name) => core::slice::from_ref(all.profile(name)?),
        None => all.profiles(),
    };
    let now = Clock::system().now().unix;
    let sharing = Sharing::of(all, profiles);
    let mut first = None;
    let mut objects = Vec::new();
    let mut text = String::new();
    for profile in profiles {
        let name = profile.name();
        match look(all, profile, &*store, &sharing, now) {
            Ok((facts, unusable_spill)) => {
                first = first.or(unusable_spill);
                objects.push(facts.json(name, now));
                facts.write(name, now, &mut text);
            }
            Err(failure) => {
                objects.push(serde_json::json!({ "profile": name, "error": failure.to_string() }));
                let failed = failure.to_string();
                text.push_str(&format!("{}\n  error          {}\n", visible(name), visible(&failed)));
                first = first.or(Some(failure));
            }
        }
    }
    if args.format == StatusFormat::Json {
        text = format!("{}\n", output::json(&serde_json::Value::Array(objects)));
    }
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)?;
    first.map_or(Ok(()), Err)
}

/// The facts of this profile, and why its spilled token cannot be used.
fn look(
    all: &Configuration,
    profile: &Profile,
    store: &dyn LocalStore,
    sharing: &Sharing,
    now: UnixTime,
) -> Result<(Facts, Option<Failure>), Failure> {
    let parts = Parts::offline(profile)?;
    let key = &parts.provider.spec().key;
    let unread = |error: &StoreError| Failure::store(all.store().place(), "cannot be read", error);
    let loaded = store.load(key, LOAD_TIMEOUT).map_err(|error| unread(&error))?;
    let facts = Facts::of(&loaded, &parts.policy, now, || {
        let stored = loaded.stored.as_ref()?;
        let domain = stored.record.lease.and_then(|lease| lease.domain);
        store.watch(key, stored.version, domain, Duration::ZERO).ok()
    });
    let unusable_spill = loaded.unusable_spill.as_ref().or(loaded.unseen_spills.as_ref()).map(unread);
    let seal = store.seal(key, LOAD_TIMEOUT).map_err(|error| unread(&error))?;
    let facts = facts.with_certificate(certificate::of(&parts.tls)).with_seal(seal);
    Ok((facts.shared_with(sharing.others(key, profile.name())), unusable_spill))
}
