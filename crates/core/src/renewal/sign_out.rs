//! Logging out: a tombstone in the store first, so that nothing brings the session back, then revocation where the
//! provider can.

use alloc::boxed::Box;

use crate::lifecycle::RefreshState;
use crate::{
    Applied, Clocks, Instant, Loaded, Outcome, Record, RefreshToken, SessionState, StoreError, Stored, Swap,
    TokenError, Version,
};

use super::exchange::Exchange;
use super::keep::place_after;
use super::{Answer, BoundedRequest, Renewal, Save, Sent, Step, Task, store_error};

/// What became of the refresh token at the endpoint.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub enum Revocation {
    /// The endpoint has revoked it.
    Done,
    /// There was none.
    NothingHeld,
    /// The provider has no way to revoke it: it stays in force there until it expires.
    NotOffered,
    /// It may still be in force there, and this is why.
    Failed(TokenError),
}

/// A logout under way.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct SignOut {
    /// The token to revoke.
    token: Option<RefreshToken>,
    tombstone: Option<Record>,
    expected: Option<Version>,
    end: Instant,
    tries: u32,
    /// The tombstone may have been saved already.
    unsure: bool,
}

impl SignOut {
    pub(super) fn begin(renewal: Renewal, held: Option<RefreshState>, now: Clocks) -> Step {
        let end = now.instant.plus(renewal.policy.store_deadline);
        let token = held.map(|held| held.token);
        let signing_out = Self { token, tombstone: None, expected: None, end, tries: 0, unsure: false };
        if renewal.view.is_some() {
            renewal.load(Task::SignOut(signing_out), now)
        } else {
            signing_out.revoke(renewal, now)
        }
    }

    pub(super) fn look(mut self, renewal: Renewal, loaded: Result<Loaded, StoreError>, now: Clocks) -> Step {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return self.trouble(renewal, &error, now),
        };
        let Some(view) = &renewal.view else { return self.revoke(renewal, now) };
        let place = loaded.stored.as_ref().map(|stored| stored.record.place());
        if let Some(Stored { version, record }) = &loaded.stored {
            self.expected = Some(*version);
            if matches!(record.state, SessionState::LoggedOut) {
                self.tombstone = Some(record.clone());
                return self.revoke(renewal, now);
            }
            let overtaken = |tombstone: &Record| tombstone.epoch <= record.epoch;
            if self.unsure && self.tombstone.as_ref().is_some_and(overtaken) {
                // Somebody has signed in since: their session is not the one that was to end.
                return self.revoke(renewal, now);
            }
            self.token = refresh_token(record);
        } else {
            self.expected = None;
        }
        let newer = loaded.spilled.filter(|pending_save| Some(pending_save.record.place()) > place);
        self.token = newer.and_then(|pending_save| refresh_token(&pending_save.record)).or(self.token.take());
        let place = place_after(place, view.known, now);
        let mut tombstone = Record::new(place.0, place.1, SessionState::LoggedOut);
        tombstone.writer = Some(view.me);
        self.tombstone = Some(tombstone.clone());
        let save = Save { expected: self.expected, record: tombstone, liveness_lock: false };
        let end = self.end;
        renewal.save(save, end, Task::SignOut(self))
    }

    pub(super) fn saved(self, renewal: Renewal, saved: Result<Swap, StoreError>, now: Clocks) -> Step {
        match saved {
            Ok(Swap::Done(_)) => self.revoke(renewal, now),
            Ok(Swap::Conflict) => renewal.load(Task::SignOut(self), now),
            Err(error) => self.trouble(renewal, &error, now),
        }
    }

    fn trouble(mut self, renewal: Renewal, error: &StoreError, now: Clocks) -> Step {
        self.unsure |= error.applied() == Applied::Maybe;
        if error.is_unreadable() || now.instant >= self.end {
            return renewal
                .fail(store_error("the logout could not be saved, and nothing was revoked", error));
        }
        self.tries = self.tries.saturating_add(1);
        let tries = self.tries;
        renewal.load_later(Task::SignOut(self), tries, now)
    }

    fn revoke(mut self, renewal: Renewal, now: Clocks) -> Step {
        let Some(token) = self.token.take() else { return self.finish(Revocation::NothingHeld) };
        let Some(request) = renewal.provider.revocation(&token) else {
            return self.finish(Revocation::NotOffered);
        };
        let deadline = now.instant.plus(renewal.policy.deadline);
        let sending = BoundedRequest { request, not_after: deadline, deadline };
        Step::Send(sending, Sent { renewal, task: Exchange::SignOut(Box::new(self)) })
    }

    pub(super) fn revoked(self, _: Renewal, answer: Answer) -> Step {
        self.finish(match answer {
            Answer::Response(response) if (200..300).contains(&response.status()) => Revocation::Done,
            Answer::Response(response) => {
                let error = TokenError::protocol("the endpoint did not revoke the refresh token");
                Revocation::Failed(error.with_status(response.status(), None))
            }
            Answer::Failed(failure) => Revocation::Failed(failure.into_error()),
        })
    }

    fn finish(self, revocation: Revocation) -> Step {
        Step::Done(Outcome::SignedOut(self.tombstone, revocation), None)
    }
}

fn refresh_token(record: &Record) -> Option<RefreshToken> {
    record.granted().and_then(|granted| granted.response.refresh_token.clone())
}
