//! The lease on its way into the store: nothing is sent before it stands there.

use crate::provider::AuthorizationGrant;
use crate::rules::{Rule, holds};
use crate::{Clocks, Instant, Lease, Loaded, Record, SessionState, StoreError, Swap, TokenError, Version};

use super::store_view::OwnLease;
use super::{Renewal, Save, Step, Task, store_error};

impl Renewal {
    /// Says in the record that this grant is being spent, then sends it.
    pub(super) fn lease(mut self, spend: AuthorizationGrant, now: Clocks) -> Step {
        let span = self.policy.deadline.saturating_add(self.policy.store_deadline);
        let (place, replays) = ((self.epoch, self.generation), self.held.as_ref().map(|held| held.replays));
        let end = now.instant.plus(self.policy.store_deadline);
        let Some(view) = &mut self.view else { return self.send(spend, now) };
        if view.alone || !holds(Rule::Lease) {
            return self.send(spend, now);
        }
        if let Err(error) = self.provider.request(&spend, now.unix) {
            return self.fail(error);
        }
        let (expected, record, first_sent) = match (&view.own_lease, &view.base) {
            (Some(mine), _) => {
                (Some(mine.version), mine.record.clone(), Some(mine.lease.may_be_sent_since()))
            }
            (None, Some(base)) => (Some(base.version), base.record.clone(), view.sent_since),
            (None, None) => (None, Record::new(place.0, place.1, SessionState::Empty), None),
        };
        let again = view.own_lease.is_some();
        let replays =
            replays.filter(|_| matches!(spend, AuthorizationGrant::RefreshToken(_))).unwrap_or(view.replays);
        let lease = Lease { attempt: view.me, first_sent, until: now.unix.plus(span), span, replays };
        let claiming =
            AcquireLease { spend, expected, record, lease, made: now.instant, again, end, tries: 0 };
        claiming.save(self)
    }
}

/// A lease on its way into the store.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct AcquireLease {
    pub(super) spend: AuthorizationGrant,
    expected: Option<Version>,
    record: Record,
    lease: Lease,
    /// When it was made, on the clock that counts suspend.
    made: Instant,
    /// This renewal has sent the grant before, within the same exchange.
    again: bool,
    end: Instant,
    tries: u32,
}

impl AcquireLease {
    fn save(self, renewal: Renewal) -> Step {
        let mut record = self.record.clone();
        record.lease = Some(self.lease);
        let save = Save { expected: self.expected, record, liveness_lock: true };
        let end = self.end;
        renewal.save(save, end, Task::Lease(self))
    }

    pub(super) fn saved(mut self, renewal: Renewal, saved: Result<Swap, StoreError>, now: Clocks) -> Step {
        match saved {
            Ok(Swap::Done(version)) => self.send(renewal, version, now),
            Ok(Swap::Conflict) => renewal.load(Task::Consider, now),
            Err(_) if self.may_go_on(&renewal) => self.go_on(renewal, now),
            Err(error) if error.is_unreadable() || now.instant >= self.end => self.give_up(renewal, &error),
            Err(_) if !holds(Rule::LoadAfterMaybe) => self.save(renewal),
            Err(_) => {
                self.tries = self.tries.saturating_add(1);
                let tries = self.tries;
                renewal.load_later(Task::Lease(self), tries, now)
            }
        }
    }

    /// The lease may have been saved, or not: what does the store say?
    pub(super) fn look(mut self, renewal: Renewal, loaded: Result<Loaded, StoreError>, now: Clocks) -> Step {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) if error.is_unreadable() || now.instant >= self.end => {
                return self.give_up(renewal, &error);
            }
            Err(_) => {
                self.tries = self.tries.saturating_add(1);
                let tries = self.tries;
                return renewal.load_later(Task::Lease(self), tries, now);
            }
        };
        let found = loaded.stored.as_ref().map(|stored| stored.version);
        if found == self.expected {
            self.made = now.instant;
            self.lease.until = now.unix.plus(self.lease.span);
            return self.save(renewal);
        }
        match &loaded.stored {
            Some(stored) if stored.record.lease.is_some_and(|lease| lease.attempt == self.lease.attempt) => {
                let version = stored.version;
                self.send(renewal, version, now)
            }
            // It has moved on: a save that is late can no longer land.
            _ => renewal.consider(Ok(loaded), now),
        }
    }

    fn send(self, mut renewal: Renewal, version: Version, now: Clocks) -> Step {
        let until = self.made.plus(self.lease.span);
        let mine = OwnLease { version, record: self.record, lease: self.lease, until };
        renewal.view_mut().own_lease = Some(mine);
        let latest = until.minus(renewal.policy.deadline);
        if now.instant > latest {
            let text = "saving the lease took so long that no time was left to send anything";
            return renewal.failed(TokenError::unavailable(text), now);
        }
        if !self.again {
            renewal.deadline = now.instant.plus(renewal.policy.deadline);
        }
        renewal.send(self.spend, now)
    }

    fn may_go_on(&self, renewal: &Renewal) -> bool {
        let logged_out = renewal.view.as_ref().is_some_and(|view| view.logged_out);
        holds(Rule::GoOnWithoutStore) && !logged_out && renewal.repeatable(&self.spend)
    }

    fn go_on(self, mut renewal: Renewal, now: Clocks) -> Step {
        renewal.view_mut().alone = true;
        renewal.deadline = now.instant.plus(renewal.policy.deadline);
        renewal.send(self.spend, now)
    }

    /// The lease may stand in the store, and nothing was sent under it.
    fn give_up(self, mut renewal: Renewal, error: &StoreError) -> Step {
        let view = renewal.view_mut();
        let mut told = view.told();
        let what = if self.again {
            "a request got no answer, and the lease to repeat it could not be saved"
        } else {
            told.unsent = Some(view.me.number);
            "the lease could not be saved, and nothing was sent"
        };
        let error = store_error(what, error);
        renewal.fail_told(error, told)
    }
}
