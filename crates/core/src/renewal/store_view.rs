//! What the store says before anything is sent, and the lease.
//!
//! The lease is the lock: whoever has saved one over the version that everybody has seen may send, and nobody else.
//! There is no other lock to lose, to let lapse or to steal.

use core::time::Duration;

use crate::lifecycle::RefreshState;
use crate::policy::CLOCK_WENT_BACK;
use crate::provider::AuthorizationGrant;
use crate::rules::{Rule, holds};
use crate::{
    Attempt, Clocks, Epoch, Fingerprint, Generation, Instant, Lease, Loaded, LoginReason, Record, Rotation,
    SessionState, StoreError, Stored, TokenError, UnixTime, Version, WatchOutcome,
};

use super::exchange::survives_use;
use super::keep::{SaveToken, place_after};
use super::{Outcome, Pending, Renewal, Step, StoreFacts, Task, Watch, Watching, store_error};

/// What a renewal knows of the store.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct StoreView {
    pub(super) me: Attempt,
    /// The place that this lifecycle has reached before.
    pub(super) known: (Epoch, Generation),
    /// An earlier attempt of this lifecycle that certainly sent nothing.
    unsent: Option<u64>,
    /// This lifecycle has seen a logout.
    pub(super) logged_out: bool,
    /// Until when a store that fails is asked again, and how often it was.
    end: Instant,
    tries: u32,
    /// Until when another's lease is waited for.
    patience: Option<Instant>,
    /// The version whose lease nobody is left to answer for.
    gone: Option<Version>,
    /// Since when the lease of another machine has been seen to stand unchanged.
    elsewhere: Option<(Version, Instant)>,
    /// The record as it was loaded last.
    pub(super) base: Option<Stored>,
    /// Since when the grant may have been sent, and how often again, as the record says.
    pub(super) sent_since: Option<UnixTime>,
    pub(super) replays: u32,
    /// The lease that this renewal has saved.
    pub(super) own_lease: Option<OwnLease>,
    /// The store has failed, and this renewal can do without it.
    pub(super) alone: bool,
    /// What is spilled cannot be removed: it is not looked at again.
    pub(super) blind_to_spills: bool,
}

/// A lease as it was saved.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(super) struct OwnLease {
    pub(super) version: Version,
    pub(super) record: Record,
    pub(super) lease: Lease,
    /// Until when, on the clock that counts suspend.
    pub(super) until: Instant,
}

impl StoreView {
    pub(super) const fn new(
        me: Attempt,
        known: (Epoch, Generation),
        unsent: Option<u64>,
        logged_out: bool,
        end: Instant,
    ) -> Self {
        Self {
            me,
            known,
            unsent,
            logged_out,
            end,
            tries: 0,
            patience: None,
            gone: None,
            elsewhere: None,
            base: None,
            sent_since: None,
            replays: 0,
            own_lease: None,
            alone: false,
            blind_to_spills: false,
        }
    }

    /// When a request must have been started, so that its exchange and the save after it end with the lease.
    pub(super) fn latest_start(&self, renewal: &Renewal) -> Instant {
        match &self.own_lease {
            Some(mine) => mine.until.minus(renewal.policy.deadline),
            None => renewal.deadline,
        }
    }

    /// What a failed renewal has learnt.
    pub(super) fn told(&self) -> StoreFacts {
        StoreFacts { recorded: false, logged_out: self.logged_out, unsent: None }
    }
}

impl Renewal {
    pub(super) fn view_mut(&mut self) -> &mut StoreView {
        self.view.as_mut().expect("a step that a store answered has a view")
    }

    /// A fresh grant: the store is looked at before anything is spent.
    pub(super) fn sign_in(
        mut self,
        spend: AuthorizationGrant,
        loaded: Result<Loaded, StoreError>,
        now: Clocks,
    ) -> Step {
        match loaded {
            Ok(loaded) => {
                let view = self.view_mut();
                view.base = loaded.stored;
                self.deadline = now.instant.plus(self.policy.deadline);
                self.send(spend, now)
            }
            Err(error) => self.ask_again(Task::SignIn(spend), "nothing was sent", &error, now),
        }
    }

    /// The store has failed before anything was sent: it is asked again for as long as there is time.
    fn ask_again(mut self, task: Task, what: &str, error: &StoreError, now: Clocks) -> Step {
        let view = self.view_mut();
        view.tries = view.tries.saturating_add(1);
        let (tries, end) = (view.tries, view.end);
        if error.is_unreadable() || now.instant >= end {
            return self.fail(store_error(what, error));
        }
        self.load_later(task, tries, now)
    }

    /// What the store holds decides what is to be done.
    pub(super) fn consider(mut self, loaded: Result<Loaded, StoreError>, now: Clocks) -> Step {
        let Loaded { stored, spilled } = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return self.without_store(&error, now),
        };
        let end = now.instant.plus(self.policy.store_deadline);
        let view = self.view_mut();
        // It answers: should it fail again, it is asked again for as long.
        (view.end, view.tries) = (end, 0);
        view.base = stored;
        view.own_lease = None;
        (view.sent_since, view.replays) = (None, 0);
        if let Some(pending_save) = spilled
            && !view.blind_to_spills
            && holds(Rule::LookForSpill)
        {
            return SaveToken::found(self, pending_save, now);
        }
        let known = view.known;
        let Some(Stored { version, record }) = view.base.clone() else { return self.lost(now) };
        let behind = record.place() < known && holds(Rule::NeverRestore);
        let reusable = record.epoch == known.0 && self.is_reusable(&record);
        if behind && !reusable && !self.provider.spec().credentials {
            return self.lost(now);
        }
        if matches!(record.state, SessionState::LoggedOut) && holds(Rule::TombstoneEnds) {
            self.view_mut().logged_out = true;
            self.held = None;
            return self.fail(TokenError::login_required(LoginReason::LoggedOut));
        }
        if record.place() > known {
            let left = self.left(&record, now);
            if left.is_some_and(|(lifetime, left)| self.policy.lasts(lifetime, left, self.wanted))
                && holds(Rule::AdoptNewer)
            {
                return Step::Done(Outcome::Adopted(record), None);
            }
            self.access_left = left.map_or(Duration::ZERO, |(_, left)| left);
        }
        // What repeatable grants brought while the store failed is newer than what it holds.
        (self.epoch, self.generation) = record.place().max(known);
        self.held = held(&record, now).filter(|_| !behind || reusable);
        match &record.lease {
            Some(lease) => self.claimed_before(version, *lease, &record, now),
            None => self.proceed(true, &record, now),
        }
    }

    fn is_reusable(&self, record: &Record) -> bool {
        let rotation = self.provider.spec().rotation;
        rotation == Rotation::Reusable || record.granted().is_some_and(|granted| granted.reusable)
    }

    /// There is no record, or an older one than was known: the store was emptied or has gone back in time.
    fn lost(mut self, now: Clocks) -> Step {
        let known = self.view_mut().known;
        if !holds(Rule::NeverRestore) {
            // What is remembered is put back.
        } else if known == <_>::default() || self.provider.spec().credentials {
            self.held = None;
        } else {
            self.held = None;
            return self.fail(TokenError::login_required(LoginReason::StoreLost));
        }
        // Later than whatever the store held: nothing of that is to be saved over it.
        (self.epoch, self.generation) = place_after(None, known, now);
        match self.choose(true, now) {
            Ok(spend) => self.lease(spend, now),
            Err(error) => self.fail(error),
        }
    }

    /// Somebody has claimed this before: is there still anybody to answer for it?
    fn claimed_before(mut self, version: Version, lease: Lease, record: &Record, now: Clocks) -> Step {
        let span = lease.span;
        let may_go_on = self.provider.spec().credentials && holds(Rule::GoOnWithoutStore);
        let patience = now.instant.plus(self.policy.deadline).plus(self.policy.store_deadline);
        let view = self.view_mut();
        let patience = *view.patience.get_or_insert(patience);
        let own = lease.attempt.owner == view.me.owner;
        if own && view.unsent == Some(lease.attempt.number) && holds(Rule::RememberUnsent) {
            let Some(first_sent) = lease.first_sent else { return self.proceed(true, record, now) };
            // Whoever sent it before may be alive.
            (view.sent_since, view.replays) = (Some(first_sent), lease.replays.saturating_sub(1));
        } else {
            (view.sent_since, view.replays) = (Some(lease.may_be_sent_since()), lease.replays);
        }
        if view.gone == Some(version) {
            return self.proceed(true, record, now);
        }
        if !holds(Rule::Watch) {
            return self.proceed(false, record, now);
        }
        // One's own lease too: what it has obtained may be on its way into the store still, in the background.
        if own || lease.attempt.owner.shares_machine_with(&view.me.owner) {
            if now.instant < patience {
                let next = Watching { renewal: self, task: version };
                return Step::Watch(Pending { operation: Watch { version }, deadline: patience, next });
            }
        } else {
            // Nobody here can tell whether an owner on another machine is gone: its lease lapses when it has stood
            // unchanged for as long as it was made for, on our clock.
            let since = match view.elsewhere {
                Some((seen, since)) if seen == version => since,
                _ => now.instant,
            };
            view.elsewhere = Some((version, since));
            if now.instant.since(since) >= span {
                return self.proceed(false, record, now);
            }
            if now.instant < patience.plus(span) {
                return self.load_later(Task::Consider, ELSEWHERE_TRIES, now);
            }
        }
        if may_go_on {
            return self.proceed(false, record, now);
        }
        self.fail(TokenError::busy("another process is renewing and did not finish in time"))
    }

    /// Nobody else is at it: spend what may be spent.
    fn proceed(mut self, owner_is_gone: bool, record: &Record, now: Clocks) -> Step {
        let view = self.view_mut();
        let (sent_since, replays) = (view.sent_since, view.replays);
        if let Some(held) = &mut self.held {
            held.first_sent = sent_since.map(|since| past(since, now));
            held.replays = replays;
        }
        if let Some(error) = self.throttled(record, now) {
            let mut told = self.view_mut().told();
            told.recorded = true;
            return self.fail_told(error, told);
        }
        let spend = match record.dead {
            Some(dead) => {
                self.held = None;
                if self.provider.spec().credentials {
                    Ok(AuthorizationGrant::ClientCredentials)
                } else {
                    Err(TokenError::login_required(dead.reason))
                }
            }
            None => self.choose(owner_is_gone, now),
        };
        match spend {
            Ok(spend) => self.lease(spend, now),
            Err(error) => self.fail(error),
        }
    }

    /// The error that all processes together are told until a pause is over.
    fn throttled(&self, record: &Record, now: Clocks) -> Option<TokenError> {
        let throttle = record.throttle.as_ref()?;
        let left = throttle.until.since(now.unix);
        let longest = self.policy.longest_retry_after.max(self.policy.dead_pause);
        // A pause longer than any was made before the wall clock was set back.
        if left.is_zero() || left > longest {
            return None;
        }
        let same = |seen: Fingerprint| seen == Fingerprint::of(&*self.provider, seen.salt);
        throttle.credential.is_none_or(same).then(|| throttle.cause.to_error(throttle.until))
    }

    /// The lifetime of the token that the record holds and how much of it is left, by the wall clock alone; `None` when
    /// it is not in force.
    pub(super) fn left(&self, record: &Record, now: Clocks) -> Option<(Duration, Duration)> {
        let granted = record.granted()?;
        let from_the_future = granted.obtained_at > now.unix.plus(CLOCK_WENT_BACK);
        let lifetime = granted.response.lifetime.or(self.policy.assumed_lifetime).unwrap_or(Duration::MAX);
        let left = granted.obtained_at.plus(lifetime).since(now.unix);
        (!from_the_future && !left.is_zero()).then_some((lifetime, left))
    }

    /// The store has failed: what may be spent again is spent without it.
    fn without_store(mut self, error: &StoreError, now: Clocks) -> Step {
        let rotation = self.provider.spec().rotation;
        let reusable = self.held.as_ref().is_some_and(|held| {
            survives_use(held, rotation) && held.expires.is_none_or(|expires| !now.reached(expires))
        });
        let view = self.view_mut();
        let logged_out = view.logged_out && holds(Rule::NotAfterTombstone);
        if logged_out || !holds(Rule::GoOnWithoutStore) {
            return self.ask_again(Task::Consider, "nothing was sent", error, now);
        }
        view.alone = true;
        if reusable {
            self.spend_what_is_held(true, now)
        } else if self.provider.spec().credentials {
            self.send(AuthorizationGrant::ClientCredentials, now)
        } else {
            self.view_mut().alone = false;
            self.ask_again(Task::Consider, "nothing was sent", error, now)
        }
    }

    pub(super) fn watched(
        mut self,
        version: Version,
        seen: Result<WatchOutcome, StoreError>,
        now: Clocks,
    ) -> Step {
        match seen {
            Ok(WatchOutcome::OwnerGone) => self.view_mut().gone = Some(version),
            Ok(WatchOutcome::Changed | WatchOutcome::Unchanged) => {}
            Err(error) => return self.without_store(&error, now),
        }
        self.load(Task::Consider, now)
    }

    pub(super) fn fail_told(self, error: TokenError, told: StoreFacts) -> Step {
        let held = super::RefreshUpdate::As(self.held);
        Step::Done(Outcome::Failed(super::Failure { error, held, told: Some(told) }), None)
    }
}

/// Looks at the lease of another machine about every second.
const ELSEWHERE_TRIES: u32 = 4;

/// The refresh token that a record holds.
fn held(record: &Record, now: Clocks) -> Option<RefreshState> {
    let granted = record.granted()?;
    let token = granted.response.refresh_token.clone()?;
    let expires = granted.response.refresh_lifetime.map(|life| {
        let unix = granted.obtained_at.plus(life);
        Clocks { instant: now.instant_of(unix), unix }
    });
    Some(RefreshState { token, expires, reusable: granted.reusable, first_sent: None, replays: 0 })
}

/// The instant of something that the wall clock has seen. What it has not seen yet was long ago: it was set back.
fn past(then: UnixTime, now: Clocks) -> Instant {
    if then > now.unix.plus(CLOCK_WENT_BACK) {
        return Instant::ORIGIN;
    }
    now.instant.minus(now.unix.since(then))
}
