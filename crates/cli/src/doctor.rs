//! `wellspring doctor`: what is wrong with configuration, store and clock, before it hurts.
//!
//! Every check prints its line; nothing is changed, no credential is sent, and no secret is printed. What is only
//! worth knowing does not make the command fail.

mod clock;
mod permissions;

use core::fmt;
use core::time::Duration;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use wellspring_core::{Loaded, SessionState, Store, TokenKey, WatchOutcome};
use wellspring_profiles::{Configuration, LocalStore, Profile, SecretSource};
use wellspring_transport_blocking::Clock;

use crate::exit::{Exit, Failure};
use crate::source::Parts;
use crate::span::Span;
use crate::status::{LOOK, claimed};

/// What the checks came to.
#[derive(Debug, Default)]
struct Report {
    lines: String,
    checks: u32,
    wrong: u32,
    exit: Option<Exit>,
}

impl Report {
    fn add(&mut self, verdict: &str, what: impl fmt::Display) {
        self.checks = self.checks.saturating_add(1);
        // A line for each check, whatever its text.
        let what = what.to_string().replace(['\n', '\r'], " ");
        self.lines.push_str(&format!("{verdict:<6} {what}\n"));
    }

    fn fine(&mut self, what: impl fmt::Display) {
        self.add("ok", what);
    }

    /// Worth knowing.
    fn note(&mut self, what: impl fmt::Display) {
        self.add("note", what);
    }

    fn wrong(&mut self, exit: Exit, what: impl fmt::Display) {
        self.add("wrong", what);
        self.wrong = self.wrong.saturating_add(1);
        // What is to be corrected goes before what may pass.
        self.exit = if exit == Exit::Usage { Some(exit) } else { self.exit.or(Some(exit)) };
    }

    fn failed(&mut self, failure: &Failure) {
        self.wrong(failure.exit, failure);
    }
}

/// Looks at everything and prints what it saw; fails if something is wrong.
pub(crate) fn run(all: &Configuration, out: &mut dyn Write) -> Result<(), Failure> {
    let mut report = Report::default();
    secrets(all, &mut report);
    let kept = kept(all, &mut report);
    let mut asked = Vec::new();
    for profile in all.profiles() {
        match Parts::of(profile, None) {
            Ok(parts) => {
                if let Some(kept) = &kept {
                    record(all, profile, &parts.provider.spec().key, &**kept, &mut report);
                }
                clock::check(&parts, &mut asked, &mut report);
            }
            Err(failure) => report.failed(&failure),
        }
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

/// Whether others can read what is secret in the configuration or named there.
fn secrets(all: &Configuration, report: &mut Report) {
    let secrets = || all.profiles().iter().flat_map(Profile::secrets);
    let file = all.file().display();
    if secrets().any(|(_, source)| source == SecretSource::Written) {
        match permissions::of(all.file()) {
            Ok(Some(open)) => report.wrong(
                Exit::Usage,
                format_args!(
                    "{file} holds a secret and {open}: chmod 600 it, or take the secret from elsewhere"
                ),
            ),
            Ok(None) => report.fine(format_args!("{file} holds a secret, and nobody else can read it")),
            Err(error) => report.note(format_args!("{file}: its permissions cannot be told: {error}")),
        }
    } else {
        report.fine(format_args!("{file} holds no secret"));
    }
    for (place, source) in secrets() {
        let SecretSource::File(path) = source else { continue };
        let (key, path_shown) = (place.key(), path.display());
        match permissions::of(&path) {
            Ok(Some(open)) => {
                report.wrong(
                    Exit::Usage,
                    Failure::at(place, format_args!("{path_shown} {open}: chmod 600 it")),
                );
            }
            Ok(None) => report.fine(format_args!("{key}: nobody else can read {path_shown}")),
            Err(error) => report.wrong(
                Exit::Usage,
                Failure::at(place, format_args!("{path_shown} cannot be looked at: {error}")),
            ),
        }
    }
}

/// Opens the store and looks at where it lies.
fn kept(all: &Configuration, report: &mut Report) -> Option<Arc<dyn LocalStore>> {
    let kept = match all.store().open() {
        Ok(Some(kept)) => kept,
        Ok(None) => {
            report.note("no [store] that outlives a command: whatever is obtained ends with it");
            return None;
        }
        Err(error) => {
            report.failed(&error.into());
            return None;
        }
    };
    let open = kept.open_to_others();
    if open.is_empty() {
        report.fine("the store is its owner's alone");
    }
    for sentence in open {
        report.wrong(Exit::Usage, sentence);
    }
    if let Some(folder) = all.store().folder() {
        writable(folder, "the store's folder", report);
    }
    if let Some(spills) = kept.spills() {
        // Made when it is needed, beside what is there.
        let there = if spills.is_dir() { Some(spills) } else { spills.parent() };
        writable(there.unwrap_or(spills), "the place for spilled tokens", report);
    }
    Some(kept)
}

fn writable(folder: &Path, what: &str, report: &mut Report) {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let shown = here.display();
    match probe(here) {
        Ok(()) => report.fine(format_args!("{what} can be written: {shown}")),
        Err(error) => {
            report.wrong(Exit::TryLater, format_args!("{what} cannot be written: {shown}: {error}"))
        }
    }
}

/// Whether a file can be made there. It is gone again at once.
fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".wellspring-doctor-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)
}

/// Reads what is held of one profile, and looks at who has claimed it.
fn record(all: &Configuration, profile: &Profile, key: &TokenKey, kept: &dyn Store, report: &mut Report) {
    let name = profile.name();
    let loaded = match kept.load(key, LOOK) {
        Ok(loaded) => loaded,
        Err(error) => {
            let failure = Failure::store(all.store().place(), &format!("cannot be read for {name}"), &error);
            return report.failed(&failure);
        }
    };
    report.fine(format_args!("{name}: the store can be read and {}", holds(&loaded)));
    if loaded.spilled.is_some() {
        report.note(format_args!("{name}: a token that the store would not take waits for the next command"));
    }
    let Some(stored) = &loaded.stored else { return };
    let now = Clock::system().now().unix;
    if let Some(ahead) = stored.record.granted().map(|granted| granted.obtained_at.since(now))
        && ahead > clock::TOLERANCE
    {
        report.wrong(
            Exit::Usage,
            format_args!(
                "{name}: what is held is from {} ahead of this machine's clock: set it",
                Span(ahead)
            ),
        );
    }
    let Some(lease) = &stored.record.lease else { return };
    let (process, since) = (lease.attempt.owner.process, Span(now.since(claimed(lease))));
    match kept.watch(key, stored.version, Duration::ZERO) {
        Ok(WatchOutcome::OwnerGone) => report.note(format_args!(
            "{name}: process {process} began to renew {since} ago and is gone; the next command takes over"
        )),
        Ok(WatchOutcome::Changed) => report.note(format_args!("{name}: process {process} has just renewed it")),
        Ok(WatchOutcome::Unchanged) if now > lease.until => report.note(format_args!(
            "{name}: process {process} began to renew {since} ago, is alive and ought to have ended; look after it"
        )),
        Ok(WatchOutcome::Unchanged) => {
            report.note(format_args!("{name}: process {process} began to renew {since} ago and is alive"));
        }
        Err(error) => report.failed(&Failure::store(all.store().place(), "cannot be watched", &error)),
    }
}

fn holds(loaded: &Loaded) -> String {
    match &loaded.stored {
        None => "holds nothing".to_owned(),
        Some(stored) => match &stored.record.state {
            SessionState::Empty => "holds no token yet".to_owned(),
            SessionState::LoggedOut => "remembers a logout".to_owned(),
            SessionState::Active(_) => format!("holds generation {}", stored.record.generation),
        },
    }
}
