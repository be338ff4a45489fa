//! `wellspring doctor`: checks the configuration, the store, the endpoints and the clock.
//!
//! Each check prints one line. The command changes no token, sends no credential and prints no secret. Like every command it
//! creates the lock files and the spill folder of the store, and finishes an interrupted save. A `note` or a `warn`
//! line does not make the command fail.

mod certificate;
mod clock;
mod disks;
mod endpoint;
mod permissions;
mod remembered;
mod report;
mod seals;

use core::time::Duration;
use std::io::Write;
use std::sync::Arc;

use wellspring_core::{Loaded, Provider, SessionState, Store, StoreError, TokenKey, WatchOutcome};
use wellspring_profiles::{Configuration, LocalStore, Profile, SecretSource};
use wellspring_transport_blocking::Clock;

use crate::doctor::disks::Disks;
use crate::doctor::report::Report;
use crate::exit::{Exit, Failure};
use crate::sharing::Sharing;
use crate::source::Parts;
use crate::span::{Span, rounded_up};
use crate::status::LOAD_TIMEOUT;
use crate::status::facts::acquired_at;

/// Runs every check, of one profile or of all, and prints the report; fails if a check finds something wrong.
pub(crate) fn run(all: &Configuration, only: Option<&str>, out: &mut dyn Write) -> Result<(), Failure> {
    let profiles = match only {
        Some(name) => core::slice::from_ref(all.profile(name)?),
        None => all.profiles(),
    };
    let mut report = Report::default();
    secrets(all, profiles, &mut report);
    let store = open_store(all, profiles, &mut report);
    let mut asked = endpoint::Questions::default();
    let mut sharing = Sharing::default();
    for profile in profiles {
        if !issuer(profile, &mut report) {
            continue;
        }
        match Parts::kept(profile) {
            Ok(parts) => {
                sharing.add(&parts.provider.spec().key, profile.name());
                if let Some(store) = &store {
                    record(profile, &*parts.provider, store, &mut report);
                }
                let now = Clock::system().now().unix;
                certificate::check(profile.name(), &parts.tls, now, &mut report);
                endpoint::check(profile.name(), &parts, &mut asked, &mut report);
            }
            Err(failure) => report.failed_of(profile.name(), &failure),
        }
    }
    for names in sharing.several() {
        report.note(format_args!(
            "{} share one record: a logout of one is a logout of all",
            names.join(" and ")
        ));
    }
    out.write_all(report.lines.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)?;
    match report.exit {
        None => Ok(()),
        Some(exit) => {
            let (wrong, checks) = (report.wrong, report.checks);
            Err(Failure::new(exit, format!("{wrong} of {checks} checks found something wrong; see above")))
        }
    }
}

/// Checks whether other users can read a secret in the configuration or in a file that it names.
fn secrets(all: &Configuration, profiles: &[Profile], report: &mut Report) {
    let secrets = || profiles.iter().flat_map(Profile::secrets).chain(all.store().secrets());
    let file = all.file().display();
    let written = all.profiles().iter().flat_map(Profile::secrets).chain(all.store().secrets());
    if written.into_iter().any(|(_, source)| source == SecretSource::Written) {
        match permissions::of(all.file()) {
            Ok(Some(open)) => report.wrong(
                Exit::Usage,
                format_args!(
                    "{file} holds a secret and {open}: chmod 600 it, or move the secret to a file or an environment variable"
                ),
            ),
            Ok(None) => report.fine(format_args!("{file} holds a secret, and only its owner can read it")),
            Err(error) => report.note(format_args!("{file}: cannot read its permissions: {error}")),
        }
    } else {
        match permissions::of(all.file()) {
            Ok(Some(open)) if open != permissions::READ => report.wrong(
                Exit::Usage,
                format_args!("{file} {open}, who could send the tokens elsewhere: chown it to yourself and chmod 600 it"),
            ),
            _ => report.fine(format_args!("{file} holds no secret")),
        }
    }
    for (place, source) in secrets() {
        let SecretSource::File(path) = source else { continue };
        let (key, path_shown) = (place.key(), path.display());
        match permissions::of(&path) {
            Ok(Some(open)) => {
                report.wrong(
                    Exit::Usage,
                    Failure::at(place, format_args!("names {path_shown}, which {open}: chmod 600 it")),
                );
            }
            Ok(None) => report.fine(format_args!("{key}: only its owner can read {path_shown}")),
            Err(error) => report.wrong(
                Exit::Usage,
                Failure::at(place, format_args!("names {path_shown}, which cannot be opened: {error}")),
            ),
        }
    }
}

/// Asks the issuer of the profile, if it names one. Returns whether the endpoints are known, be it from before.
fn issuer(profile: &Profile, report: &mut Report) -> bool {
    let name = profile.name();
    match profile.ask_issuer() {
        Ok(None) => {}
        Ok(Some(_)) => report.fine(format_args!("{name}: its issuer names the endpoints")),
        Err(error) => {
            report.failed_of(name, &error.into());
            return matches!(profile.kept_metadata(), Ok(Some(_)));
        }
    }
    true
}

/// Opens the store and checks its permissions and its folders.
fn open_store(all: &Configuration, profiles: &[Profile], report: &mut Report) -> Option<Arc<dyn LocalStore>> {
    let store = match all.store().open() {
        Ok(Some(store)) => store,
        Ok(None) => {
            report.note("no persistent [store]: each command's tokens end with the command");
            return None;
        }
        Err(error) => {
            report.failed(&error.into());
            return None;
        }
    };
    let on_this_machine = all.store().folder().is_some();
    let open = store.open_to_others();
    if on_this_machine && open.is_empty() {
        report.fine("only its owner can open the store");
    }
    let problems = store.problems();
    if problems.is_empty() {
        report.fine(match on_this_machine {
            true => "the files of the store are whole",
            false => "the store's server answers and has what the store needs",
        });
    }
    if !on_this_machine && store.spills().is_none() {
        report.note("the store has no folder for tokens that its server refuses: name one with `spill`");
    }
    let of_records = unusable_spills(&*store, profiles);
    let is_of_record = |problem: &&StoreError| {
        let file = spilled_to(&problem.to_string()).map(str::to_owned);
        file.is_some_and(|file| of_records.iter().any(|error| spilled_to(error) == Some(&file)))
    };
    // The check of its record says more of it.
    problems.iter().filter(|problem| !is_of_record(problem)).for_each(|problem| report.store(problem));
    store.notes().iter().for_each(|note| report.note(note));
    seals::check(&*store, report);
    if let Err(error) = locks(&*store, report) {
        report.store(&error);
    }
    let mut disks = Disks::default();
    if let Some(folder) = all.store().folder() {
        disks.check(folder, "the store's folder", report);
    }
    if let Some(spills) = store.spills() {
        // The store creates the spill folder when it needs it, so the parent must be writable.
        let existing = if spills.is_dir() { Some(spills) } else { spills.parent() };
        disks.check(existing.unwrap_or(spills), "the folder for spilled tokens", report);
    }
    Some(store)
}

/// Why the spilled tokens of these profiles' leased attempts cannot be used.
fn unusable_spills(store: &dyn LocalStore, profiles: &[Profile]) -> Vec<String> {
    let of_profile = |profile| {
        let parts = Parts::offline(profile).ok()?;
        let loaded = store.load(&parts.provider.spec().key, LOAD_TIMEOUT).ok()?;
        Some(loaded.unusable_spill?.to_string())
    };
    profiles.iter().filter_map(of_profile).collect()
}

/// The file of a spill in the sentence about it, which begins with it.
fn spilled_to(text: &str) -> Option<&str> {
    text.rfind(".spill").map(|end| &text[..end])
}

/// Takes a lock of the store. Some file systems have none.
fn locks(store: &dyn LocalStore, report: &mut Report) -> Result<(), StoreError> {
    let _lock = store.liveness_lock(&TokenKey::new("wellspring", "doctor"), LOAD_TIMEOUT)?;
    report.fine("the store's locks work");
    Ok(())
}

/// Loads the record of one profile and checks its times and its lease.
fn record(profile: &Profile, provider: &dyn Provider, store: &dyn Store, report: &mut Report) {
    let (name, key) = (profile.name(), &provider.spec().key);
    let loaded = match store.load(key, LOAD_TIMEOUT) {
        Ok(loaded) => loaded,
        Err(error) => return report.store(&error),
    };
    report.fine(format_args!("{name}: the store is readable and {}", holds(&loaded)));
    if let Some(error) = loaded.unusable_spill.as_ref().or(loaded.unseen_spills.as_ref()) {
        report.store(error);
    }
    if loaded.spilled.is_some() {
        report.note(format_args!("{name}: a token that the store refused waits for the next command"));
    }
    let Some(stored) = &loaded.stored else { return };
    let now = Clock::system().now().unix;
    if let Some(ahead) = stored.record.granted().map(|granted| granted.obtained_at.since(now)) {
        if ahead > clock::TOLERANCE {
            report.wrong(
                Exit::Usage,
                format_args!(
                    "{name}: the token's time is {} ahead of this machine's clock: set the clock",
                    Span(ahead)
                ),
            );
        }
    }
    remembered::check(name, provider, &stored.record, now, report);
    let Some(lease) = &stored.record.lease else { return };
    let (process, since) = (lease.attempt.owner.process, Span(now.since(acquired_at(lease))));
    let unknown = format!(
        "{name}: process {process} started to renew {since} ago, and no process can tell whether it is alive; another one \
         takes over after {}",
        rounded_up(lease.lapses_at(store.guarantees().scope, now).unwrap_or(now.plus(lease.span)))
    );
    match store.watch(key, stored.version, lease.domain, Duration::ZERO) {
        Ok(WatchOutcome::OwnerGone) => report.note(format_args!(
            "{name}: process {process} started to renew {since} ago and is gone; the next command takes over"
        )),
        Ok(WatchOutcome::Changed) => {
            report.note(format_args!("{name}: process {process} has just renewed it"))
        }
        Ok(WatchOutcome::OwnerUnknown) => report.note(unknown),
        Ok(WatchOutcome::Unchanged) if lease.domain.is_none() => report.note(unknown),
        Ok(WatchOutcome::Unchanged) if now > lease.until => report.note(format_args!(
            "{name}: process {process} started to renew {since} ago, is alive and overdue; check that process"
        )),
        Ok(WatchOutcome::Unchanged) => {
            report.note(format_args!("{name}: process {process} started to renew {since} ago and is alive"));
        }
        Err(error) => report.store(&error),
    }
}

fn holds(loaded: &Loaded) -> String {
    match &loaded.stored {
        None => "has no record".to_owned(),
        Some(stored) => match &stored.record.state {
            SessionState::Empty => "holds no token yet".to_owned(),
            SessionState::LoggedOut => "records a logout".to_owned(),
            SessionState::Active(_) => format!("holds generation {}", stored.record.generation),
        },
    }
}
