//! Saving the lease: nothing is sent before it is in the store.

use crate::error::TokenError;
use crate::lease::Lease;
use crate::provider::AuthorizationGrant;
use crate::record::Record;
use crate::rules::{Rule, holds};
use crate::store::{Applied, Loaded, StoreError, Swap, Version};
use crate::time::{Clocks, Instant};

use super::ask::{Ask, Retry, store_error};
use super::context::Context;
use super::judge::{Basis, Judge};
use super::operation::Save;
use super::outcome::{Failure, OwnAttempt, StoreFacts};

/// A lease that is being saved.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct AcquireLease {
    judge: Judge,
    grant: AuthorizationGrant,
    expected: Option<Version>,
    record: Record,
    lease: Lease,
    /// When the lease was made, on the clock that counts suspend.
    made: Instant,
    /// This renewal has sent the grant before, within the same exchange.
    repeats: bool,
    /// A save that was not answered may have been made, or may still be made.
    unsure: bool,
    retry: Retry,
}

/// A lease that may be saved, under which nothing was sent.
#[derive(Debug)]
pub(super) struct UnsureLease {
    pub(super) judge: Judge,
    /// The version that the lease was to replace.
    pub(super) expected: Option<Version>,
    pub(super) record: Record,
    pub(super) lease: Lease,
}

/// A lease that is saved.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Leased {
    pub(super) judge: Judge,
    pub(super) version: Version,
    /// The record without the lease.
    pub(super) record: Record,
    pub(super) lease: Lease,
    /// The end of the lease, on the clock that counts suspend.
    pub(super) until: Instant,
}

/// What the renewal does next.
pub(super) enum Leasing {
    Ask(Ask<AcquireLease>),
    /// The grant may be sent.
    Leased(AuthorizationGrant, Leased),
    /// The lease is saved, and no time is left to send anything.
    TooLate(TokenError, Leased),
    /// The lease may be saved, and nothing was sent.
    Withdraw(TokenError, UnsureLease),
    /// The store holds another version.
    Conflict(Judge),
    /// The store holds another version, which this is.
    Moved(Loaded, Judge),
    /// The store fails, and this grant can be sent again in any case.
    SendWithoutStore(AuthorizationGrant, Judge),
    Fail(Failure),
}

impl AcquireLease {
    /// Says in the record that this grant is being sent.
    pub(super) fn begin(
        context: &Context,
        grant: AuthorizationGrant,
        basis: Basis,
        judge: Judge,
        now: Clocks,
    ) -> Leasing {
        if let (false, Some(version)) = (holds(Rule::Lease), basis.version) {
            let lease = Self::lease(context, &judge, &grant, &basis, now);
            let until = now.instant.plus(lease.span);
            return Leasing::Leased(grant, Leased { judge, version, record: basis.record, lease, until });
        }
        Self::save_new(context, grant, basis, judge, false, now)
    }

    /// Says in the record that this grant is being sent once more.
    pub(super) fn begin_again(
        context: &Context,
        grant: AuthorizationGrant,
        leased: Leased,
        now: Clocks,
    ) -> Leasing {
        let Leased { judge, version, record, lease, .. } = leased;
        let first_sent = Some(lease.may_be_sent_since());
        let basis = Basis { version: Some(version), record, first_sent, replays: lease.replays };
        Self::save_new(context, grant, basis, judge, true, now)
    }

    fn save_new(
        context: &Context,
        grant: AuthorizationGrant,
        basis: Basis,
        judge: Judge,
        repeats: bool,
        now: Clocks,
    ) -> Leasing {
        if let Err(error) = context.provider.request(&grant, now.unix) {
            return Leasing::Fail(Failure::looked(error, judge.current.held, judge.logged_out));
        }
        let lease = Self::lease(context, &judge, &grant, &basis, now);
        let (expected, record, made) = (basis.version, basis.record, now.instant);
        let retry = Retry::until(context.store_deadline(now));
        Self { judge, grant, expected, record, lease, made, repeats, unsure: false, retry }.save()
    }

    fn lease(
        context: &Context,
        judge: &Judge,
        grant: &AuthorizationGrant,
        basis: &Basis,
        now: Clocks,
    ) -> Lease {
        let span = context.policy.deadline.saturating_add(context.policy.store_deadline);
        let held =
            judge.current.held.as_ref().filter(|_| matches!(grant, AuthorizationGrant::RefreshToken(_)));
        let replays = held.map_or(basis.replays, |held| held.replays);
        let until = now.unix.plus(span);
        // The lock that the driver takes before the save names the domain: see `Save::record_under`.
        let (attempt, domain, first_sent) = (judge.attempt, None, basis.first_sent);
        Lease { attempt, domain, first_sent, until, span, replays }
    }

    fn save(self) -> Leasing {
        let record = Record { lease: Some(self.lease), ..self.record.clone() };
        let save = Save { expected: self.expected, record, liveness_lock: true };
        Leasing::Ask(Ask::Save(save, self.retry.end(), self))
    }

    /// Continues with the result of the save.
    pub(super) fn saved(
        mut self,
        context: &mut Context,
        saved: Result<Swap, StoreError>,
        now: Clocks,
    ) -> Leasing {
        match saved {
            Ok(Swap::Done(version)) => self.leased(context, version, now),
            Ok(Swap::Conflict) => {
                // An earlier save of this very lease may have ended late.
                if self.unsure && !self.repeats && holds(Rule::LoadAfterMaybe) {
                    self.judge.remember_unsent();
                }
                Leasing::Conflict(self.judge)
            }
            Err(_) if self.can_do_without_store(context) => {
                context.start_exchange(now);
                Leasing::SendWithoutStore(self.grant, self.judge)
            }
            Err(error) => {
                self.unsure |= error.applied() == Applied::Maybe;
                match self.retry.after(&error, now) {
                    None => self.give_up(&error),
                    Some(_) if !holds(Rule::LoadAfterMaybe) => self.save(),
                    Some(next) => Leasing::Ask(Ask::LoadAt(next, self)),
                }
            }
        }
    }

    /// The lease may have been saved or not: continues with what the store holds.
    pub(super) fn loaded(
        mut self,
        context: &mut Context,
        loaded: Result<Loaded, StoreError>,
        now: Clocks,
    ) -> Leasing {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                return match self.retry.after(&error, now) {
                    None => self.give_up(&error),
                    Some(next) => Leasing::Ask(Ask::LoadAt(next, self)),
                };
            }
        };
        let stored = loaded.stored.as_ref();
        if stored.map(|stored| stored.version) == self.expected {
            self.made = now.instant;
            self.lease.until = now.unix.plus(self.lease.span);
            return self.save();
        }
        let own = |lease: Lease| lease.attempt == self.lease.attempt;
        match stored.filter(|stored| stored.record.lease.is_some_and(own)).map(|stored| stored.version) {
            Some(version) => self.leased(context, version, now),
            // The record has moved on: a late save of this lease finds a conflict.
            None => Leasing::Moved(loaded, self.judge),
        }
    }

    fn leased(self, context: &mut Context, version: Version, now: Clocks) -> Leasing {
        let Self { mut judge, grant, record, lease, made, repeats, .. } = self;
        judge.forget_unsent();
        let leased = Leased { judge, version, record, lease, until: made.plus(lease.span) };
        if now.instant > leased.latest_start(context) {
            let text = "saving the lease took so long that no time was left to send anything";
            return Leasing::TooLate(TokenError::unavailable(text).as_local(), leased);
        }
        if !repeats {
            context.start_exchange(now);
        }
        Leasing::Leased(grant, leased)
    }

    fn can_do_without_store(&self, context: &Context) -> bool {
        holds(Rule::GoOnWithoutStore)
            && !self.judge.logged_out
            && context.is_repeatable(&self.grant, self.judge.current.held.as_ref())
    }

    /// The time for saving the lease is up, or the store refuses it.
    fn give_up(self, error: &StoreError) -> Leasing {
        let Self { judge, expected, record, lease, repeats, unsure, .. } = self;
        let mut facts = StoreFacts::new(judge.logged_out);
        let text = if repeats {
            "a request got no response, and the lease to repeat it could not be saved"
        } else {
            facts.own_attempt = Some(OwnAttempt::Unsent(judge.attempt.number));
            "the lease could not be saved, and nothing was sent"
        };
        let error = store_error(text, error);
        if unsure && !repeats && holds(Rule::WithdrawUnsent) {
            return Leasing::Withdraw(error.as_local(), UnsureLease { judge, expected, record, lease });
        }
        let facts = facts.after(&error);
        Leasing::Fail(Failure::new(error, judge.current.held, Some(facts)))
    }
}

impl Leased {
    /// When a request must have been started, so that its exchange and the save after it end with the lease.
    pub(super) const fn latest_start(&self, context: &Context) -> Instant {
        self.until.minus(context.policy.deadline)
    }
}
