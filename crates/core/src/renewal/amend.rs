//! Changing a session's record without a request: attachments, and the tokens of another program.

use crate::attachments::Attachments;
use crate::error::TokenError;
use crate::existing_tokens::ExistingTokens;
use crate::lease::Attempt;
use crate::login_reason::LoginReason;
use crate::record::{Record, SessionState};
use crate::store::{Applied, Loaded, StoreError, Stored, Swap, Version};
use crate::time::{Clocks, Instant};

use super::ask::{Ask, Retry, store_error};
use super::context::{Place, place_after};
use super::operation::Save;
use super::outcome::{Failure, Outcome};

/// A change of a session's record.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub enum Amendment {
    /// None: only look at the record.
    Look,
    /// Attach these to the session, in addition to what is attached.
    Attach(Attachments),
    /// Remove what is attached under this name.
    Detach(alloc::string::String),
    /// Begin a session with these tokens, if there is none and no logout is remembered.
    Import(ExistingTokens),
}

/// A change on its way into the store.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Amend {
    amendment: Amendment,
    attempt: Attempt,
    /// The place that this lifecycle has reached before.
    known: Place,
    /// The record that is being saved.
    saving: Option<Record>,
    /// It may be saved already.
    unsure: bool,
    retry: Retry,
}

/// What the change does next.
pub(super) enum Amending {
    Ask(Ask<Amend>),
    Done(Outcome),
}

impl Amend {
    pub(super) const fn new(amendment: Amendment, attempt: Attempt, known: Place, end: Instant) -> Self {
        Self { amendment, attempt, known, saving: None, unsure: false, retry: Retry::until(end) }
    }

    /// Continues with what the store holds.
    pub(super) fn loaded(self, loaded: Result<Loaded, StoreError>, now: Clocks) -> Amending {
        let is_import = matches!(self.amendment, Amendment::Import(_));
        let loaded = match loaded.and_then(|it| if is_import { it.with_newest() } else { Ok(it) }) {
            Ok(loaded) => loaded,
            Err(error) => return self.try_again(&error, now),
        };
        match &self.amendment {
            Amendment::Look => done(Outcome::Looked(loaded.stored.map(|stored| stored.record))),
            Amendment::Attach(_) | Amendment::Detach(_) => match loaded.stored {
                Some(Stored { version, record }) => self.attach(version, record),
                None => fail(TokenError::login_required(LoginReason::NotSignedIn)),
            },
            Amendment::Import(tokens) => {
                let granted = tokens.granted(now.unix);
                let stored = loaded.stored;
                let own = |record: &Record| self.unsure && record.writer == Some(self.attempt);
                match &stored {
                    Some(Stored { record, .. }) if own(record) => {
                        return done(Outcome::Imported(record.clone()));
                    }
                    Some(Stored { record: Record { state: SessionState::Empty, .. }, .. }) | None
                        if loaded.spilled.is_none() => {}
                    _ => return done(Outcome::Looked(stored.map(|stored| stored.record))),
                }
                let place = place_after(stored.as_ref().map(|stored| stored.record.place()), self.known, now);
                let mut record = Record::new(place.0, place.1, SessionState::Active(granted));
                record.writer = Some(self.attempt);
                self.save(stored.map(|stored| stored.version), record)
            }
        }
    }

    fn attach(self, version: Version, mut record: Record) -> Amending {
        if matches!(record.state, SessionState::LoggedOut) {
            return fail(TokenError::login_required(LoginReason::LoggedOut));
        }
        let changed = match &self.amendment {
            Amendment::Attach(added) => {
                let same = added.iter().all(|(name, bytes)| record.attachments.expose(name) == Some(bytes));
                if !added.iter().all(|(name, bytes)| record.attachments.insert(name, bytes)) {
                    return fail(TokenError::misconfigured(
                        "nothing was attached: the attachments of a session have at most 64 KiB in all",
                    ));
                }
                !same
            }
            Amendment::Detach(name) => record.attachments.remove(name),
            Amendment::Look | Amendment::Import(_) => false,
        };
        if changed { self.save(Some(version), record) } else { done(Outcome::Looked(Some(record))) }
    }

    fn save(mut self, expected: Option<Version>, record: Record) -> Amending {
        self.saving = Some(record.clone());
        // The lease of another process stays as it is, with the lock that it names.
        let save = Save { expected, record, liveness_lock: false };
        Amending::Ask(Ask::Save(save, self.retry.end(), self))
    }

    /// Continues with the result of the save.
    pub(super) fn saved(mut self, saved: Result<Swap, StoreError>, now: Clocks) -> Amending {
        match saved {
            Ok(Swap::Conflict) => Amending::Ask(Ask::Load(self)),
            Ok(Swap::Done(_)) => done(match (&self.amendment, self.saving.take()) {
                (Amendment::Import(_), Some(record)) => Outcome::Imported(record),
                (_, record) => Outcome::Looked(record),
            }),
            Err(error) => self.try_again(&error, now),
        }
    }

    fn try_again(mut self, error: &StoreError, now: Clocks) -> Amending {
        self.unsure |= error.applied() == Applied::Maybe;
        match self.retry.after(error, now) {
            Some(next) => Amending::Ask(Ask::LoadAt(next, self)),
            None if self.unsure => fail(store_error("the session may have been changed or not", error)),
            None => fail(store_error("the session was not changed", error)),
        }
    }
}

/// The change where there is no store: only tokens can be brought along.
pub(super) fn without_store(amendment: Amendment, known: Place, logged_out: bool, now: Clocks) -> Outcome {
    let Amendment::Import(tokens) = amendment else {
        let text = "a source without a store keeps no attachments: give it a store";
        return Outcome::Failed(Failure::new(TokenError::misconfigured(text), None, None));
    };
    if logged_out || known != Place::default() {
        return Outcome::Looked(None);
    }
    let (epoch, generation) = (known.0.next(), known.1.next());
    Outcome::Imported(Record::new(epoch, generation, SessionState::Active(tokens.granted(now.unix))))
}

const fn done(outcome: Outcome) -> Amending {
    Amending::Done(outcome)
}

const fn fail(error: TokenError) -> Amending {
    done(Outcome::Failed(Failure::new(error, None, None)))
}
