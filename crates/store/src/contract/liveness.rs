//! Clauses of watches and liveness locks: what a watcher sees, and how soon. `lock_domains.rs` has those of domains,
//! `fleet.rs` those that take the place of some of these where the machines of a fleet share the store.

use core::time::Duration;
use std::sync::Barrier;
use std::thread;

use wellspring_core::{LivenessLock, TokenKey, WatchOutcome};

use super::fixture::{Clause, Fixture};
use super::handle::{Handle, SLACK, TIMEOUT, assert_equal, is_fleet, key, sleeps_until_finished};
use super::sample;
use crate::clock::Deadline;

pub(super) const ALL: [Clause; 8] = [
    a_change_is_seen_although_a_liveness_lock_is_held,
    a_change_is_seen_in_time,
    a_missing_liveness_lock_is_seen,
    a_liveness_lock_is_seen_by_other_handles,
    the_end_of_a_liveness_lock_is_seen_in_time,
    one_of_several_liveness_locks_is_enough,
    a_change_takes_precedence_over_a_gone_owner,
    liveness_locks_can_be_acquired_while_many_watch,
];

/// How long a watch must stay without an outcome to show that it has none.
pub(super) fn quiet(fixture: &dyn Fixture) -> Duration {
    fixture.notice().mul_f64(0.6)
}

fn a_change_is_seen_although_a_liveness_lock_is_held(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let old = store.save(&key(), None, &sample::counting(1));
    let liveness_lock = store.liveness_lock(&key());
    let new = store.save(&key(), Some(old), &sample::counting(2));
    let outcome = store.watch(&key(), old, liveness_lock.domain(), TIMEOUT);
    assert_equal(outcome, WatchOutcome::Changed, "a change was not seen");
    let outcome = store.watch(&key(), new, liveness_lock.domain(), quiet(fixture));
    assert_equal(outcome, WatchOutcome::Unchanged, "a watcher saw a change that never happened");
}

/// Asserts that a watcher sees this outcome soon after `event`.
fn assert_seen_in_time(
    fixture: &dyn Fixture,
    event: impl FnOnce(&Handle, LivenessLock) -> Option<LivenessLock>,
    expected: WatchOutcome,
) {
    let owner = Handle::open(fixture);
    let watcher = Handle::open(fixture);
    let version = owner.save(&key(), None, &sample::counting(1));
    let liveness_lock = owner.liveness_lock(&key());
    let domain = liveness_lock.domain();
    if domain.is_none() && expected == WatchOutcome::OwnerGone {
        return;
    }
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            barrier.wait();
            watcher.watch(&key(), version, domain, TIMEOUT)
        });
        barrier.wait();
        // The watcher must already be waiting when the event happens.
        let _ = Deadline::after(quiet(fixture)).sleep(quiet(fixture));
        let _liveness_lock = event(&owner, liveness_lock);
        let delay = sleeps_until_finished(&watching);
        let outcome = watching.join().expect("the watcher panicked");
        assert_equal(outcome, expected, "a watcher saw another outcome");
        assert!(delay < fixture.notice() + SLACK, "a watcher saw the event only after {delay:?}");
    });
}

fn a_change_is_seen_in_time(fixture: &dyn Fixture) {
    assert!(fixture.notice() <= Duration::from_secs(1), "a watcher may notice a change only after a second");
    let save = |owner: &Handle, liveness_lock| {
        let version = owner.stored(&key()).map(|stored| stored.version);
        owner.save(&key(), version, &sample::counting(2));
        Some(liveness_lock)
    };
    assert_seen_in_time(fixture, save, WatchOutcome::Changed);
}

fn the_end_of_a_liveness_lock_is_seen_in_time(fixture: &dyn Fixture) {
    if is_fleet(fixture) {
        return;
    }
    assert_seen_in_time(fixture, |_, _| None, WatchOutcome::OwnerGone);
}

fn a_missing_liveness_lock_is_seen(fixture: &dyn Fixture) {
    if is_fleet(fixture) {
        return;
    }
    let store = Handle::open(fixture);
    let version = store.save(&key(), None, &sample::counting(1));
    let Some(domain) = store.liveness_lock(&key()).domain() else { return };
    let outcome = store.watch(&key(), version, Some(domain), TIMEOUT);
    assert_equal(outcome, WatchOutcome::OwnerGone, "a watcher waits although no liveness lock is held");
}

pub(super) fn a_liveness_lock_is_seen_by_other_handles(fixture: &dyn Fixture) {
    if is_fleet(fixture) {
        return;
    }
    let (owner, watcher) = (Handle::open(fixture), Handle::open(fixture));
    let version = owner.save(&key(), None, &sample::counting(1));
    let liveness_lock = owner.liveness_lock(&key());
    let Some(domain) = liveness_lock.domain() else { return };
    let outcome = watcher.watch(&key(), version, Some(domain), quiet(fixture));
    assert_equal(outcome, WatchOutcome::Unchanged, "a liveness lock was not seen");
    drop(liveness_lock);
    let outcome = watcher.watch(&key(), version, Some(domain), TIMEOUT);
    assert_equal(outcome, WatchOutcome::OwnerGone, "the end of a liveness lock was not seen");
}

fn one_of_several_liveness_locks_is_enough(fixture: &dyn Fixture) {
    if is_fleet(fixture) {
        return;
    }
    let handles = [Handle::open(fixture), Handle::open(fixture)];
    let version = handles[0].save(&key(), None, &sample::counting(1));
    let mut locks = Vec::new();
    for handle in &handles {
        locks.extend([handle.liveness_lock(&key()), handle.liveness_lock(&key())]);
    }
    let domains: Vec<_> = locks.iter().map(LivenessLock::domain).collect();
    let Some(domain) = domains[0] else { return };
    assert_equal(domains, vec![Some(domain); 4], "the liveness locks of one store have several domains");
    let watcher = Handle::open(fixture);
    while locks.pop().is_some() && !locks.is_empty() {
        let outcome = watcher.watch(&key(), version, Some(domain), quiet(fixture));
        assert_equal(outcome, WatchOutcome::Unchanged, "the end of one liveness lock ended the others");
    }
    let outcome = watcher.watch(&key(), version, Some(domain), TIMEOUT);
    assert_equal(outcome, WatchOutcome::OwnerGone, "the end of all liveness locks was not seen");
}

pub(super) fn a_change_takes_precedence_over_a_gone_owner(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let old = store.save(&key(), None, &sample::counting(1));
    let liveness_lock = store.liveness_lock(&key());
    let domain = liveness_lock.domain();
    store.save(&key(), Some(old), &sample::counting(2));
    drop(liveness_lock);
    let outcome = store.watch(&key(), old, domain, TIMEOUT);
    assert_equal(outcome, WatchOutcome::Changed, "an owner that saved and ended is reported as gone");
}

fn liveness_locks_can_be_acquired_while_many_watch(fixture: &dyn Fixture) {
    let keys: Vec<TokenKey> = (0..4).map(|n| key().user(&n.to_string())).collect();
    let store = Handle::open(fixture);
    let versions: Vec<_> = keys.iter().map(|key| store.save(key, None, &sample::counting(1))).collect();
    thread::scope(|scope| {
        for (key, version) in keys.iter().zip(versions) {
            let owner = Handle::open(fixture);
            let domain = owner.liveness_lock(key).domain();
            let owning = scope.spawn(move || {
                for _ in 0..200 {
                    drop(owner.liveness_lock(key));
                }
            });
            let watcher = Handle::open(fixture);
            scope.spawn(move || {
                while !owning.is_finished() {
                    watcher.watch(key, version, domain, Duration::from_millis(1));
                }
            });
        }
    });
}
