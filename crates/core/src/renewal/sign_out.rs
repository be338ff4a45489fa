//! Logging out: a tombstone in the store first, so that nothing brings the session back; then revocation, where the
//! provider offers it. Forgetting a session ends with the tombstone.

use crate::error::TokenError;
use crate::lease::Attempt;
use crate::record::{Record, SessionState};
use crate::secret::RefreshToken;
use crate::store::{Applied, Loaded, StoreError, Stored, Swap, Version};
use crate::time::{Clocks, Instant};

use super::answer::Answer;
use super::ask::{Ask, Retry, store_error};
use super::context::{Context, Place, place_after};
use super::operation::Save;
use super::outcome::{Failure, Outcome, Revocation};
use super::request::BoundedRequest;

/// A logout that saves its tombstone.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct SignOut {
    attempt: Attempt,
    /// The place that this lifecycle has reached before.
    known: Place,
    /// The token to revoke.
    token: Option<RefreshToken>,
    /// The session is only forgotten: nothing is revoked.
    forgets: bool,
    tombstone: Option<Record>,
    /// The tombstone may be saved already.
    unsure: bool,
    retry: Retry,
}

/// A logout that revokes the refresh token.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Revoke {
    tombstone: Option<Record>,
}

/// What the logout does next.
pub(super) enum SigningOut {
    Ask(Ask<SignOut>),
    Send(BoundedRequest, Revoke),
    Done(Outcome),
}

impl SignOut {
    pub(super) const fn new(
        attempt: Attempt,
        known: Place,
        token: Option<RefreshToken>,
        end: Instant,
    ) -> Self {
        let retry = Retry::until(end);
        Self { attempt, known, token, forgets: false, tombstone: None, unsure: false, retry }
    }

    /// The same without a revocation.
    pub(super) const fn forgetting(attempt: Attempt, known: Place, end: Instant) -> Self {
        let mut sign_out = Self::new(attempt, known, None, end);
        sign_out.forgets = true;
        sign_out
    }

    /// Continues with what the store holds.
    pub(super) fn loaded(
        mut self,
        context: &Context,
        loaded: Result<Loaded, StoreError>,
        now: Clocks,
    ) -> SigningOut {
        let Loaded { stored, spilled, .. } = match loaded.and_then(Loaded::with_newest) {
            Ok(loaded) => loaded,
            Err(error) => return self.try_again(&error, now),
        };
        let place = stored.as_ref().map(|stored| stored.record.place());
        let expected = stored.as_ref().map(|stored| stored.version);
        if let Some(Stored { record, .. }) = stored {
            if matches!(record.state, SessionState::LoggedOut) {
                self.tombstone = Some(record);
                return self.revoke(context, now);
            }
            let overtaken = |tombstone: &Record| tombstone.epoch <= record.epoch;
            if self.unsure && self.tombstone.as_ref().is_some_and(overtaken) {
                // A user has signed in since the tombstone: that session is not the one that was to end.
                return self.revoke(context, now);
            }
            self.token = refresh_token(&record);
        }
        let newer = spilled.filter(|pending_save| Some(pending_save.record.place()) > place);
        self.token = newer.and_then(|pending_save| refresh_token(&pending_save.record)).or(self.token);
        let place = place_after(place, self.known, now);
        self.save(expected, place)
    }

    fn save(mut self, expected: Option<Version>, place: Place) -> SigningOut {
        let mut record = Record::new(place.0, place.1, SessionState::LoggedOut);
        record.writer = Some(self.attempt);
        record.forgotten = self.forgets;
        self.tombstone = Some(record.clone());
        let save = Save { expected, record, liveness_lock: false };
        SigningOut::Ask(Ask::Save(save, self.retry.end(), self))
    }

    /// Continues with the result of the save.
    pub(super) fn saved(self, context: &Context, saved: Result<Swap, StoreError>, now: Clocks) -> SigningOut {
        match saved {
            Ok(Swap::Done(_)) => self.revoke(context, now),
            Ok(Swap::Conflict) => SigningOut::Ask(Ask::Load(self)),
            Err(error) => self.try_again(&error, now),
        }
    }

    fn try_again(mut self, error: &StoreError, now: Clocks) -> SigningOut {
        self.unsure |= error.applied() == Applied::Maybe;
        match self.retry.after(error, now) {
            Some(next) => SigningOut::Ask(Ask::LoadAt(next, self)),
            None => {
                let text = if self.forgets {
                    "the session could not be removed from the store"
                } else {
                    "the logout could not be saved, and nothing was revoked"
                };
                let error = store_error(text, error);
                SigningOut::Done(Outcome::Failed(Failure::new(error, None, None)))
            }
        }
    }

    fn revoke(self, context: &Context, now: Clocks) -> SigningOut {
        if self.forgets {
            return SigningOut::Done(Outcome::Forgotten(self.tombstone));
        }
        Revoke::begin(context, self.token, self.tombstone, now)
    }
}

impl Revoke {
    /// Revokes this refresh token, if there is one and the provider can.
    pub(super) fn begin(
        context: &Context,
        token: Option<RefreshToken>,
        tombstone: Option<Record>,
        now: Clocks,
    ) -> SigningOut {
        let revoke = Self { tombstone };
        let Some(token) = token else { return revoke.finish(Revocation::NothingHeld) };
        match revocation(context, &token, now) {
            Some(request) => SigningOut::Send(request, revoke),
            None => revoke.finish(Revocation::NotOffered),
        }
    }

    /// Continues with the response.
    pub(super) fn answered(self, answer: Answer) -> SigningOut {
        self.finish(match answer {
            Answer::Response(response) if (200..300).contains(&response.status()) => Revocation::Done,
            Answer::Response(response) => {
                let error = TokenError::protocol("the endpoint did not revoke the refresh token");
                Revocation::Failed(error.with_status(response.status(), None))
            }
            Answer::Failed(failure) => Revocation::Failed(failure.into_error()),
        })
    }

    fn finish(self, revocation: Revocation) -> SigningOut {
        SigningOut::Done(Outcome::SignedOut(self.tombstone, revocation))
    }
}

/// The request that revokes this refresh token, where the provider offers it.
pub(super) fn revocation(context: &Context, token: &RefreshToken, now: Clocks) -> Option<BoundedRequest> {
    let request = context.provider.revocation(token)?;
    let deadline = now.instant.plus(context.policy.deadline);
    Some(BoundedRequest { request, not_after: deadline, deadline })
}

fn refresh_token(record: &Record) -> Option<RefreshToken> {
    record.granted().and_then(|granted| granted.response.refresh_token.clone())
}
