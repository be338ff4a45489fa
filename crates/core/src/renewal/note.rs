//! Storing what a failure says: that the grant was not spent, that it is dead, how long all processes together leave
//! the endpoint alone.

use alloc::string::ToString;

use crate::rules::{Rule, holds};
use crate::{
    Cause, CauseKind, Clocks, Dead, ErrorKind, Fate, Fingerprint, Instant, Loaded, LoginReason, Outcome,
    Record, SessionState, StoreError, Stored, Swap, Throttle, TokenError, UnixTime, Version,
};

use super::{Renewal, Save, Step, Task};

/// What a failure says, on its way into the store.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct RecordFailure {
    error: TokenError,
    expected: Version,
    record: Record,
    end: Instant,
    tries: u32,
}

impl Renewal {
    /// An exchange has failed: the record says so before anybody is told.
    pub(super) fn failed(mut self, error: TokenError, now: Clocks) -> Step {
        let Some(mine) = self.view.as_mut().and_then(|view| view.own_lease.take()) else {
            return self.fail(error);
        };
        let mut record = mine.record;
        let before = record.throttle.take().map_or(0, |throttle| throttle.failures);
        let mut lease = mine.lease;
        record.lease = match error.fate() {
            Fate::Unknown => Some(lease),
            Fate::Dead => None,
            // Sent before, by whomever: that it was not sent this time makes its fate no better known.
            Fate::Unspent if lease.first_sent.is_some() && holds(Rule::ClearOnlyUnsent) => {
                lease.replays = lease.replays.saturating_sub(1);
                // Nothing was sent by this lease: what stands is the earlier sending, however old.
                Some(lease)
            }
            Fate::Unspent => None,
        };
        let mut error = error;
        let refused = self.fell_back && record.granted().is_some_and(has_refresh_token);
        match error.kind() {
            ErrorKind::LoginRequired { reason } => record.dead = Some(Dead { reason, since: now.unix }),
            _ => {
                if refused {
                    // The endpoint turned it away before it turned away the credentials.
                    let reason = LoginReason::Refused;
                    record.dead.get_or_insert(Dead { reason, since: now.unix });
                }
                let failures = self.failures.max(before).saturating_add(1);
                let pause = self.policy.pause_after(&error, failures, &mut self.jitter);
                let until = now.unix.plus(pause);
                let salt = mine.lease.attempt.owner.source ^ mine.lease.attempt.number;
                let credential = (!error.is_transient()).then(|| Fingerprint::of(&*self.provider, salt));
                let cause = Cause::of(&error);
                record.throttle = Some(Throttle { until, failures, credential, cause });
                error = error.with_retry_at(until);
            }
        }
        let end = now.instant.plus(self.policy.store_deadline);
        RecordFailure { error, expected: mine.version, record, end, tries: 0 }.save(self)
    }
}

impl RecordFailure {
    fn save(self, renewal: Renewal) -> Step {
        let (expected, record) = (Some(self.expected), self.record.clone());
        let end = self.end;
        renewal.save(Save { expected, record, liveness_lock: false }, end, Task::Note(self))
    }

    pub(super) fn saved(mut self, renewal: Renewal, saved: Result<Swap, StoreError>, now: Clocks) -> Step {
        match saved {
            Ok(Swap::Done(_)) => self.finish(renewal, true),
            Ok(Swap::Conflict) => renewal.load(Task::Note(self), now),
            Err(error) if error.is_unreadable() || now.instant >= self.end => self.finish(renewal, false),
            Err(_) => {
                self.tries = self.tries.saturating_add(1);
                let tries = self.tries;
                renewal.load_later(Task::Note(self), tries, now)
            }
        }
    }

    /// Somebody has written since the lease, or the note may have been saved without our knowing.
    pub(super) fn look(mut self, renewal: Renewal, loaded: Result<Loaded, StoreError>, now: Clocks) -> Step {
        let stored = match loaded {
            Ok(loaded) => loaded.stored,
            Err(error) if error.is_unreadable() || now.instant >= self.end => {
                return self.finish(renewal, false);
            }
            Err(_) => {
                self.tries = self.tries.saturating_add(1);
                let tries = self.tries;
                return renewal.load_later(Task::Note(self), tries, now);
            }
        };
        let Some(Stored { version, record }) = stored else { return self.finish(renewal, false) };
        if version == self.expected {
            return self.save(renewal);
        }
        let same = record.place() == self.record.place();
        if same && record.throttle == self.record.throttle && record.dead == self.record.dead {
            return self.finish(renewal, true);
        }
        if matches!(record.state, SessionState::LoggedOut) {
            self.error = TokenError::login_required(LoginReason::LoggedOut);
            return self.finish_logged_out(renewal);
        }
        if record.place() > self.record.place() {
            return Step::Done(Outcome::Adopted(record), None);
        }
        self.finish(renewal, false)
    }

    fn finish_logged_out(self, renewal: Renewal) -> Step {
        let mut told = renewal.view.as_ref().map(|view| view.told()).unwrap_or_default();
        told.logged_out = true;
        told.recorded = true;
        renewal.fail_told(self.error, told)
    }

    fn finish(self, renewal: Renewal, recorded: bool) -> Step {
        let view = renewal.view.as_ref();
        let mut told = view.map(|view| view.told()).unwrap_or_default();
        told.recorded = recorded;
        if !recorded && self.error.fate() == Fate::Unspent {
            told.unsent = view.map(|view| view.me.number);
        }
        renewal.fail_told(self.error, told)
    }
}

fn has_refresh_token(granted: &crate::Granted) -> bool {
    granted.response.refresh_token.is_some()
}

impl Cause {
    fn of(error: &TokenError) -> Self {
        let kind = match error.kind() {
            ErrorKind::Misconfigured => CauseKind::Misconfigured,
            ErrorKind::Protocol if error.is_transient() => CauseKind::FromIntermediary,
            ErrorKind::Protocol | ErrorKind::LoginRequired { .. } => CauseKind::Protocol,
            ErrorKind::Unavailable { .. } | ErrorKind::Busy | ErrorKind::Store => CauseKind::Unavailable,
        };
        Self { kind, text: error.text().to_string(), code: error.code().map(ToString::to_string) }
    }

    pub(super) fn to_error(&self, until: UnixTime) -> TokenError {
        let text = self.text.clone();
        let error = match self.kind {
            CauseKind::Unavailable => TokenError::unavailable(text),
            CauseKind::Misconfigured => TokenError::misconfigured(text),
            CauseKind::Protocol => TokenError::protocol(text),
            CauseKind::FromIntermediary => TokenError::from_intermediary(text),
        };
        let error = error.with_retry_at(until);
        match &self.code {
            Some(code) => error.with_code(code.clone()),
            None => error,
        }
    }
}
