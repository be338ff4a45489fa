//! `wellspring logout`: ends the session in the store first and then, where the provider supports it, at the server.

use wellspring_core::Revocation;
use wellspring_profiles::Profile;
use wellspring_transport_blocking::Clock;

use crate::arguments::Logout;
use crate::exit::{Failure, say, with_causes};
use crate::replaced::{self, Revoked};
use crate::source::{Parts, Source, persistent};

/// Logs out and reports which sessions the server has revoked, and which live on. The local session ends in every case.
pub(crate) fn run(profile: &Profile, args: &Logout) -> Result<(), Failure> {
    let (store, name) = (persistent(profile.store())?, profile.name());
    let parts = Parts::kept(profile)?;
    let (key, within) = (parts.provider.spec().key.clone(), parts.policy.store_deadline);
    let source = Source::over(profile, parts, Some(store.clone()), args.transport)?;
    let now = Clock::system().now().unix;
    // The tombstone removes the refresh token from the record. It is kept until it is revoked.
    let current = replaced::held(&store, &key, within, now);
    let kept = current
        .filter(|session| source.can_revoke(session.refresh_token()))
        .and_then(|session| replaced::keep(&store, &key, &session, within).ok().flatten());
    let revocation = source.sign_out()?;
    let pending = kept.as_ref().filter(|_| matches!(revocation, Revocation::Failed(_)));
    if let (Revocation::Done, Some(kept)) = (&revocation, &kept) {
        // A token that stays here is revoked once more by the next logout, which harms nothing.
        drop(replaced::forget(&store, kept, within));
    }
    let earlier = replaced::revoke_all(&store, &key, pending, (now, within), |token| source.revoke(token))
        .map_err(|error| {
            Failure::store(profile.store().place(), "cannot be read for former sessions", &error)
        });
    let there = match revocation {
        Revocation::Done => ", here and at the server".to_owned(),
        Revocation::NothingHeld if matches!(earlier, Ok(Revoked { revoked: 0, left: 0 })) => {
            "; there was nothing to revoke at the server".to_owned()
        }
        Revocation::NothingHeld => String::new(),
        Revocation::Failed(error) => {
            let again =
                pending.map_or_else(String::new, |_| format!(" or `wellspring logout {name}` revokes it"));
            format!(
                " here; the session at the server may last until it expires{again}: {}",
                with_causes(&error)
            )
        }
        // Variants of later versions too: none of them is known to have revoked anything.
        _ => {
            " here; this server has no revocation endpoint, and its session lasts until it expires".to_owned()
        }
    };
    say(format_args!("wellspring: {name} is logged out{there}{}", of_earlier(name, &earlier)));
    Ok(())
}

/// The state of the sessions that an earlier command has kept.
fn of_earlier(name: &str, earlier: &Result<Revoked, Failure>) -> String {
    let Revoked { revoked, left } = match earlier {
        Ok(earlier) => earlier,
        Err(failure) => return format!("; former sessions may last there until they expire: {failure}"),
    };
    let mut text = match revoked {
        0 => String::new(),
        1 => "; 1 former session was revoked at the server".to_owned(),
        _ => format!("; {revoked} former sessions were revoked at the server"),
    };
    let (sessions, they) = match left {
        0 => return text,
        1 => ("session lasts", "it expires"),
        _ => ("sessions last", "they expire"),
    };
    text.push_str(&format!(
        "; {left} former {sessions} there until {they} or `wellspring logout {name}` revokes "
    ));
    text.push_str(if *left == 1 { "it" } else { "them" });
    text
}
