//! What the store says before anything is sent, and the claim.
//!
//! The claim is the lock: whoever has saved one over the version that everybody has seen may send, and nobody else.
//! There is no other lock to lose, to let lapse or to steal.

use core::time::Duration;

use crate::lifecycle::Held;
use crate::policy::CLOCK_WENT_BACK;
use crate::provider::Spend;
use crate::rules::{Rule, holds};
use crate::{
    Attempt, Claim, Clocks, Epoch, Fingerprint, Generation, Grant, Instant, Loaded, LoginReason, Record,
    Rotation, Sighting, StoreError, Stored, TokenError, UnixTime, Version,
};

use super::exchange::survives_use;
use super::keep::{Keeping, place_after};
use super::{Outcome, Renewal, Step, Task, Told, Watching, store_error};

/// What a renewal knows of the store.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Ledger {
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
    /// Until when another's claim is waited for.
    patience: Option<Instant>,
    /// The version whose claim nobody is left to answer for.
    gone: Option<Version>,
    /// Since when the claim of another machine has been seen to stand unchanged.
    elsewhere: Option<(Version, Instant)>,
    /// The record as it was loaded last.
    pub(super) base: Option<Stored>,
    /// Since when the grant may have been sent, and how often again, as the record says.
    pub(super) sent_since: Option<UnixTime>,
    pub(super) replays: u32,
    /// The claim that this renewal has saved.
    pub(super) mine: Option<Mine>,
    /// The store has failed, and this renewal can do without it.
    pub(super) alone: bool,
    /// What is spilled cannot be removed: it is not looked at again.
    pub(super) blind_to_spills: bool,
}

/// A claim as it was saved.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(super) struct Mine {
    pub(super) version: Version,
    pub(super) record: Record,
    pub(super) claim: Claim,
    /// Until when, on the clock that counts suspend.
    pub(super) until: Instant,
}

impl Ledger {
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
            mine: None,
            alone: false,
            blind_to_spills: false,
        }
    }

    /// When a request must have been started, so that its exchange and the save after it end with the claim.
    pub(super) fn latest_start(&self, renewal: &Renewal) -> Instant {
        match &self.mine {
            Some(mine) => mine.until.minus(renewal.policy.deadline),
            None => renewal.deadline,
        }
    }

    /// What a failed renewal has learnt.
    pub(super) fn told(&self) -> Told {
        Told { recorded: false, logged_out: self.logged_out, unsent: None }
    }
}

impl Renewal {
    pub(super) fn ledger_mut(&mut self) -> &mut Ledger {
        self.ledger.as_mut().expect("a step that a store answered has a ledger")
    }

    /// A fresh grant: the store is looked at before anything is spent.
    pub(super) fn sign_in(mut self, spend: Spend, loaded: Result<Loaded, StoreError>, now: Clocks) -> Step {
        match loaded {
            Ok(loaded) => {
                let ledger = self.ledger_mut();
                ledger.base = loaded.stored;
                self.deadline = now.instant.plus(self.policy.deadline);
                self.send(spend, now)
            }
            Err(error) => self.ask_again(Task::SignIn(spend), "nothing was sent", &error, now),
        }
    }

    /// The store has failed before anything was sent: it is asked again for as long as there is time.
    fn ask_again(mut self, task: Task, what: &str, error: &StoreError, now: Clocks) -> Step {
        let ledger = self.ledger_mut();
        ledger.tries = ledger.tries.saturating_add(1);
        let (tries, end) = (ledger.tries, ledger.end);
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
        let ledger = self.ledger_mut();
        // It answers: should it fail again, it is asked again for as long.
        (ledger.end, ledger.tries) = (end, 0);
        ledger.base = stored;
        ledger.mine = None;
        (ledger.sent_since, ledger.replays) = (None, 0);
        if let Some(unsaved) = spilled
            && !ledger.blind_to_spills
            && holds(Rule::LookForSpill)
        {
            return Keeping::found(self, unsaved, now);
        }
        let known = ledger.known;
        let Some(Stored { version, record }) = ledger.base.clone() else { return self.lost(now) };
        let behind = record.place() < known && holds(Rule::NeverRestore);
        let reusable = record.epoch == known.0 && self.is_reusable(&record);
        if behind && !reusable && !self.provider.profile().credentials {
            return self.lost(now);
        }
        if matches!(record.grant, Grant::LoggedOut) && holds(Rule::TombstoneEnds) {
            self.ledger_mut().logged_out = true;
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
        match &record.claim {
            Some(claim) => self.claimed_before(version, *claim, &record, now),
            None => self.proceed(true, &record, now),
        }
    }

    fn is_reusable(&self, record: &Record) -> bool {
        let rotation = self.provider.profile().rotation;
        rotation == Rotation::Reusable || record.granted().is_some_and(|granted| granted.reusable)
    }

    /// There is no record, or an older one than was known: the store was emptied or has gone back in time.
    fn lost(mut self, now: Clocks) -> Step {
        let known = self.ledger_mut().known;
        if !holds(Rule::NeverRestore) {
            // What is remembered is put back.
        } else if known == <_>::default() || self.provider.profile().credentials {
            self.held = None;
        } else {
            self.held = None;
            return self.fail(TokenError::login_required(LoginReason::StoreLost));
        }
        // Later than whatever the store held: nothing of that is to be saved over it.
        (self.epoch, self.generation) = place_after(None, known, now);
        match self.choose(true, now) {
            Ok(spend) => self.claim(spend, now),
            Err(error) => self.fail(error),
        }
    }

    /// Somebody has claimed this before: is there still anybody to answer for it?
    fn claimed_before(mut self, version: Version, claim: Claim, record: &Record, now: Clocks) -> Step {
        let span = claim.span;
        let may_go_on = self.provider.profile().credentials && holds(Rule::GoOnWithoutStore);
        let patience = now.instant.plus(self.policy.deadline).plus(self.policy.store_deadline);
        let ledger = self.ledger_mut();
        let patience = *ledger.patience.get_or_insert(patience);
        let own = claim.attempt.owner == ledger.me.owner;
        if own && ledger.unsent == Some(claim.attempt.number) && holds(Rule::RememberUnsent) {
            let Some(first_sent) = claim.first_sent else { return self.proceed(true, record, now) };
            // Whoever sent it before may be alive.
            (ledger.sent_since, ledger.replays) = (Some(first_sent), claim.replays.saturating_sub(1));
        } else {
            (ledger.sent_since, ledger.replays) = (Some(claim.may_be_sent_since()), claim.replays);
        }
        if ledger.gone == Some(version) {
            return self.proceed(true, record, now);
        }
        if !holds(Rule::Watch) {
            return self.proceed(false, record, now);
        }
        // One's own claim too: what it has obtained may be on its way into the store still, in the background.
        if own || claim.attempt.owner.shares_machine_with(&ledger.me.owner) {
            if now.instant < patience {
                return Step::Watch(version, patience, Watching { renewal: self, task: version });
            }
        } else {
            // Nobody here can tell whether an owner on another machine is gone: its claim lapses when it has stood
            // unchanged for as long as it was made for, on our clock.
            let since = match ledger.elsewhere {
                Some((seen, since)) if seen == version => since,
                _ => now.instant,
            };
            ledger.elsewhere = Some((version, since));
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
        let ledger = self.ledger_mut();
        let (sent_since, replays) = (ledger.sent_since, ledger.replays);
        if let Some(held) = &mut self.held {
            held.first_sent = sent_since.map(|since| past(since, now));
            held.replays = replays;
        }
        if let Some(error) = self.throttled(record, now) {
            let mut told = self.ledger_mut().told();
            told.recorded = true;
            return self.fail_told(error, told);
        }
        let spend = match record.dead {
            Some(dead) => {
                self.held = None;
                if self.provider.profile().credentials {
                    Ok(Spend::Credentials)
                } else {
                    Err(TokenError::login_required(dead.reason))
                }
            }
            None => self.choose(owner_is_gone, now),
        };
        match spend {
            Ok(spend) => self.claim(spend, now),
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
        let rotation = self.provider.profile().rotation;
        let reusable = self.held.as_ref().is_some_and(|held| {
            survives_use(held, rotation) && held.expires.is_none_or(|expires| !now.reached(expires))
        });
        let ledger = self.ledger_mut();
        let logged_out = ledger.logged_out && holds(Rule::NotAfterTombstone);
        if logged_out || !holds(Rule::GoOnWithoutStore) {
            return self.ask_again(Task::Consider, "nothing was sent", error, now);
        }
        ledger.alone = true;
        if reusable {
            self.spend_what_is_held(true, now)
        } else if self.provider.profile().credentials {
            self.send(Spend::Credentials, now)
        } else {
            self.ledger_mut().alone = false;
            self.ask_again(Task::Consider, "nothing was sent", error, now)
        }
    }

    pub(super) fn watched(
        mut self,
        version: Version,
        seen: Result<Sighting, StoreError>,
        now: Clocks,
    ) -> Step {
        match seen {
            Ok(Sighting::OwnerGone) => self.ledger_mut().gone = Some(version),
            Ok(Sighting::Changed | Sighting::Unchanged) => {}
            Err(error) => return self.without_store(&error, now),
        }
        self.load(Task::Consider, now)
    }

    pub(super) fn fail_told(self, error: TokenError, told: Told) -> Step {
        let held = super::Kept::As(self.held);
        Step::Done(Outcome::Failed(super::Failure { error, held, told: Some(told) }), None)
    }
}

/// Looks at the claim of another machine about every second.
const ELSEWHERE_TRIES: u32 = 4;

/// The refresh token that a record holds.
fn held(record: &Record, now: Clocks) -> Option<Held> {
    let granted = record.granted()?;
    let token = granted.response.refresh_token.clone()?;
    let expires = granted.response.refresh_lifetime.map(|life| {
        let unix = granted.obtained_at.plus(life);
        Clocks { instant: now.instant_of(unix), unix }
    });
    Some(Held { token, expires, reusable: granted.reusable, first_sent: None, replays: 0 })
}

/// The instant of something that the wall clock has seen. What it has not seen yet was long ago: it was set back.
fn past(then: UnixTime, now: Clocks) -> Instant {
    if then > now.unix.plus(CLOCK_WENT_BACK) {
        return Instant::ORIGIN;
    }
    now.instant.minus(now.unix.since(then))
}
