//! `wellspring logout`: the session ends, in the store first and then, where the provider can, at the server.

use wellspring_core::Revocation;
use wellspring_profiles::Profile;

use crate::arguments::Logout;
use crate::exit::{Failure, say, with_causes};
use crate::source::{Parts, Source, outliving};

/// Logs out and says what has become of the session at the server: whatever that is, it is over here.
pub(crate) fn run(profile: &Profile, wish: &Logout) -> Result<(), Failure> {
    let kept = outliving(profile.store())?;
    let source = Source::over(profile, Parts::of(profile, None)?, Some(kept), wish.transport)?;
    let what = match source.sign_out()? {
        Revocation::Done => ", here and at the server".to_owned(),
        Revocation::NothingHeld => "; there was nothing to revoke at the server".to_owned(),
        Revocation::Failed(error) => {
            format!(" here; at the server the session may live on until it expires: {}", with_causes(&error))
        }
        // Also whatever else becomes of it one day: nothing is known to be revoked.
        _ => " here; this server cannot be told, and the session lives on there until it expires".to_owned(),
    };
    say(format_args!("wellspring: {} is logged out{what}", profile.name()));
    Ok(())
}
