//! The observer of a source, and what it is told when a job has ended.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{Clocks, ErrorKind, Instant, Token, TokenError, UnixTime};

use crate::observer::{FailureReason, Observation, Observer, RenewalOutcome, SignInOutcome};

/// When the client certificate in use expires.
pub(crate) type CertificateEnd = Arc<dyn Fn() -> Option<UnixTime> + Send + Sync>;

/// The observer of the sources of one builder, and the certificate that they show.
#[derive(Clone)]
pub(crate) struct Observed {
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) certificate_end: Option<CertificateEnd>,
}

/// What the observer was told last of this source.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    sign_in: Option<FailureReason>,
    spill: bool,
}

/// What has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    Renewal,
    SignIn,
    /// A logout, or the session was forgotten.
    SessionEnd,
    /// A change of the record that sends nothing.
    Amendment,
}

/// How a job has ended.
pub(crate) struct Ended<'a> {
    pub(crate) job: Job,
    pub(crate) result: &'a Result<Token, TokenError>,
    /// Whether the token came from the store.
    pub(crate) from_store: bool,
    /// Whether a session has begun with the tokens of another program.
    pub(crate) imported: bool,
    /// Whether a request may have been sent.
    pub(crate) sent: bool,
    /// Whether the failure is that of before, or an expected one.
    pub(crate) known: bool,
    /// When it began.
    pub(crate) began: Option<Instant>,
    /// Until when no renewal starts.
    pub(crate) quiet_until: Instant,
    pub(crate) now: Clocks,
}

impl Ended<'_> {
    /// What to tell the observer, which was told this before.
    pub(crate) fn observations(&self, told: &mut Told) -> Vec<Observation> {
        let mut all = Vec::new();
        match self.job {
            Job::Renewal => {
                all.push(self.renewal());
                all.extend(self.pause());
            }
            Job::SignIn => all.push(self.sign_in()),
            Job::SessionEnd | Job::Amendment => {}
        }
        if let Some(needed) = self.sign_in_needed() {
            all.extend(told.sign_in(needed));
        }
        all
    }

    fn reason(&self) -> Option<FailureReason> {
        self.result.as_ref().err().map(FailureReason::of)
    }

    fn renewal(&self) -> Observation {
        let reason = self.reason();
        let outcome = match reason {
            None if self.from_store => RenewalOutcome::Stored,
            None => RenewalOutcome::Renewed,
            Some(_) if self.sent => RenewalOutcome::Failed,
            Some(_) => RenewalOutcome::Unsent,
        };
        let took = self.began.map_or(Duration::ZERO, |began| self.now.instant.since(began));
        Observation::RenewalEnded { outcome, reason, took }
    }

    /// The pause that a renewal's failure has opened. A look at a failure that the store remembers opens none.
    fn pause(&self) -> Option<Observation> {
        let opened = |error: &&TokenError| !self.known && error.remembered_since().is_none();
        let error = self.result.as_ref().err().filter(opened)?;
        let is_pause = self.quiet_until > self.now.instant && self.quiet_until < Instant::NEVER;
        if !is_pause || matches!(error.kind(), ErrorKind::LoginRequired { .. }) {
            return None;
        }
        // The pause of all processes, which the store holds, ends later than the pause before the next look at the store.
        let own = self.quiet_until.since(self.now.instant);
        let length = error.next_attempt().map_or(own, |until| until.since(self.now.unix));
        Some(Observation::PauseOpened { reason: FailureReason::of(error), length })
    }

    fn sign_in(&self) -> Observation {
        let reason = self.reason();
        let outcome = match reason {
            None => SignInOutcome::Succeeded,
            Some(_) if self.known => SignInOutcome::Pending,
            Some(_) => SignInOutcome::Failed,
        };
        Observation::SignInEnded { outcome, reason }
    }

    /// Why the user has to sign in now, if this says so or says that it is not so.
    fn sign_in_needed(&self) -> Option<Option<FailureReason>> {
        let Err(error) = self.result else { return Some(None) };
        if self.imported {
            return Some(None);
        }
        // A sign-in that is refused says nothing of the session that there was.
        let is_of_session = matches!(self.job, Job::Renewal | Job::SessionEnd);
        let is_login = matches!(error.kind(), ErrorKind::LoginRequired { .. });
        (is_of_session && is_login).then(|| self.reason())
    }
}

impl Told {
    /// Notes why the user has to sign in, if it is so. Returns what has changed.
    pub(crate) fn sign_in(&mut self, now: Option<FailureReason>) -> Option<Observation> {
        let before = core::mem::replace(&mut self.sign_in, now);
        (before != now).then_some(Observation::SignInNeeded { before, now })
    }

    /// Notes whether a spilled token waits. Returns what has changed.
    pub(crate) fn spill(&mut self, waits: bool) -> Option<Observation> {
        let before = core::mem::replace(&mut self.spill, waits);
        (before != waits).then_some(Observation::SpillWaits { waits })
    }
}

crate::debug_fields!([] Observed, |observed| certificate: observed.certificate_end.is_some());
