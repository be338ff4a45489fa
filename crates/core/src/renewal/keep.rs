//! Storing what was obtained: before anybody gets it, whatever else has been written meanwhile, and in spite of a
//! store that fails.

use alloc::boxed::Box;

use crate::provider::AuthorizationGrant;
use crate::rules::{Rule, holds};
use crate::{
    Applied, Clocks, Epoch, Generation, Instant, Loaded, LoginReason, Obtained, PendingSave, Record,
    SessionState, StoreError, Stored, Swap, TokenError, Version,
};

use super::exchange::Exchange;
use super::{
    BoundedRequest, Failure, Forget, Forgetting, Outcome, Pending, RefreshUpdate, Renewal, Save, Sent, Spill,
    Spilling, Step, Task, UnfinishedSave, store_error,
};

/// A grant on its way into the store.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct SaveToken {
    pending_save: Box<PendingSave>,
    sent: Clocks,
    expected: Option<Version>,
    aim: Aim,
    end: Instant,
    tries: u32,
    /// It lies where the next load finds it.
    spilled: bool,
    /// Losing it would lose the session.
    precious: bool,
    /// It may have been saved already, and others may have gone on from there.
    unsure: bool,
}

/// Who gets what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Aim {
    /// Whoever waits for this renewal.
    Callers,
    /// Nobody: it was found on the way, and the renewal goes on after it.
    Found,
    /// Nobody waits any more.
    Background,
}

/// What became of it.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
enum Ending {
    Saved,
    /// Something newer is there.
    Superseded(Box<Record>),
    /// Somebody has logged out since.
    LoggedOut,
    /// The store was emptied or has gone back in time.
    StoreLost,
}

/// What the store says of a grant that is to be stored.
enum Ruling {
    Save(Option<Version>),
    End(Ending),
}

impl SaveToken {
    /// What this renewal has obtained.
    pub(super) fn begin(
        mut renewal: Renewal,
        mut record: Record,
        spend: AuthorizationGrant,
        sent: Clocks,
        now: Clocks,
    ) -> Step {
        let (precious, signing_in) = (!renewal.repeatable(&spend), renewal.signing_in);
        let end = now.instant.plus(renewal.policy.store_deadline);
        let Some(view) = &mut renewal.view else {
            return Step::Done(Outcome::Renewed(record, sent), None);
        };
        if view.alone {
            return Step::Done(Outcome::Renewed(record, sent), None);
        }
        record.writer = Some(view.me);
        let base = view.base.as_ref();
        let mut expected = view.own_lease.as_ref().map(|mine| mine.version);
        let mut origin = Obtained::ByRenewal { spent: renewal.generation };
        if signing_in {
            expected = base.map(|stored| stored.version);
            origin = Obtained::BySignIn { seen: base.map(|stored| stored.record.epoch) };
            (record.epoch, record.generation) =
                place_after(base.map(|stored| stored.record.place()), view.known, now);
        } else if !holds(Rule::Lease) {
            expected = base.map(|stored| stored.version);
        }
        let precious = precious || signing_in;
        let pending_save = Box::new(PendingSave { attempt: view.me, record, origin });
        let aim = Aim::Callers;
        let keeping = Self {
            pending_save,
            sent,
            expected,
            aim,
            end,
            tries: 0,
            spilled: false,
            precious,
            unsure: false,
        };
        if !holds(Rule::SaveFirst) {
            let record = keeping.pending_save.record.clone();
            return Step::Done(Outcome::Renewed(record, sent), Some(keeping.left_over(renewal)));
        }
        keeping.save(renewal)
    }

    /// What a renewal before this one could not store.
    pub(super) fn found(renewal: Renewal, pending_save: PendingSave, now: Clocks) -> Step {
        let end = now.instant.plus(renewal.policy.store_deadline);
        let base = renewal.view.as_ref().and_then(|view| view.base.clone());
        let (pending_save, aim) = (Box::new(pending_save), Aim::Found);
        let (spilled, precious, unsure) = (true, true, false);
        let keeping =
            Self { pending_save, sent: now, expected: None, aim, end, tries: 0, spilled, precious, unsure };
        keeping.judge(renewal, base.as_ref(), now)
    }

    /// The background goes on with it, for as long as it takes.
    pub(super) fn recover(mut self, renewal: Renewal, now: Clocks) -> Step {
        self.aim = Aim::Background;
        self.end = Instant::NEVER;
        let tries = self.tries;
        renewal.load_later(Task::Keep(self), tries, now)
    }

    pub(super) const fn pending_save(&self) -> Option<&PendingSave> {
        if self.precious && !self.spilled { Some(&self.pending_save) } else { None }
    }

    fn left_over(self, renewal: Renewal) -> UnfinishedSave {
        UnfinishedSave { renewal: Box::new(renewal), keeping: Box::new(self) }
    }

    fn save(self, renewal: Renewal) -> Step {
        let deadline = if self.aim == Aim::Background { Instant::NEVER } else { self.end };
        let record = self.pending_save.record.clone();
        let save = Save { expected: self.expected, record, liveness_lock: false };
        renewal.save(save, deadline, Task::Keep(self))
    }

    pub(super) fn saved(self, renewal: Renewal, saved: Result<Swap, StoreError>, now: Clocks) -> Step {
        match saved {
            Ok(Swap::Done(_)) => self.settle(renewal, Ending::Saved, now),
            Ok(Swap::Conflict) => renewal.load(Task::Keep(self), now),
            Err(error) => self.trouble(renewal, &error, now),
        }
    }

    pub(super) fn look(self, renewal: Renewal, loaded: Result<Loaded, StoreError>, now: Clocks) -> Step {
        match loaded {
            Ok(loaded) => self.judge(renewal, loaded.stored.as_ref(), now),
            Err(error) => self.trouble(renewal, &error, now),
        }
    }

    fn judge(mut self, renewal: Renewal, stored: Option<&Stored>, now: Clocks) -> Step {
        let known = renewal.view.as_ref().map_or(<_>::default(), |view| view.known);
        match self.ruling(stored, known, now) {
            Ruling::Save(expected) => {
                self.expected = expected;
                self.save(renewal)
            }
            Ruling::End(ending) => self.settle(renewal, ending, now),
        }
    }

    /// What is to be done with it, in view of what the store holds.
    fn ruling(&mut self, stored: Option<&Stored>, known: (Epoch, Generation), now: Clocks) -> Ruling {
        let Some(Stored { version, record }) = stored else {
            let holds_nothing = !has_refresh_token(&self.pending_save.record);
            return match self.pending_save.origin {
                Obtained::ByRenewal { .. } if holds_nothing => Ruling::Save(None),
                Obtained::ByRenewal { .. } if holds(Rule::NeverRestore) => Ruling::End(Ending::StoreLost),
                Obtained::ByRenewal { .. } => Ruling::Save(None),
                Obtained::BySignIn { .. } => {
                    self.move_to(place_after(None, known, now));
                    Ruling::Save(None)
                }
            };
        };
        let mine = &self.pending_save.record;
        let own = record.writer == mine.writer && record.generation == mine.generation;
        let superseded = || Ruling::End(Ending::Superseded(Box::new(record.clone())));
        let logged_out = matches!(record.state, SessionState::LoggedOut);
        match self.pending_save.origin {
            Obtained::BySignIn { .. } if own && holds(Rule::KnowOwnWriting) => Ruling::End(Ending::Saved),
            Obtained::BySignIn { seen } => {
                let moved = seen != Some(record.epoch);
                // A logout after it would have gone beyond its epoch.
                let followed = record.epoch > mine.epoch || (record.epoch == mine.epoch && !logged_out);
                if (self.aim == Aim::Callers && !(self.unsure && followed)) || !moved {
                    self.unsure &= self.expected == Some(*version);
                    self.move_to(place_after(Some(record.place()), known, now));
                    Ruling::Save(Some(*version))
                } else if logged_out {
                    Ruling::End(Ending::LoggedOut)
                } else {
                    superseded()
                }
            }
            Obtained::ByRenewal { .. }
                if !has_refresh_token(mine) && !logged_out && record.granted().is_none() =>
            {
                // What credentials brought fits in anywhere.
                self.move_to(mine.place().max((record.epoch, record.generation.next())));
                Ruling::Save(Some(*version))
            }
            Obtained::ByRenewal { spent } => {
                if record.epoch != mine.epoch && holds(Rule::EpochFirst) {
                    return match record.epoch > mine.epoch {
                        true if logged_out => Ruling::End(Ending::LoggedOut),
                        true => superseded(),
                        false if !has_refresh_token(mine) => Ruling::Save(Some(*version)),
                        false => Ruling::End(Ending::StoreLost),
                    };
                }
                // Without a refresh token it is not what was spent: somebody has begun anew in an emptied store.
                let is_spent = record.generation == spent && (!self.precious || has_refresh_token(record));
                if is_spent
                    && holds(Rule::SaveAgain)
                    && (record.dead.is_none() || holds(Rule::SaveOverDeadMark))
                {
                    return Ruling::Save(Some(*version));
                }
                if own && holds(Rule::KnowOwnWriting) {
                    return Ruling::End(Ending::Saved);
                }
                match record.generation <= spent {
                    true if self.precious => Ruling::End(Ending::StoreLost),
                    // The generations between were obtained while the store failed.
                    true => Ruling::Save(Some(*version)),
                    false => superseded(),
                }
            }
        }
    }

    fn move_to(&mut self, place: (Epoch, Generation)) {
        (self.pending_save.record.epoch, self.pending_save.record.generation) = place;
    }

    /// The store will not take it now.
    fn trouble(mut self, renewal: Renewal, error: &StoreError, now: Clocks) -> Step {
        self.tries = self.tries.saturating_add(1);
        self.unsure |= error.applied() == Applied::Maybe;
        let over = error.is_unreadable() || now.instant >= self.end;
        match self.aim {
            Aim::Callers if over && !self.precious => {
                let (record, sent) = (self.pending_save.record, self.sent);
                Step::Done(Outcome::Renewed(record, sent), None)
            }
            Aim::Callers if over && holds(Rule::Spill) => self.spill(renewal),
            Aim::Callers if over => {
                let (record, sent) = (self.pending_save.record.clone(), self.sent);
                Step::Done(Outcome::Renewed(record, sent), Some(self.left_over(renewal)))
            }
            // It is in nobody's way where it lies, and as good as any.
            Aim::Found if over && renewal.left(&self.pending_save.record, now).is_some() => {
                Step::Done(Outcome::Adopted(self.pending_save.record), None)
            }
            Aim::Found if over => {
                let what = "a token that was spilled is over, and the store does not take what renews it";
                renewal.fail(store_error(what, error))
            }
            Aim::Background if !self.spilled && holds(Rule::Spill) => self.spill(renewal),
            Aim::Callers | Aim::Found | Aim::Background => {
                let tries = self.tries;
                renewal.load_later(Task::Keep(self), tries, now)
            }
        }
    }

    fn spill(self, renewal: Renewal) -> Step {
        let operation = Spill { pending_save: PendingSave::clone(&self.pending_save) };
        Step::Spill(Pending { operation, deadline: Instant::NEVER, next: Spilling { renewal, task: self } })
    }

    pub(super) fn spilled(mut self, renewal: Renewal, spilled: Result<(), StoreError>, now: Clocks) -> Step {
        self.spilled = spilled.is_ok();
        let tries = self.tries;
        match (self.aim, spilled) {
            (Aim::Callers, Ok(())) => {
                let (record, sent) = (self.pending_save.record.clone(), self.sent);
                Step::Done(Outcome::Renewed(record, sent), Some(self.left_over(renewal)))
            }
            (Aim::Callers, Err(error)) => {
                let what = "a new token was obtained, but neither the store nor the place for spills takes it; it is \
                            kept in memory and tried again";
                let told = renewal.view.as_ref().map(|view| view.told());
                let held = RefreshUpdate::As(None);
                let failure = Failure { error: store_error(what, &error), held, told };
                Step::Done(Outcome::Failed(failure), Some(self.left_over(renewal)))
            }
            (Aim::Found | Aim::Background, _) => renewal.load_later(Task::Keep(self), tries, now),
        }
    }

    /// The store has ruled; what is of no use to anybody any more is revoked.
    fn settle(self, renewal: Renewal, ending: Ending, now: Clocks) -> Step {
        let orphaned = match &ending {
            Ending::LoggedOut => holds(Rule::RevokeAfterLogout),
            Ending::StoreLost => true,
            Ending::Saved | Ending::Superseded(_) => false,
        };
        let granted = self.pending_save.record.granted().filter(|_| orphaned);
        let token = granted.and_then(|granted| granted.response.refresh_token.as_ref());
        let revocation = token.and_then(|token| renewal.provider.revocation(token));
        let settled = Settled { keeping: self, ending };
        let Some(request) = revocation else { return settled.forget(renewal, now) };
        let deadline = now.instant.plus(renewal.policy.deadline);
        let sending = BoundedRequest { request, not_after: deadline, deadline };
        Step::Send(sending, Sent { renewal, task: Exchange::Revoke(settled) })
    }
}

/// A grant whose way has ended.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Settled {
    keeping: SaveToken,
    ending: Ending,
}

impl Settled {
    /// What was spilled has no use any more.
    pub(super) fn forget(self, renewal: Renewal, now: Clocks) -> Step {
        if self.keeping.spilled {
            let operation = Forget { attempt: self.keeping.pending_save.attempt };
            let next = Forgetting { renewal, task: self };
            return Step::Forget(Pending { operation, deadline: Instant::NEVER, next });
        }
        self.finish(renewal, now)
    }

    pub(super) fn forgotten(self, mut renewal: Renewal, forgotten: bool, now: Clocks) -> Step {
        if let Some(view) = &mut renewal.view {
            view.blind_to_spills |= !forgotten;
        }
        self.finish(renewal, now)
    }

    fn finish(self, mut renewal: Renewal, now: Clocks) -> Step {
        let Self { keeping, ending } = self;
        if keeping.aim == Aim::Found {
            return renewal.load(Task::Consider, now);
        }
        match ending {
            Ending::Saved if keeping.aim == Aim::Callers => {
                Step::Done(Outcome::Renewed(keeping.pending_save.record, keeping.sent), None)
            }
            Ending::Saved => Step::Done(Outcome::Adopted(keeping.pending_save.record), None),
            Ending::Superseded(record) => Step::Done(Outcome::Adopted(*record), None),
            Ending::LoggedOut => {
                renewal.held = None;
                let mut told = renewal.view.as_ref().map(|view| view.told()).unwrap_or_default();
                told.logged_out = true;
                renewal.fail_told(TokenError::login_required(LoginReason::LoggedOut), told)
            }
            Ending::StoreLost => {
                renewal.held = None;
                renewal.fail(TokenError::login_required(LoginReason::StoreLost))
            }
        }
    }
}

fn has_refresh_token(record: &Record) -> bool {
    record.granted().is_some_and(|granted| granted.response.refresh_token.is_some())
}

/// Where a sign-in or a logout stands that comes after this record, or into an empty store.
///
/// An empty store does not tell how far others have come: the wall clock is later than any count.
pub(super) fn place_after(
    stored: Option<(Epoch, Generation)>,
    known: (Epoch, Generation),
    now: Clocks,
) -> (Epoch, Generation) {
    let (epoch, generation) = stored.unwrap_or_default();
    let (epoch, generation) = (epoch.max(known.0).next(), generation.max(known.1).next());
    if !holds(Rule::NewEpoch) {
        return (stored.unwrap_or_default().0, generation);
    }
    if stored.is_some() || !holds(Rule::EpochFromClock) {
        return (epoch, generation);
    }
    let clock = u64::try_from(now.unix.since_epoch().as_millis()).unwrap_or(u64::MAX);
    (epoch.max(Epoch::new(clock)), generation.max(Generation::new(clock)))
}
