//! `wellspring status`: what the store holds for each profile, how fresh it is, and who renews it.
//!
//! Nothing is renewed and no secret is looked at. A profile that cannot be told of is named with the reason, and the
//! others are told of all the same.

mod facts;

pub(crate) use facts::claimed;

use core::time::Duration;
use std::io::Write;

use wellspring_core::{Store, UnixTime};
use wellspring_profiles::{Configuration, Profile};
use wellspring_transport_blocking::Clock;

use crate::arguments::{Status, StatusFormat};
use crate::exit::Failure;
use crate::source::{Parts, outliving};
use crate::status::facts::Facts;

/// How long the store may take for one look.
pub(crate) const LOOK: Duration = Duration::from_secs(5);

/// Prints what is held; fails as the first profile that could not be told of.
pub(crate) fn run(all: &Configuration, wish: &Status, out: &mut dyn Write) -> Result<(), Failure> {
    let kept = outliving(all.store())?;
    let profiles = match &wish.profile {
        Some(name) => core::slice::from_ref(all.profile(name)?),
        None => all.profiles(),
    };
    let now = Clock::system().now().unix;
    let mut first = None;
    let mut objects = Vec::new();
    let mut text = String::new();
    for profile in profiles {
        let name = profile.name();
        match look(all, profile, &*kept, now) {
            Ok(facts) => {
                objects.push(facts.json(name, now));
                facts.write(name, now, &mut text);
            }
            Err(failure) => {
                objects.push(serde_json::json!({ "profile": name, "error": failure.to_string() }));
                text.push_str(&format!("{name}\n  cannot be told: {failure}\n"));
                first = first.or(Some(failure));
            }
        }
    }
    if wish.format == StatusFormat::Json {
        text = format!("{}\n", serde_json::Value::Array(objects));
    }
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)?;
    first.map_or(Ok(()), Err)
}

fn look(all: &Configuration, profile: &Profile, kept: &dyn Store, now: UnixTime) -> Result<Facts, Failure> {
    let parts = Parts::of(profile, None)?;
    let key = &parts.provider.spec().key;
    let loaded = kept.load(key, LOOK);
    let loaded = loaded.map_err(|error| Failure::store(all.store().place(), "cannot be read", &error))?;
    Ok(Facts::of(&loaded, &parts.policy, now, || {
        let stored = loaded.stored.as_ref()?;
        kept.watch(key, stored.version, Duration::ZERO).ok()
    }))
}
