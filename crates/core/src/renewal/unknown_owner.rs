//! A lease whose owner no process can tell alive from gone: when it lapses, and how long a renewal waits for that.
//!
//! Such a lease lapses when a watcher has seen it unchanged for its whole span, on the watcher's own clock. Where all
//! processes read the same wall clock, it also lapses by that clock: a process may live shorter than the span.
//!
//! In a store of a fleet the sign that an owner lives may be late and come back. There the owner is looked for once more
//! before its lease counts as lapsed; if it is there, the waiting begins anew.

use alloc::format;

use crate::error::TokenError;
use crate::lease::Lease;
use crate::liveness::LockDomain;
use crate::rules::{Rule, holds};
use crate::store::{SharedBy, Version};
use crate::time::{Clocks, Instant};

use super::loaded::Found;

/// What a renewal knows of a lease with an unknown owner.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(super) struct UnknownOwner {
    shared_by: SharedBy,
    /// The version whose lease names a lock that this process cannot take.
    out_of_reach: Option<Version>,
    /// The version with a lease of an unknown owner, and since when this renewal has seen it unchanged.
    seen: Option<(Version, Instant)>,
    /// The version whose lease has stood for its whole span, and whose owner is looked for once more.
    last_look: Option<Version>,
}

/// How long a renewal waits for the lease of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// When its callers stop waiting.
    pub(super) callers: Instant,
    /// When a renewal stops waiting that could still save a token in time.
    pub(super) renewal: Instant,
}

impl UnknownOwner {
    pub(super) const fn new(shared_by: SharedBy) -> Self {
        Self { shared_by, out_of_reach: None, seen: None, last_look: None }
    }

    /// The lock that the lease of this version names cannot be taken.
    pub(super) const fn cannot_reach(&mut self, version: Version) {
        self.out_of_reach = Some(version);
    }

    /// The lease of this version still stands. If this was the last look at its owner, the owner is alive, and the waiting
    /// begins anew.
    pub(super) fn unchanged(&mut self, version: Version) {
        if self.is_last_look(version) {
            (self.seen, self.last_look) = (None, None);
        }
    }

    /// Whether the lease of this version has stood for its whole span, and its owner is looked for once more.
    pub(super) fn is_last_look(&self, version: Version) -> bool {
        self.last_look == Some(version)
    }

    /// The lock that shows whether the owner of this lease is alive, unless this process cannot take it.
    pub(super) fn domain_within_reach(&self, version: Version, lease: &Lease) -> Option<LockDomain> {
        lease.domain.filter(|_| self.out_of_reach != Some(version))
    }

    /// What this lease of an unknown owner means now.
    pub(super) fn find(&mut self, version: Version, lease: &Lease, patience: Patience, now: Clocks) -> Found {
        let since = match self.seen {
            Some((seen, since)) if seen == version => since,
            _ => now.instant,
        };
        self.seen = Some((version, since));
        let lapses = self.lapse(lease, since, now);
        let waits = if self.is_hopeless(lease, lapses, patience, now) {
            now.instant < patience.callers && now.unix < lease.until
        } else {
            now.instant < patience.renewal.plus(lease.span)
        };
        if now.instant >= lapses {
            if self.has_last_look(version, lease) {
                return Found::Lapsed;
            }
            (self.out_of_reach, self.last_look) = (None, Some(version));
            Found::LeasedHere
        } else if waits {
            Found::LeasedElsewhere
        } else {
            Found::LeasedElsewhereTooLong
        }
    }

    /// When to look again at a lease that is waited for.
    pub(super) fn next_look(&self, lease: &Lease, patience: Patience, now: Clocks) -> Instant {
        let since = self.seen.map_or(now.instant, |(_, since)| since);
        let lapses = self.lapse(lease, since, now);
        if self.is_hopeless(lease, lapses, patience, now) {
            return patience.callers.min(now.instant_of(lease.until));
        }
        lapses.min(patience.renewal.plus(lease.span))
    }

    /// The error for callers that have waited for this lease; `None` where another attempt of this process is as good as
    /// the next.
    pub(super) fn error(&self, lease: &Lease, now: Clocks) -> Option<TokenError> {
        let lapses = lease.lapses_at(self.shared_by, now.unix)?;
        let process = lease.attempt.owner.process;
        let text = format!("no process can tell whether process {process} still renews the token");
        Some(TokenError::unavailable(text).with_retry_at(lapses).as_local())
    }

    /// Whether this lease can lapse without another look at its owner.
    fn has_last_look(&self, version: Version, lease: &Lease) -> bool {
        let comes_back = self.shared_by == SharedBy::Fleet && lease.domain.is_some();
        !comes_back || self.is_last_look(version) || !holds(Rule::LookBeforeLapse)
    }

    fn lapse(&self, lease: &Lease, since: Instant, now: Clocks) -> Instant {
        let watched = since.plus(lease.span);
        let by_wall_clock = lease.lapses_at(self.shared_by, now.unix);
        by_wall_clock.map_or(watched, |lapses| watched.min(now.instant_of(lapses)))
    }

    /// The lease lapses by the wall clock, and that too late for the callers. When it is overdue, its owner is not worth
    /// waiting for either.
    fn is_hopeless(&self, lease: &Lease, lapses: Instant, patience: Patience, now: Clocks) -> bool {
        lapses > patience.callers && lease.lapses_at(self.shared_by, now.unix).is_some()
    }
}
