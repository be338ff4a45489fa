//! `wellspring logout`: ends the session in the store first and then, where the provider supports it, at the server.

use wellspring_core::Revocation;
use wellspring_profiles::Profile;

use crate::arguments::Logout;
use crate::exit::{Failure, say, with_causes};
use crate::replaced;
use crate::source::{Parts, Source, persistent};

/// Logs out and reports whether the server has revoked the session. The local session ends in every case.
pub(crate) fn run(profile: &Profile, args: &Logout) -> Result<(), Failure> {
    let store = persistent(profile.store())?;
    let parts = Parts::of(profile, None)?;
    let (key, within) = (parts.provider.spec().key.clone(), parts.policy.store_deadline);
    let source = Source::over(profile, parts, Some(store.clone()), args.transport)?;
    let outcome = match source.sign_out()? {
        Revocation::Done => ", here and at the server".to_owned(),
        Revocation::NothingHeld => "; there was nothing to revoke at the server".to_owned(),
        Revocation::Failed(error) => {
            format!(" here; the session at the server may last until it expires: {}", with_causes(&error))
        }
        // Variants of later versions too: none of them is known to have revoked anything.
        _ => {
            " here; this server has no revocation endpoint, and its session lasts until it expires".to_owned()
        }
    };
    let left = replaced::revoke_all(&*store, &key, within, |token| source.revoke(token)).map_err(|error| {
        Failure::store(profile.store().place(), "cannot be read for earlier sessions", &error)
    });
    let earlier = match left {
        Ok(0) => String::new(),
        Ok(left) => {
            format!("; {left} earlier sessions, which sign-ins have replaced, last there until they expire")
        }
        Err(ref failure) => format!("; earlier sessions may last there until they expire: {failure}"),
    };
    say(format_args!("wellspring: {} is logged out{outcome}{earlier}", profile.name()));
    Ok(())
}
