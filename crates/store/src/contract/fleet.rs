//! Clauses of stores that the machines of a fleet share: each liveness lock has a domain of its own, and a watcher hears
//! that it has ended only if the lock's owner could say so.

use core::time::Duration;
use std::thread;

use wellspring_core::{LivenessLock, Record, WatchOutcome};

use super::fixture::{Clause, Fixture};
use super::handle::{Handle, SLACK, TIMEOUT, assert_equal, is_fleet, key, sleeps_until_finished};
use super::liveness::quiet;
use super::sample;
use crate::clock::Deadline;

pub(super) const ALL: [Clause; 4] = [
    every_liveness_lock_of_a_fleet_has_its_own_domain,
    a_lock_that_ends_under_its_lease_is_gone_in_time,
    a_lock_that_ends_after_its_lease_leaves_no_note,
    the_end_of_one_lock_is_not_that_of_another,
];

/// A record with a lease.
fn leased(number: u64) -> Record {
    let mut record = sample::with_attachments();
    record.generation = sample::counting(number).generation;
    record
}

fn every_liveness_lock_of_a_fleet_has_its_own_domain(fixture: &dyn Fixture) {
    if !is_fleet(fixture) {
        return;
    }
    let handles = [Handle::open(fixture), Handle::open(fixture)];
    let locks = handles.each_ref().map(|handle| [handle.liveness_lock(&key()), handle.liveness_lock(&key())]);
    let mut domains: Vec<_> = locks.iter().flatten().map(LivenessLock::domain).collect();
    assert!(domains.iter().all(Option::is_some), "a liveness lock has no domain");
    domains.sort_unstable();
    domains.dedup();
    assert_equal(domains.len(), 4, "two liveness locks have one domain");
}

fn a_lock_that_ends_under_its_lease_is_gone_in_time(fixture: &dyn Fixture) {
    if !is_fleet(fixture) {
        return;
    }
    let (owner, watcher) = (Handle::open(fixture), Handle::open(fixture));
    let lock = owner.liveness_lock(&key());
    let domain = lock.domain();
    let version = owner.save(&key(), None, &leased(1));
    let outcome = watcher.watch(&key(), version, domain, quiet(fixture));
    assert_equal(outcome, WatchOutcome::Unchanged, "a liveness lock was not seen");
    thread::scope(|scope| {
        let watching = scope.spawn(|| watcher.watch(&key(), version, domain, TIMEOUT));
        let _ = Deadline::after(quiet(fixture)).sleep(quiet(fixture));
        drop(lock);
        let delay = sleeps_until_finished(&watching);
        let outcome = watching.join().expect("the watcher panicked");
        assert_equal(outcome, WatchOutcome::OwnerGone, "a watcher did not see the end of a liveness lock");
        assert!(delay < fixture.notice() + SLACK, "a watcher saw the end of a lock only after {delay:?}");
    });
    // The note lasts: a watcher that comes later sees it too.
    let later = Handle::open(fixture);
    let outcome = later.watch(&key(), version, domain, TIMEOUT);
    assert_equal(outcome, WatchOutcome::OwnerGone, "a later watcher did not see the end of a liveness lock");
    // The next owner begins anew.
    let next = later.liveness_lock(&key());
    let version = later.save(&key(), Some(version), &leased(2));
    let outcome = watcher.watch(&key(), version, next.domain(), quiet(fixture));
    assert_equal(
        outcome,
        WatchOutcome::Unchanged,
        "the note of an earlier lock was taken for that of a later one",
    );
}

fn a_lock_that_ends_after_its_lease_leaves_no_note(fixture: &dyn Fixture) {
    if !is_fleet(fixture) {
        return;
    }
    let (owner, watcher) = (Handle::open(fixture), Handle::open(fixture));
    let lock = owner.liveness_lock(&key());
    let domain = lock.domain();
    let version = owner.save(&key(), None, &leased(1));
    let version = owner.save(&key(), Some(version), &sample::counting(2));
    drop(lock);
    let outcome = watcher.watch(&key(), version, domain, quiet(fixture));
    assert_equal(outcome, WatchOutcome::Unchanged, "a lock that ended after its lease left a note");
}

fn the_end_of_one_lock_is_not_that_of_another(fixture: &dyn Fixture) {
    if !is_fleet(fixture) {
        return;
    }
    let (owner, watcher) = (Handle::open(fixture), Handle::open(fixture));
    let [lock, other] = [owner.liveness_lock(&key()), owner.liveness_lock(&key())];
    let version = owner.save(&key(), None, &leased(1));
    drop(other);
    let outcome = watcher.watch(&key(), version, lock.domain(), quiet(fixture));
    assert_equal(outcome, WatchOutcome::Unchanged, "the end of one lock ended the other");
    drop(lock);
}

/// How long a watcher may take to see that the process of an owner was killed.
pub(super) fn killed_within(fixture: &dyn Fixture) -> Duration {
    fixture.presence() + fixture.notice() + Duration::from_secs(2)
}
