//! Storing the token that was obtained: before any caller gets it, whatever other processes have written meanwhile, and in
//! spite of a store that fails.

use alloc::boxed::Box;

use crate::error::TokenError;

use crate::login_reason::LoginReason;
use crate::provider::AuthorizationGrant;
use crate::record::{Record, SessionState};
use crate::rules::{Rule, holds};
use crate::store::{Applied, Loaded, Obtained, PendingSave, StoreError, Stored, Swap, Version};
use crate::time::Clocks;

use super::acquire_lease::Leased;
use super::ask::{Ask, Retry, store_error};
use super::conflict::{Obtainment, Resolution, compare, has_refresh_token, resolve};
use super::context::{Context, Place, place_after};
use super::judge::Judge;
use super::operation::{Forget, Save, Spill};
use super::outcome::{Failure, Outcome, StoreFacts};
use super::record_failure::pause;
use super::request::BoundedRequest;
use super::sign_in::NewSession;
use super::sign_out::revocation;

/// A token that is being saved.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct SaveToken {
    pending_save: Box<PendingSave>,
    recipient: Recipient,
    /// The place that this lifecycle has reached before.
    known: Place,
    /// This lifecycle has seen a logout.
    logged_out: bool,
    expected: Option<Version>,
    retry: Retry,
    /// The next load finds it in the fallback place.
    spilled: bool,
    /// The session is lost with it.
    single_use: bool,
    /// It may be saved already, and others may have gone on from there.
    unsure: bool,
    /// What is wrong with the response, if it brought only a refresh token.
    fault: Option<TokenError>,
}

/// Who gets the token when it is saved.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
enum Recipient {
    /// The callers that wait. The request was sent then.
    Callers(Clocks),
    /// A renewal that has found it spilled, and continues after it.
    Renewal(Box<Judge>),
    /// No caller waits any more.
    Background,
}

/// A token that needs no further save.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Concluded {
    save: SaveToken,
    conclusion: Conclusion,
}

#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
enum Conclusion {
    Saved,
    /// The record is newer.
    Superseded(Box<Record>),
    /// The user has logged out, or the session was forgotten.
    LoggedOut {
        forgotten: bool,
    },
    /// The store was emptied or has gone back in time.
    StoreLost,
}

/// What the renewal does next.
pub(super) enum Storing {
    Ask(Ask<SaveToken>),
    Spill(Spill, SaveToken),
    Forget(Forget, Concluded),
    Revoke(BoundedRequest, Concluded),
    /// The spilled token is dealt with: load again.
    Judge(Judge),
    /// The token may be still to be saved.
    Done(Outcome, Option<SaveToken>),
}

impl SaveToken {
    /// Saves what a renewal has obtained.
    pub(super) fn renewed(
        context: &Context,
        record: Record,
        grant: &AuthorizationGrant,
        sent: Clocks,
        leased: Leased,
        now: Clocks,
    ) -> Storing {
        Self::of_renewal(context, record, grant, sent, leased, now).begin()
    }

    /// Saves the refresh token of a response that cannot be used, with the pause that this orders.
    pub(super) fn kept(
        context: &mut Context,
        mut record: Record,
        error: TokenError,
        grant: &AuthorizationGrant,
        sent: Clocks,
        leased: Leased,
        now: Clocks,
    ) -> Storing {
        record.throttle.clone_from(&leased.record.throttle);
        let fault = Some(pause(context, error, leased.judge.attempt, &mut record, now));
        Self { fault, ..Self::of_renewal(context, record, grant, sent, leased, now) }.begin()
    }

    fn of_renewal(
        context: &Context,
        record: Record,
        grant: &AuthorizationGrant,
        sent: Clocks,
        leased: Leased,
        now: Clocks,
    ) -> Self {
        let Leased { judge, version, .. } = leased;
        let origin = Obtained::ByRenewal { spent: judge.current.place.1 };
        let record = Record { writer: Some(judge.attempt), ..record };
        Self {
            pending_save: Box::new(PendingSave { attempt: judge.attempt, record, origin }),
            recipient: Recipient::Callers(sent),
            known: judge.known,
            logged_out: judge.logged_out,
            expected: Some(version),
            retry: Retry::until(context.store_deadline(now)),
            spilled: false,
            single_use: !context.is_repeatable(grant, judge.current.held.as_ref()),
            unsure: false,
            fault: None,
        }
    }

    /// Saves what a sign-in has obtained.
    pub(super) fn signed_in(
        context: &Context,
        record: Record,
        fault: Option<TokenError>,
        sent: Clocks,
        session: NewSession,
        now: Clocks,
    ) -> Storing {
        let NewSession { attempt, known, logged_out, stored } = session;
        let stored = stored.as_ref();
        let place = place_after(stored.map(|stored| stored.record.place()), known, now);
        let origin = Obtained::BySignIn { seen: stored.map(|stored| stored.record.epoch) };
        let record = Record { epoch: place.0, generation: place.1, writer: Some(attempt), ..record };
        Self {
            pending_save: Box::new(PendingSave { attempt, record, origin }),
            recipient: Recipient::Callers(sent),
            known,
            logged_out,
            expected: stored.map(|stored| stored.version),
            retry: Retry::until(context.store_deadline(now)),
            spilled: false,
            single_use: true,
            unsure: false,
            fault,
        }
        .begin()
    }

    /// Saves what an earlier renewal could not save.
    pub(super) fn found(
        context: &Context,
        pending_save: PendingSave,
        stored: Option<&Stored>,
        judge: Judge,
        now: Clocks,
    ) -> Storing {
        Self {
            pending_save: Box::new(pending_save),
            known: judge.known,
            logged_out: judge.logged_out,
            recipient: Recipient::Renewal(Box::new(judge)),
            expected: None,
            retry: Retry::until(context.store_deadline(now)),
            spilled: true,
            single_use: true,
            unsure: false,
            fault: None,
        }
        .resolve(context, stored, now)
    }

    /// The token that is lost if this goes no further.
    pub(super) fn pending_save(&self) -> Option<&PendingSave> {
        (self.single_use && !self.spilled).then_some(&*self.pending_save)
    }

    /// The same for the background, which tries for as long as it takes.
    pub(super) fn into_background(self) -> Self {
        Self { recipient: Recipient::Background, retry: self.retry.endless(), ..self }
    }

    /// Continues in the background.
    pub(super) fn recover(self, now: Clocks) -> Storing {
        Storing::Ask(Ask::LoadAt(self.retry.next(now), self))
    }

    fn begin(self) -> Storing {
        if holds(Rule::SaveFirst) {
            return self.save();
        }
        match self.recipient {
            Recipient::Callers(sent) => Storing::Done(self.renewed_at(sent), Some(self)),
            Recipient::Renewal(_) | Recipient::Background => self.save(),
        }
    }

    fn save(self) -> Storing {
        let record = self.pending_save.record.clone();
        let save = Save { expected: self.expected, record, liveness_lock: false };
        Storing::Ask(Ask::Save(save, self.retry.end(), self))
    }

    /// Continues with the result of the save.
    pub(super) fn saved(self, context: &Context, saved: Result<Swap, StoreError>, now: Clocks) -> Storing {
        match saved {
            Ok(Swap::Done(_)) => self.conclude(context, Conclusion::Saved, now),
            Ok(Swap::Conflict) => Storing::Ask(Ask::Load(self)),
            Err(error) => self.try_again(context, &error, now),
        }
    }

    /// Continues with what the store holds.
    pub(super) fn loaded(
        self,
        context: &Context,
        loaded: Result<Loaded, StoreError>,
        now: Clocks,
    ) -> Storing {
        match loaded {
            Ok(loaded) => self.resolve(context, loaded.stored.as_ref(), now),
            Err(error) => self.try_again(context, &error, now),
        }
    }

    fn resolve(mut self, context: &Context, stored: Option<&Stored>, now: Clocks) -> Storing {
        let record = stored.map(|stored| &stored.record);
        let kind = self.kind(record);
        let token = &self.pending_save.record;
        let store = compare(record, token, self.pending_save.origin, kind);
        let version = stored.map(|stored| stored.version);
        match (resolve(store, kind), record) {
            (Resolution::Save, Some(record)) => self.keep_from(record),
            (Resolution::Save, None) => {}
            (Resolution::SaveAfter, record) => {
                record.into_iter().for_each(|record| self.keep_from(record));
                self.move_after(record.map(Record::place), version, now);
            }
            (Resolution::Superseded, Some(record)) => {
                return self.conclude(context, Conclusion::Superseded(Box::new(record.clone())), now);
            }
            (Resolution::Saved, _) => return self.conclude(context, Conclusion::Saved, now),
            (Resolution::LoggedOut, record) => {
                let forgotten = record.is_some_and(|record| record.forgotten);
                return self.conclude(context, Conclusion::LoggedOut { forgotten }, now);
            }
            (Resolution::StoreLost | Resolution::Superseded, _) => {
                return self.conclude(context, Conclusion::StoreLost, now);
            }
        }
        self.expected = version;
        self.save()
    }

    /// Takes over what the session's record has got since the lease, for example an attachment.
    fn keep_from(&mut self, stored: &Record) {
        // A sign-in begins another session.
        if matches!(self.pending_save.origin, Obtained::ByRenewal { .. }) {
            self.pending_save.record.keep_from(stored);
        }
    }

    fn kind(&self, stored: Option<&Record>) -> Obtainment {
        let token = &self.pending_save.record;
        match self.pending_save.origin {
            Obtained::ByRenewal { .. } if self.single_use => Obtainment::SingleUse,
            Obtained::ByRenewal { .. } if has_refresh_token(token) => Obtainment::Repeatable,
            Obtained::ByRenewal { .. } => Obtainment::NoRefreshToken,
            Obtained::BySignIn { .. } => {
                // A logout after it would have gone beyond its epoch.
                let followed = stored.is_some_and(|stored| {
                    let logged_out = matches!(stored.state, SessionState::LoggedOut);
                    stored.epoch > token.epoch || (stored.epoch == token.epoch && !logged_out)
                });
                let now = matches!(self.recipient, Recipient::Callers(_)) && !(self.unsure && followed);
                if now { Obtainment::SignIn } else { Obtainment::EarlierSignIn }
            }
        }
    }

    /// Moves the token to a place after this record.
    fn move_after(&mut self, stored: Option<Place>, version: Option<Version>, now: Clocks) {
        let record = &mut self.pending_save.record;
        let place = match self.pending_save.origin {
            Obtained::BySignIn { .. } => {
                self.unsure &= stored.is_none() || self.expected == version;
                place_after(stored, self.known, now)
            }
            // A token without a refresh token fits in anywhere.
            Obtained::ByRenewal { .. } => {
                let after = stored.map(|(epoch, generation)| (epoch, generation.next()));
                record.place().max(after.unwrap_or_default())
            }
        };
        (record.epoch, record.generation) = place;
    }

    /// The store has failed.
    fn try_again(mut self, context: &Context, error: &StoreError, now: Clocks) -> Storing {
        self.unsure |= error.applied() == Applied::Maybe;
        let next = self.retry.after(error, now);
        match (next, &self.recipient) {
            (_, Recipient::Background) if !self.spilled && holds(Rule::Spill) => self.spill(),
            (_, Recipient::Background) => Storing::Ask(Ask::LoadAt(self.retry.next(now), self)),
            (Some(next), _) => Storing::Ask(Ask::LoadAt(next, self)),
            (None, Recipient::Callers(sent)) if !self.single_use => {
                Storing::Done(self.renewed_at(*sent), None)
            }
            (None, Recipient::Callers(_)) if holds(Rule::Spill) => self.spill(),
            (None, Recipient::Callers(sent)) => Storing::Done(self.renewed_at(*sent), Some(self)),
            // A spilled token is as safe as a saved one.
            (None, Recipient::Renewal(_)) if context.time_left(&self.pending_save.record, now).is_some() => {
                Storing::Done(Outcome::Adopted(self.pending_save.record), None)
            }
            (None, Recipient::Renewal(judge)) => {
                let text = "a token that was spilled has expired, and the store does not take what renews it";
                let held = judge.current.held.clone();
                let failure = Failure::looked(store_error(text, error), held, self.logged_out);
                Storing::Done(Outcome::Failed(failure), None)
            }
        }
    }

    fn spill(self) -> Storing {
        Storing::Spill(Spill { pending_save: PendingSave::clone(&self.pending_save) }, self)
    }

    /// Continues when the token is spilled, or cannot be.
    pub(super) fn spilled(mut self, spilled: Result<(), StoreError>, now: Clocks) -> Storing {
        self.spilled = spilled.is_ok();
        match (&self.recipient, spilled) {
            (Recipient::Callers(sent), Ok(())) => Storing::Done(self.renewed_at(*sent), Some(self)),
            (Recipient::Callers(_), Err(error)) => {
                let text = "a new token was obtained, but neither the store nor the fallback place takes it; it is kept in \
                            memory and tried again";
                let facts = StoreFacts::new(self.logged_out);
                let failure = Failure::new(store_error(text, &error), None, Some(facts));
                Storing::Done(Outcome::Failed(failure), Some(self))
            }
            (Recipient::Renewal(_) | Recipient::Background, _) => {
                Storing::Ask(Ask::LoadAt(self.retry.next(now), self))
            }
        }
    }

    /// Nothing is left to save. A token that no session uses any more is revoked, unless the session was forgotten: the
    /// token may share its grant with that of another session.
    fn conclude(self, context: &Context, conclusion: Conclusion, now: Clocks) -> Storing {
        let orphaned = match &conclusion {
            Conclusion::LoggedOut { forgotten } => !forgotten && holds(Rule::RevokeAfterLogout),
            Conclusion::StoreLost => true,
            Conclusion::Saved | Conclusion::Superseded(_) => false,
        };
        let granted = self.pending_save.record.granted().filter(|_| orphaned);
        let token = granted.and_then(|granted| granted.response.refresh_token.as_ref());
        let request = token.and_then(|token| revocation(context, token, now));
        let concluded = Concluded { save: self, conclusion };
        match request {
            Some(request) => Storing::Revoke(request, concluded),
            None => concluded.forget(),
        }
    }

    fn renewed_at(&self, sent: Clocks) -> Outcome {
        renewed(self.pending_save.record.clone(), sent, self.fault.clone())
    }
}

impl Concluded {
    /// Removes the spilled token, which has no use any more. The response to a revocation changes nothing.
    pub(super) fn forget(self) -> Storing {
        if self.save.spilled {
            return Storing::Forget(Forget { attempt: self.save.pending_save.attempt }, self);
        }
        self.finish()
    }

    /// Continues when the spilled token is removed, or cannot be: then this renewal ignores it.
    pub(super) fn forgotten(mut self, forgotten: Result<(), StoreError>) -> Storing {
        if let (Err(_), Recipient::Renewal(judge)) = (forgotten, &mut self.save.recipient) {
            judge.ignore_spills();
        }
        self.finish()
    }

    fn finish(self) -> Storing {
        let Self { save, conclusion } = self;
        let SaveToken { pending_save, recipient, logged_out, fault, .. } = save;
        let outcome = match (conclusion, recipient) {
            (_, Recipient::Renewal(judge)) => return Storing::Judge(*judge),
            (Conclusion::Saved, Recipient::Callers(sent)) => renewed(pending_save.record, sent, fault),
            (Conclusion::Saved, Recipient::Background) => Outcome::Adopted(pending_save.record),
            (Conclusion::Superseded(record), _) => Outcome::Adopted(*record),
            (Conclusion::LoggedOut { .. }, _) => {
                let error = TokenError::login_required(LoginReason::LoggedOut);
                Outcome::Failed(Failure::new(error, None, Some(StoreFacts::new(true))))
            }
            (Conclusion::StoreLost, _) => {
                let error = TokenError::login_required(LoginReason::StoreLost);
                Outcome::Failed(Failure::looked(error, None, logged_out))
            }
        };
        Storing::Done(outcome, None)
    }
}

/// The outcome for the callers that wait.
fn renewed(record: Record, sent: Clocks, fault: Option<TokenError>) -> Outcome {
    match fault {
        None => Outcome::Renewed(record, sent),
        Some(error) => Outcome::Kept(record, error),
    }
}
