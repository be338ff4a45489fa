//! Loading the record and judging it, before anything is sent.
//!
//! The lease in the record is the lock. The renewal that saves its lease over the version that every process has seen may
//! send, and no other. There is no second lock that could be lost, lapse or be stolen.

use core::time::Duration;

use crate::error::{ErrorKind, TokenError};
use crate::lease::{Attempt, Lease};
use crate::liveness::LockDomain;
use crate::login_reason::LoginReason;
use crate::policy::CLOCK_WENT_BACK;
use crate::provider::{AuthorizationGrant, Rotation};
use crate::record::{Dead, Record, SessionState};
use crate::refresh_state::RefreshState;
use crate::rules::{Rule, holds};
use crate::scope::Scope;
use crate::store::{Loaded, PendingSave, SharedBy, StoreError, Stored, Version, WatchOutcome};
use crate::time::{Clocks, Instant, UnixTime};

use super::ask::{Retry, store_error};
use super::context::{Context, Current, Fallback, Needed, Place, place_after};
use super::loaded::{Found, Judgment, judge};
use super::outcome::{Failure, OwnAttempt, StoreFacts};
use super::replay::choose;
use super::unknown_owner::{Patience, UnknownOwner};

mod own_lease;
mod unusable_spill;

/// A renewal that looks at the store.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Judge {
    pub(super) current: Current,
    pub(super) attempt: Attempt,
    /// This lifecycle has seen a logout.
    pub(super) logged_out: bool,
    /// The place that this lifecycle has reached before.
    pub(super) known: Place,
    needed: Needed,
    /// An earlier attempt of this lifecycle.
    own_attempt: Option<OwnAttempt>,
    retry: Retry,
    /// When this renewal first waited for the lease of another.
    waits_since: Option<Instant>,
    /// The version whose lease has an owner that is gone.
    owner_gone: Option<Version>,
    /// The lease of an owner that no process can tell alive from gone.
    unknown: UnknownOwner,
    /// A spilled token could not be removed and is ignored from now on.
    ignores_spills: bool,
}

/// What the renewal does after a look at the store.
pub(super) enum Judged {
    LoadAt(Instant, Judge),
    Load(Judge),
    Watch {
        version: Version,
        domain: Option<LockDomain>,
        until: Instant,
        watcher: Watcher,
    },
    SaveSpilled(PendingSave, Option<Stored>, Judge),
    Adopt(Record),
    Lease(AuthorizationGrant, Basis, Judge),
    /// The store fails, and this grant can be sent again in any case.
    SendWithoutStore(AuthorizationGrant, Judge),
    /// The grant of this lease may not be sent again: the record says so before any caller gets the error.
    EndLease(TokenError, Version, Record, Judge),
    Fail(Failure),
}

/// A renewal that waits for the lease of another.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Watcher {
    version: Version,
    judge: Judge,
}

/// The record that the lease goes into.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Basis {
    pub(super) version: Option<Version>,
    pub(super) record: Record,
    /// When its grant may first have been sent.
    pub(super) first_sent: Option<UnixTime>,
    /// How often its grant may have been sent again.
    pub(super) replays: u32,
}

/// What a lease in the record says of its grant.
#[derive(Clone, Copy, Default)]
struct Sent {
    since: Option<UnixTime>,
    replays: u32,
}

impl Judge {
    pub(super) const fn new(
        current: Current,
        attempt: Attempt,
        needed: Needed,
        own_attempt: Option<OwnAttempt>,
        logged_out: bool,
        shared_by: SharedBy,
        end: Instant,
    ) -> Self {
        let (known, retry) = (current.place, Retry::until(end));
        Self {
            current,
            attempt,
            logged_out,
            known,
            needed,
            own_attempt,
            retry,
            waits_since: None,
            owner_gone: None,
            unknown: UnknownOwner::new(shared_by),
            ignores_spills: false,
        }
    }

    pub(super) const fn ignore_spills(&mut self) {
        self.ignores_spills = true;
    }

    /// Continues with what the store holds.
    pub(super) fn loaded(
        mut self,
        context: &Context,
        loaded: Result<Loaded, StoreError>,
        now: Clocks,
    ) -> Judged {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return self.without_store(context, &error, now),
        };
        // The store answers. When it fails again, it is asked again for as long.
        if loaded.unusable_spill.is_none() && loaded.unseen_spills.is_none() {
            self.retry = Retry::until(context.store_deadline(now));
        }
        let mut sent = Sent::default();
        let found = self.find(context, &loaded, &mut sent, now);
        if !matches!(found, Found::Spilled | Found::Lost | Found::Tombstone) {
            if let Some(missing) = missing_scope(context, &loaded) {
                self.current.held = None;
                return self.fail(TokenError::scope_missing(&missing));
            }
        }
        let fallback = if holds(Rule::GoOnWithoutStore) { context.fallback() } else { Fallback::SignIn };
        let Loaded { stored, spilled, unusable_spill, unseen_spills } = loaded;
        let unusable = unusable_spill.filter(|_| self.holds_spent(context));
        let unseen = unseen_spills.filter(|_| self.may_hold_spent(context, stored.as_ref()));
        let judgment = judge(found, fallback);
        let stored = match (judgment, unusable, unseen, stored) {
            (Judgment::Lease | Judgment::LeaseAnyway, Some(unusable), _, Some(stored)) => {
                return self.without_answer(context, &unusable, stored, sent, now);
            }
            (Judgment::Lease | Judgment::LeaseAnyway, None, Some(unseen), _) => {
                return self.without_look(&unseen, now);
            }
            (.., stored) => stored,
        };
        match (judgment, stored, spilled) {
            (Judgment::SaveSpilled, stored, Some(spilled)) => Judged::SaveSpilled(spilled, stored, self),
            (Judgment::Adopt, Some(stored), _) => Judged::Adopt(stored.record),
            (Judgment::Lease, Some(stored), _) => self.lease(context, stored, sent, true, now),
            (Judgment::LeaseAnyway, Some(stored), _) => self.lease(context, stored, sent, false, now),
            (Judgment::Watch, Some(Stored { version, record }), _) => {
                self.watch(context, version, record.lease, now)
            }
            (Judgment::StoreLost, ..) => {
                self.current.held = None;
                self.fail(TokenError::login_required(LoginReason::StoreLost))
            }
            (Judgment::LoggedOut, ..) => {
                self.logged_out = true;
                self.current.held = None;
                self.fail(TokenError::login_required(LoginReason::LoggedOut))
            }
            (Judgment::Busy, stored, _) => self.busy(stored, now),
            // Where there is no record, there is no other way on.
            (Judgment::BeginAnew, stored, _) => self.begin_anew(context, stored, now),
            (_, None, _) | (Judgment::SaveSpilled, _, None) => self.begin_anew(context, None, now),
        }
    }

    /// What the store holds. Takes what the record says of the session over, except a logout.
    fn find(&mut self, context: &Context, loaded: &Loaded, sent: &mut Sent, now: Clocks) -> Found {
        if loaded.spilled.is_some() && !self.ignores_spills && holds(Rule::LookForSpill) {
            return Found::Spilled;
        }
        let Some(Stored { version, record }) = &loaded.stored else {
            let has_known = self.known != Place::default() && holds(Rule::NeverRestore);
            return if has_known { Found::Lost } else { Found::Empty };
        };
        let behind = record.place() < self.known && holds(Rule::NeverRestore);
        let repeatable = record.epoch == self.known.0 && is_repeatable(context, record);
        if behind && !repeatable && context.fallback() == Fallback::SignIn {
            return Found::Lost;
        }
        if matches!(record.state, SessionState::LoggedOut) && holds(Rule::TombstoneEnds) {
            return Found::Tombstone;
        }
        if record.place() > self.known {
            let left = context.time_left(record, now);
            let lasts = |(lifetime, left)| context.policy.lasts(lifetime, left, self.needed.wanted);
            if left.is_some_and(lasts) && !self.needed.is_refused(record) && holds(Rule::AdoptNewer) {
                return Found::Newer;
            }
            self.current.access_left = left.map_or(Duration::ZERO, |(_, left)| left);
        }
        // What repeatable grants brought while the store failed is newer than what it holds.
        self.current.place = record.place().max(self.known);
        self.current.held = RefreshState::of(record, now).filter(|_| !behind || repeatable);
        match &record.lease {
            Some(lease) => self.find_lease(context, *version, lease, sent, now),
            None => Found::Free,
        }
    }

    /// Whether the owner of this lease can still save a token.
    fn find_lease(
        &mut self,
        context: &Context,
        version: Version,
        lease: &Lease,
        sent: &mut Sent,
        now: Clocks,
    ) -> Found {
        let patience = self.patience(context, now);
        if self.is_own(lease, OwnAttempt::Unsent) && holds(Rule::RememberUnsent) {
            if lease.first_sent.is_none() {
                return Found::Unsent;
            }
            // The owner of an earlier lease has sent it, and may be alive.
            *sent = Sent { since: lease.first_sent, replays: lease.replays.saturating_sub(1) };
        } else {
            *sent = Sent { since: Some(lease.may_be_sent_since()), replays: lease.replays };
        }
        if self.owner_gone == Some(version) || self.has_answer(lease) {
            return Found::OwnerGone;
        }
        if !holds(Rule::Watch) {
            return Found::Lapsed;
        }
        // This source's own lease too: the background may still save the token that it brought.
        if self.unknown.domain_within_reach(version, lease).is_none() {
            return self.unknown.find(version, lease, patience, now);
        }
        if now.instant < patience.renewal { Found::LeasedHere } else { Found::LeasedHereTooLong }
    }

    /// How long this renewal waits for the lease of another, from its first look at one.
    fn patience(&mut self, context: &Context, now: Clocks) -> Patience {
        let callers = self.waits_since.get_or_insert(now.instant).plus(context.policy.deadline);
        Patience { callers, renewal: callers.plus(context.policy.store_deadline) }
    }

    /// Watches this version until the renewal looks again by itself.
    fn watch(mut self, context: &Context, version: Version, lease: Option<Lease>, now: Clocks) -> Judged {
        let patience = self.patience(context, now);
        let domain = lease.and_then(|lease| self.unknown.domain_within_reach(version, &lease));
        let until = match lease {
            Some(lease) if domain.is_none() => self.unknown.next_look(&lease, patience, now),
            _ if self.unknown.is_last_look(version) => context.store_deadline(now),
            _ => patience.renewal,
        };
        Judged::Watch { version, domain, until, watcher: Watcher { version, judge: self } }
    }

    /// Another process has leased the record for longer than this renewal waits.
    fn busy(self, stored: Option<Stored>, now: Clocks) -> Judged {
        let unknown = stored.and_then(|Stored { version, record }| {
            let lease = record.lease?;
            let is_known = self.unknown.domain_within_reach(version, &lease).is_some();
            self.unknown.error(&lease, now).filter(|_| !is_known)
        });
        let Some(error) = unknown else {
            return self.fail(TokenError::busy("another process is renewing and did not finish in time"));
        };
        // Until then the owner may still save its token: the next look costs no request.
        let facts = StoreFacts::new(self.logged_out).recorded();
        Judged::Fail(Failure::new(error, self.current.held, Some(facts)))
    }

    /// Starts a record in a store that holds none, or only one of another sign-in.
    fn begin_anew(mut self, context: &Context, stored: Option<Stored>, now: Clocks) -> Judged {
        if holds(Rule::NeverRestore) {
            self.current.held = None;
        }
        // Later than all that the store may have held: none of that is to be saved over it.
        self.current.place = place_after(None, self.known, now);
        let (epoch, generation) = self.current.place;
        let record = Record::new(epoch, generation, SessionState::Empty);
        let version = stored.map(|stored| stored.version);
        let basis = Basis { version, record, first_sent: None, replays: 0 };
        match choose(context, &mut self.current, None, true, now) {
            Ok(grant) => Judged::Lease(grant, basis, self),
            Err(error) => self.fail(error),
        }
    }

    /// No other renewal is under way: leases the record, if its grant may be sent.
    fn lease(
        mut self,
        context: &Context,
        stored: Stored,
        sent: Sent,
        owner_gone: bool,
        now: Clocks,
    ) -> Judged {
        let Stored { version, mut record } = stored;
        let answered = record.lease.is_some_and(|lease| self.has_answer(&lease));
        if answered {
            record.dead.get_or_insert(Dead { reason: LoginReason::Unreadable, since: now.unix });
        }
        if let Some(held) = &mut self.current.held {
            held.first_sent = sent.since.map(|since| instant_of_the_past(since, now));
            held.replays = sent.replays;
        }
        if let Some(error) = throttled(context, &record, now) {
            let facts = StoreFacts::new(self.logged_out).recorded();
            return Judged::Fail(Failure::new(error, self.current.held, Some(facts)));
        }
        let dead = record.dead.map(|dead| dead.reason);
        let Sent { since: first_sent, replays } = sent;
        let basis = Basis { version: Some(version), record, first_sent, replays };
        match choose(context, &mut self.current, dead, owner_gone, now) {
            Ok(grant) => Judged::Lease(grant, basis, self),
            Err(error) if (answered || !owner_gone) && ends_lease(&error, &basis.record) => {
                Judged::EndLease(error, version, basis.record, self)
            }
            Err(error) => self.fail(error),
        }
    }

    /// The store has failed: a grant that can be sent again in any case is sent without it.
    fn without_store(mut self, context: &Context, error: &StoreError, now: Clocks) -> Judged {
        let may_go_on = holds(Rule::GoOnWithoutStore)
            && !(self.logged_out && holds(Rule::NotAfterTombstone))
            && (self.holds_repeatable(context, now) || context.fallback() == Fallback::Credentials);
        if !may_go_on {
            return match self.retry.after(error, now) {
                Some(next) => Judged::LoadAt(next, self),
                None => self.fail(store_error("nothing was sent", error)),
            };
        }
        if !self.holds_repeatable(context, now) {
            return Judged::SendWithoutStore(AuthorizationGrant::ClientCredentials, self);
        }
        match choose(context, &mut self.current, None, true, now) {
            Ok(grant) => Judged::SendWithoutStore(grant, self),
            Err(error) => self.fail(error),
        }
    }

    fn holds_repeatable(&self, context: &Context, now: Clocks) -> bool {
        self.current.held.as_ref().is_some_and(|held| {
            context.survives_use(held) && held.expires.is_none_or(|expires| !now.reached(expires))
        })
    }

    fn fail(self, error: TokenError) -> Judged {
        Judged::Fail(Failure::looked(error, self.current.held, self.logged_out))
    }
}

impl Watcher {
    /// Continues with what the watch has shown.
    pub(super) fn watched(
        mut self,
        context: &Context,
        outcome: Result<WatchOutcome, StoreError>,
        now: Clocks,
    ) -> Judged {
        match outcome {
            Ok(WatchOutcome::OwnerUnknown) if holds(Rule::OnlyTheSameLock) => {
                self.judge.unknown.cannot_reach(self.version);
            }
            Ok(WatchOutcome::OwnerGone | WatchOutcome::OwnerUnknown) => {
                self.judge.owner_gone = Some(self.version);
            }
            Ok(WatchOutcome::Unchanged) => self.judge.unknown.unchanged(self.version),
            Ok(WatchOutcome::Changed) => {}
            Err(error) => return self.judge.without_store(context, &error, now),
        }
        Judged::Load(self.judge)
    }
}

fn is_repeatable(context: &Context, record: &Record) -> bool {
    let rotation = context.provider.spec().rotation;
    rotation == Rotation::Reusable || record.granted().is_some_and(|granted| granted.reusable)
}

/// The scope that this provider asks for and that the stored sign-in neither asked for nor was granted.
fn missing_scope(context: &Context, loaded: &Loaded) -> Option<Scope> {
    if context.fallback() == Fallback::Credentials {
        return None;
    }
    let granted = loaded.stored.as_ref()?.record.granted()?;
    let missing = granted.requested_scope.as_ref()?.missing(&context.provider.spec().requested_scope);
    let missing = granted.response.scope.as_ref().map_or(missing.clone(), |scope| scope.missing(&missing));
    (!missing.is_empty()).then_some(missing)
}

/// Whether the user has to sign in because of a lapsed lease in this record: its grant may have been sent. The lease of an
/// owner that is gone stays, because no process waits for it.
fn ends_lease(error: &TokenError, record: &Record) -> bool {
    let ambiguous = ErrorKind::LoginRequired { reason: LoginReason::Ambiguous };
    record.lease.is_some() && (error.kind() == ambiguous || record.dead.is_some())
}

/// The error for all processes until a pause that is recorded in the store ends.
fn throttled(context: &Context, record: &Record, now: Clocks) -> Option<TokenError> {
    let throttle = record.throttle.as_ref()?;
    let left = throttle.until.since(now.unix);
    let longest = context.policy.longest_of_all();
    // A pause longer than any was recorded before the wall clock was set back.
    if left.is_zero() || left > longest {
        return None;
    }
    context.is_same_credential(throttle.credential).then(|| throttle.to_error())
}

/// The instant of a time in the past. A time in the future was long ago: the wall clock was set back.
fn instant_of_the_past(then: UnixTime, now: Clocks) -> Instant {
    if then > now.unix.plus(CLOCK_WENT_BACK) {
        return Instant::ORIGIN;
    }
    now.instant.minus(now.unix.since(then))
}
