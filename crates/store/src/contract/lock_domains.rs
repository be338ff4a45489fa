//! Clauses of the domains of liveness locks: no watcher takes a live owner for gone, however it reached the store.
//!
//! A lease carries the name of its owner's lock. Neither an equal machine nor an equal folder shows that a watcher sees
//! the same lock.

use wellspring_core::{LockDomain, WatchOutcome};

use super::fixture::{Clause, Fixture};
use super::handle::{Handle, TIMEOUT, assert_equal, key};
use super::liveness::quiet;
use super::sample;

pub(super) const ALL: [Clause; 4] = [
    without_a_domain_only_a_change_is_seen,
    the_owner_of_a_lock_of_another_domain_is_unknown,
    a_live_owner_is_not_gone_for_a_watcher_that_came_by_another_path,
    an_owner_whose_lock_was_removed_is_not_gone,
];

/// A lease of an older version names no domain. Its owner may run on the same machine and be alive.
pub(super) fn without_a_domain_only_a_change_is_seen(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let old = store.save(&key(), None, &sample::counting(1));
    let outcome = store.watch(&key(), old, None, quiet(fixture));
    assert_equal(outcome, WatchOutcome::Unchanged, "an owner without a domain has an outcome");
    store.save(&key(), Some(old), &sample::counting(2));
    let outcome = store.watch(&key(), old, None, TIMEOUT);
    assert_equal(outcome, WatchOutcome::Changed, "a change was not seen without a domain");
}

pub(super) fn the_owner_of_a_lock_of_another_domain_is_unknown(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let old = store.save(&key(), None, &sample::counting(1));
    // A lock of its own exists already, so that only its name is another one.
    drop(store.liveness_lock(&key()));
    let foreign = LockDomain::new(1);
    let outcome = store.watch(&key(), old, foreign, TIMEOUT);
    assert_equal(outcome, WatchOutcome::OwnerUnknown, "an owner in another domain has an outcome");
    store.save(&key(), Some(old), &sample::counting(2));
    let outcome = store.watch(&key(), old, foreign, TIMEOUT);
    assert_equal(outcome, WatchOutcome::Changed, "a change was not seen in another domain");
}

/// Asserts that no watch of this handle says that the live owner is gone.
fn assert_not_gone(watcher: &Handle, domain: Option<LockDomain>, fixture: &dyn Fixture, sentence: &str) {
    let version = watcher.stored(&key()).map(|stored| stored.version).expect("the record is absent");
    let outcome = watcher.watch(&key(), version, domain, quiet(fixture));
    assert!(
        matches!(outcome, WatchOutcome::Unchanged | WatchOutcome::OwnerUnknown),
        "{sentence}: {outcome:?}"
    );
}

pub(super) fn a_live_owner_is_not_gone_for_a_watcher_that_came_by_another_path(fixture: &dyn Fixture) {
    let here = Handle::open(fixture);
    here.save(&key(), None, &sample::counting(1));
    for there in fixture.open_elsewhere().into_iter().map(Handle::new) {
        for (owner, watcher) in [(&here, &there), (&there, &here)] {
            let liveness_lock = owner.liveness_lock(&key());
            let sentence = "an owner that came by another path is reported as gone";
            // The watcher's own lock exists, and is free.
            drop(watcher.liveness_lock(&key()));
            assert_not_gone(watcher, liveness_lock.domain(), fixture, sentence);
        }
    }
}

pub(super) fn an_owner_whose_lock_was_removed_is_not_gone(fixture: &dyn Fixture) {
    let (owner, other) = (Handle::open(fixture), Handle::open(fixture));
    let version = owner.save(&key(), None, &sample::counting(1));
    let liveness_lock = owner.liveness_lock(&key());
    if !fixture.remove_locks() {
        return;
    }
    let watchers = [&other, &Handle::open(fixture)];
    for watcher in watchers {
        assert_not_gone(watcher, liveness_lock.domain(), fixture, "an owner whose lock was removed is gone");
    }
    // The next owner makes the lock anew.
    let next = other.liveness_lock(&key());
    assert!(next.domain() != liveness_lock.domain(), "a new lock has the domain of the one that was removed");
    drop(next);
    for watcher in watchers {
        assert_not_gone(
            watcher,
            liveness_lock.domain(),
            fixture,
            "an owner whose lock was made anew is gone",
        );
    }
    owner.save(&key(), Some(version), &sample::counting(2));
    let outcome = other.watch(&key(), version, liveness_lock.domain(), TIMEOUT);
    assert_equal(outcome, WatchOutcome::Changed, "a change was not seen after the locks were removed");
}

/// Two stores on one machine, in two containers for example, may hold copies of one record.
pub(super) fn the_locks_of_two_stores_are_two(first: &dyn Fixture, second: &dyn Fixture) {
    let (owner, watcher) = (Handle::open(first), Handle::open(second));
    for store in [&owner, &watcher] {
        store.save(&key(), None, &sample::counting(1));
    }
    let liveness_lock = owner.liveness_lock(&key());
    drop(watcher.liveness_lock(&key()));
    assert_not_gone(&watcher, liveness_lock.domain(), second, "the owner in another store is gone");
}
