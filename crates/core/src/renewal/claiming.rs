//! The claim on its way into the store: nothing is sent before it stands there.

use alloc::boxed::Box;

use crate::provider::Spend;
use crate::rules::{Rule, holds};
use crate::{Claim, Clocks, Grant, Instant, Loaded, Record, StoreError, Swap, TokenError, Version};

use super::ledger::Mine;
use super::{Renewal, SaveRequest, Saving, Step, Task, store_error};

impl Renewal {
    /// Says in the record that this grant is being spent, then sends it.
    pub(super) fn claim(mut self, spend: Spend, now: Clocks) -> Step {
        let span = self.policy.deadline.saturating_add(self.policy.store_deadline);
        let (place, replays) = ((self.epoch, self.generation), self.held.as_ref().map(|held| held.replays));
        let end = now.instant.plus(self.policy.store_deadline);
        let Some(ledger) = &mut self.ledger else { return self.send(spend, now) };
        if ledger.alone || !holds(Rule::Claim) {
            return self.send(spend, now);
        }
        if let Err(error) = self.provider.request(&spend, now.unix) {
            return self.fail(error);
        }
        let (expected, record, first_sent) = match (&ledger.mine, &ledger.base) {
            (Some(mine), _) => {
                (Some(mine.version), mine.record.clone(), Some(mine.claim.may_be_sent_since()))
            }
            (None, Some(base)) => (Some(base.version), base.record.clone(), ledger.sent_since),
            (None, None) => (None, Record::new(place.0, place.1, Grant::None), None),
        };
        let again = ledger.mine.is_some();
        let replays = replays.filter(|_| matches!(spend, Spend::RefreshToken(_))).unwrap_or(ledger.replays);
        let claim = Claim { attempt: ledger.me, first_sent, until: now.unix.plus(span), span, replays };
        let claiming = Claiming { spend, expected, record, claim, made: now.instant, again, end, tries: 0 };
        claiming.save(self)
    }
}

/// A claim on its way into the store.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Claiming {
    pub(super) spend: Spend,
    expected: Option<Version>,
    record: Record,
    claim: Claim,
    /// When it was made, on the clock that counts suspend.
    made: Instant,
    /// This renewal has sent the grant before, within the same exchange.
    again: bool,
    end: Instant,
    tries: u32,
}

impl Claiming {
    fn save(self, renewal: Renewal) -> Step {
        let mut record = self.record.clone();
        record.claim = Some(self.claim);
        let request = SaveRequest { expected: self.expected, record, sign_of_life: true, deadline: self.end };
        Step::Save(Box::new(request), Saving { renewal, task: Task::Claim(self) })
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
                renewal.load_later(Task::Claim(self), tries, now)
            }
        }
    }

    /// The claim may have been saved, or not: what does the store say?
    pub(super) fn look(mut self, renewal: Renewal, loaded: Result<Loaded, StoreError>, now: Clocks) -> Step {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) if error.is_unreadable() || now.instant >= self.end => {
                return self.give_up(renewal, &error);
            }
            Err(_) => {
                self.tries = self.tries.saturating_add(1);
                let tries = self.tries;
                return renewal.load_later(Task::Claim(self), tries, now);
            }
        };
        let found = loaded.stored.as_ref().map(|stored| stored.version);
        if found == self.expected {
            self.made = now.instant;
            self.claim.until = now.unix.plus(self.claim.span);
            return self.save(renewal);
        }
        match &loaded.stored {
            Some(stored) if stored.record.claim.is_some_and(|claim| claim.attempt == self.claim.attempt) => {
                let version = stored.version;
                self.send(renewal, version, now)
            }
            // It has moved on: a save that is late can no longer land.
            _ => renewal.consider(Ok(loaded), now),
        }
    }

    fn send(self, mut renewal: Renewal, version: Version, now: Clocks) -> Step {
        let until = self.made.plus(self.claim.span);
        let mine = Mine { version, record: self.record, claim: self.claim, until };
        renewal.ledger_mut().mine = Some(mine);
        let latest = until.minus(renewal.policy.deadline);
        if now.instant > latest {
            let text = "saving the claim took so long that no time was left to send anything";
            return renewal.failed(TokenError::unavailable(text), now);
        }
        if !self.again {
            renewal.deadline = now.instant.plus(renewal.policy.deadline);
        }
        renewal.send(self.spend, now)
    }

    fn may_go_on(&self, renewal: &Renewal) -> bool {
        let logged_out = renewal.ledger.as_ref().is_some_and(|ledger| ledger.logged_out);
        holds(Rule::GoOnWithoutStore) && !logged_out && renewal.repeatable(&self.spend)
    }

    fn go_on(self, mut renewal: Renewal, now: Clocks) -> Step {
        renewal.ledger_mut().alone = true;
        renewal.deadline = now.instant.plus(renewal.policy.deadline);
        renewal.send(self.spend, now)
    }

    /// The claim may stand in the store, and nothing was sent under it.
    fn give_up(self, mut renewal: Renewal, error: &StoreError) -> Step {
        let ledger = renewal.ledger_mut();
        let mut told = ledger.told();
        let what = if self.again {
            "a request got no answer, and the claim to repeat it could not be saved"
        } else {
            told.unsent = Some(ledger.me.number);
            "the claim could not be saved, and nothing was sent"
        };
        let error = store_error(what, error);
        renewal.fail_told(error, told)
    }
}
