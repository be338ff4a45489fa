//! `wellspring keep-alive`: renews the refresh tokens that no process has used for a while, before the server ends them.

use std::io::Write;

use wellspring_profiles::{Configuration, Profile};
use wellspring_transport_blocking::{KeepAlive, KeptAlive};

use crate::arguments::{KeepAlive as Args, Transport};
use crate::exit::{Failure, say};
use crate::interrupt;
use crate::source::{Parts, Source, persistent};

/// Looks at the session of each chosen profile, and says of each what was done. One that fails keeps the others from
/// nothing; the first failure is that of the command.
pub(crate) fn run(
    configuration: &Configuration,
    args: &Args,
    out: &mut dyn Write,
    renew: impl Fn(Profile, KeepAlive, Transport) -> Result<KeptAlive, Failure>,
) -> Result<(), Failure> {
    let chosen: Vec<&Profile> = match args.profiles.as_slice() {
        [] => configuration.profiles().iter().collect(),
        names => names.iter().map(|name| configuration.profile(name)).collect::<Result<_, _>>()?,
    };
    persistent(configuration.store())?;
    let settings = KeepAlive::unused_for(args.unused_for).per_minute(args.per_minute);
    let (mut first, mut has_renewed) = (None, false);
    for profile in chosen {
        if has_renewed {
            interrupt::nap(settings.pause());
        }
        let kept = renew(profile.clone(), settings, args.transport);
        has_renewed = !matches!(kept, Ok(KeptAlive::InUse | KeptAlive::NoSession));
        let done = match &kept {
            Ok(KeptAlive::Renewed) => "renewed",
            Ok(KeptAlive::InUse) => "in use",
            Ok(_) => "no session",
            Err(_) => "failed",
        };
        writeln!(out, "{}: {done}", profile.name()).and_then(|()| out.flush()).map_err(Failure::output)?;
        if let Err(failure) = kept {
            match &first {
                None => first = Some(Failure::new(failure.exit, format!("{}: {failure}", profile.name()))),
                Some(_) => say(format_args!("wellspring: {}: {failure}", profile.name())),
            }
        }
    }
    first.map_or(Ok(()), Err)
}

/// Renews the session of this profile, if it is unused.
pub(crate) fn renew(
    profile: &Profile,
    settings: KeepAlive,
    transport: Transport,
) -> Result<KeptAlive, Failure> {
    let store = persistent(profile.store())?;
    let source = Source::over(profile, Parts::kept(profile)?, Some(store), transport)?;
    source.keep_alive(settings)
}
