//! Recording a failure: whether the grant was spent, whether it is dead, and the pause that all processes keep.

use alloc::string::ToString;
use core::time::Duration;

use crate::error::{ErrorKind, Fate, TokenError};

use crate::lease::{Attempt, Fingerprint, Lease};
use crate::login_reason::LoginReason;
use crate::pauses::Occasion;
use crate::record::{Cause, CauseKind, Dead, Record, SessionState, Throttle};
use crate::refresh_state::RefreshState;
use crate::rules::{Rule, holds};
use crate::store::{Loaded, StoreError, Stored, Swap, Version};
use crate::time::Clocks;
use crate::witnesses::Witnesses;

use super::acquire_lease::{Leased, UnsureLease};
use super::ask::{Ask, Retry};
use super::conflict::has_refresh_token;
use super::context::Context;
use super::operation::Save;
use super::outcome::{Failure, Outcome, OwnAttempt, StoreFacts};

/// A failure that is being recorded.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct RecordFailure {
    error: TokenError,
    attempt: Attempt,
    held: Option<RefreshState>,
    logged_out: bool,
    expected: Option<Version>,
    record: Record,
    retry: Retry,
    /// When the time is up, the store is asked for once more: a lease under which nothing was sent may stand.
    looks_again: bool,
}

/// What the renewal does next.
pub(super) enum Recording {
    Ask(Ask<RecordFailure>),
    Done(Outcome),
}

impl RecordFailure {
    /// An exchange has failed: the record says so before any caller gets the error.
    pub(super) fn begin(
        context: &mut Context,
        error: TokenError,
        fell_back: Option<LoginReason>,
        leased: Leased,
        now: Clocks,
    ) -> Recording {
        let Leased { judge, version, mut record, lease, .. } = leased;
        record.lease = match error.fate() {
            Fate::Unknown | Fate::Answered => Some(lease),
            Fate::Dead => None,
            Fate::Unspent => unsent(lease),
        };
        let mut error = error;
        if let ErrorKind::LoginRequired { reason } = error.kind() {
            record.dead = Some(Dead { reason, since: now.unix });
            record.throttle = None;
        } else {
            if let Some(reason) = fell_back.filter(|_| has_refresh_token(&record)) {
                // The refresh token could not be used before the credentials failed, here or there.
                record.dead.get_or_insert(Dead { reason, since: now.unix });
            }
            if !error.is_local() || !holds(Rule::LocalStaysLocal) {
                error = pause(context, error, judge.attempt, &mut record, now);
            }
        }
        let retry = Retry::until(context.store_deadline(now));
        let (attempt, held, logged_out) = (judge.attempt, judge.current.held, judge.logged_out);
        let looks_again = error.fate() == Fate::Unspent && holds(Rule::WithdrawUnsent);
        let expected = Some(version);
        Self { error, attempt, held, logged_out, expected, record, retry, looks_again }.save()
    }

    /// Nothing was sent under a lease that may be saved, now or later. This save replaces what the lease was to replace,
    /// so that a late save of the lease finds a conflict; if the lease is saved already, a load shows it.
    pub(super) fn withdraw(
        context: &Context,
        error: TokenError,
        lease: UnsureLease,
        now: Clocks,
    ) -> Recording {
        let UnsureLease { judge, expected, record, lease } = lease;
        let record = Record { lease: unsent(lease), ..record };
        let retry = Retry::until(context.store_deadline(now));
        let (attempt, held, logged_out) = (judge.attempt, judge.current.held, judge.logged_out);
        Self { error, attempt, held, logged_out, expected, record, retry, looks_again: false }.save()
    }

    fn save(self) -> Recording {
        let save = Save { expected: self.expected, record: self.record.clone(), liveness_lock: false };
        Recording::Ask(Ask::Save(save, self.retry.end(), self))
    }

    /// Continues with the result of the save.
    pub(super) fn saved(self, context: &Context, saved: Result<Swap, StoreError>, now: Clocks) -> Recording {
        match saved {
            Ok(Swap::Done(_)) => self.finish(true),
            Ok(Swap::Conflict) => Recording::Ask(Ask::Load(self)),
            Err(error) => self.try_again(context, &error, now),
        }
    }

    /// Another process has written since the lease, or this failure is recorded already: continues with what the store
    /// holds.
    pub(super) fn loaded(
        mut self,
        context: &Context,
        loaded: Result<Loaded, StoreError>,
        now: Clocks,
    ) -> Recording {
        let stored = match loaded {
            Ok(loaded) => loaded.stored,
            Err(error) => return self.try_again(context, &error, now),
        };
        if stored.as_ref().map(|stored| stored.version) == self.expected {
            return self.save();
        }
        let Some(Stored { version, record }) = stored else { return self.finish(false) };
        if self.is_to_be_replaced(record.lease) {
            self.record.keep_from(&record);
            self.expected = Some(version);
            return self.save();
        }
        let same = record.place() == self.record.place();
        if same && record.throttle == self.record.throttle && record.dead == self.record.dead {
            return self.finish(true);
        }
        if matches!(record.state, SessionState::LoggedOut) {
            self.error = TokenError::login_required(LoginReason::LoggedOut);
            let facts = StoreFacts::new(true).recorded();
            return self.done(facts);
        }
        if record.place() > self.record.place() {
            return Recording::Done(Outcome::Adopted(record));
        }
        self.finish(false)
    }

    /// Whether this is the lease of this attempt, as it was before the failure.
    fn is_to_be_replaced(&self, stored: Option<Lease>) -> bool {
        stored.is_some_and(|stored| {
            let domain = stored.domain;
            stored.attempt == self.attempt
                && self.record.lease.map(|lease| Lease { domain, ..lease }) != Some(stored)
        })
    }

    fn try_again(mut self, context: &Context, error: &StoreError, now: Clocks) -> Recording {
        match self.retry.after(error, now) {
            Some(next) => Recording::Ask(Ask::LoadAt(next, self)),
            // The process may have been stopped for all that time.
            None if self.looks_again && !error.is_permanent() => {
                self.looks_again = false;
                self.retry = Retry::until(context.store_deadline(now));
                Recording::Ask(Ask::Load(self))
            }
            None => self.finish(false),
        }
    }

    fn finish(self, recorded: bool) -> Recording {
        let number = self.attempt.number;
        let unreadable = ErrorKind::LoginRequired { reason: LoginReason::Unreadable };
        let own_attempt = match self.error.fate() {
            _ if recorded => None,
            Fate::Unspent => Some(OwnAttempt::Unsent(number)),
            _ if self.error.kind() == unreadable => Some(OwnAttempt::Answered(number)),
            _ => None,
        };
        // The pause after a local failure is this process's own.
        let recorded = recorded && !self.error.is_local();
        let facts = StoreFacts { recorded, logged_out: self.logged_out, own_attempt };
        // A store that refuses may be corrected at any time, and a look at it costs no request.
        let facts = if self.error.kind() == ErrorKind::Store { facts.after(&self.error) } else { facts };
        self.done(facts)
    }

    fn done(self, facts: StoreFacts) -> Recording {
        Recording::Done(Outcome::Failed(Failure::new(self.error, self.held, Some(facts))))
    }
}

/// What is left of a lease under which this attempt sent nothing.
fn unsent(lease: Lease) -> Option<Lease> {
    // An earlier attempt has sent the grant. That this attempt did not makes its fate no better known.
    let earlier = lease.first_sent.is_some() && holds(Rule::ClearOnlyUnsent);
    earlier.then(|| Lease { replays: lease.replays.saturating_sub(1), ..lease })
}

/// Writes the pause after this error into the record, for all processes. Returns the error with the end of the pause.
pub(super) fn pause(
    context: &mut Context,
    error: TokenError,
    attempt: Attempt,
    record: &mut Record,
    now: Clocks,
) -> TokenError {
    let error = error.with_asked_at(now.unix);
    let (before, known) = match record.throttle.take() {
        // Another credential was refused.
        Some(throttle)
            if !context.is_same_credential(throttle.credential) && holds(Rule::WitnessesOfOneCredential) =>
        {
            (throttle.failures, Witnesses::default())
        }
        Some(throttle) => (throttle.failures, throttle.witnesses),
        None => (0, Witnesses::default()),
    };
    let failures = context.failures.max(before).saturating_add(1);
    let mut witnesses = context.witnesses.or(known);
    witnesses.add(&error, now.unix);
    let error = witnesses.judge(error);
    let worked = context.has_worked(record.proven, now.unix);
    let access_left = context.time_left(record, now).map_or(Duration::ZERO, |(_, left)| left);
    let occasion = Occasion { failures, witnesses, worked, access_left, now: now.unix };
    let until = now.unix.plus(context.policy.pause_after(&error, &occasion, &mut context.jitter));
    let salt = attempt.owner.source ^ attempt.number;
    let credential = (!error.is_transient()).then(|| Fingerprint::of(&*context.provider, salt));
    let (cause, since) = (Cause::of(&error), now.unix);
    record.throttle = Some(Throttle { until, failures, credential, cause, since, witnesses });
    error.with_retry_at(until)
}

impl Throttle {
    /// The error for a process that keeps this pause.
    pub(super) fn to_error(&self) -> TokenError {
        self.cause.to_error().with_asked_at(self.since).with_retry_at(self.until).remembered()
    }
}

impl Cause {
    fn of(error: &TokenError) -> Self {
        let kind = match error.kind() {
            ErrorKind::Misconfigured => CauseKind::Misconfigured,
            ErrorKind::Protocol if error.is_transient() => CauseKind::FromIntermediary,
            ErrorKind::Protocol | ErrorKind::LoginRequired { .. } => CauseKind::Protocol,
            ErrorKind::Unavailable { .. } | ErrorKind::Busy | ErrorKind::Store => CauseKind::Unavailable,
        };
        Self {
            kind,
            text: error.text().to_string(),
            code: error.code().map(ToString::to_string),
            status: error.status(),
            without_verdict: error.is_without_verdict(),
            subject: error.subject(),
        }
    }

    fn to_error(&self) -> TokenError {
        let text = self.text.clone();
        let error = match self.kind {
            CauseKind::Unavailable => TokenError::unavailable(text),
            CauseKind::Misconfigured => TokenError::misconfigured(text),
            CauseKind::Protocol => TokenError::protocol(text),
            CauseKind::FromIntermediary => TokenError::from_intermediary(text),
        };
        let error = if self.without_verdict { error.without_verdict() } else { error };
        let error = match self.subject {
            Some(subject) => error.about(subject),
            None => error,
        };
        let error = match self.status {
            Some(status) => error.with_status(status, None),
            None => error,
        };
        match &self.code {
            Some(code) => error.with_code(code.clone()),
            None => error,
        }
    }
}
