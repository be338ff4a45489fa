//! Clauses of loads and saves.

use std::collections::HashSet;
use std::thread;

use wellspring_core::{Store, Swap, TokenKey};

use super::fixture::{Clause, Fixture};
use super::handle::{Handle, TIMEOUT, assert_equal, expect_ok, key};
use super::sample;

pub(super) const ALL: [Clause; 10] = [
    a_key_without_a_save_is_absent,
    a_saved_record_is_loaded_completely,
    only_the_stored_version_is_replaced,
    no_version_repeats,
    increments_of_many_threads_are_all_kept,
    every_handle_sees_a_save_at_once,
    keys_are_independent,
    unusual_keys_are_accepted,
    a_record_of_a_megabyte_is_kept,
    bytes_that_are_not_a_record_are_an_error_and_stay,
];

fn a_key_without_a_save_is_absent(fixture: &dyn Fixture) {
    let loaded = Handle::open(fixture).load(&key());
    assert!(
        loaded.stored.is_none() && loaded.spilled.is_none(),
        "an empty store returned a record or a spill"
    );
}

fn a_saved_record_is_loaded_completely(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let mut version = None;
    for number in 0..24 {
        let record = sample::record(number);
        version = Some(store.save(&key(), version, &record));
        let stored = store.stored(&key()).expect("a saved record is absent");
        assert_equal(
            Some(stored.version),
            version,
            "a load returned another version than the save before it",
        );
        assert!(sample::same(&stored.record, &record), "record {number} is loaded as a different record");
    }
}

fn only_the_stored_version_is_replaced(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let first = store.save(&key(), None, &sample::counting(1));
    assert_equal(
        store.try_save(&key(), None, &sample::counting(9)),
        Swap::Conflict,
        "a stored record was treated as absent",
    );
    let second = store.save(&key(), Some(first), &sample::counting(2));
    assert_equal(
        store.try_save(&key(), Some(first), &sample::counting(9)),
        Swap::Conflict,
        "a save over an old version succeeded",
    );
    let stored = store.stored(&key()).expect("a saved record is absent");
    assert_equal(stored.version, second, "a conflict changed the version");
    assert_equal(stored.record.generation.value(), 2, "a conflict changed the record");
    let other = TokenKey::new("another", "key");
    assert_equal(
        store.try_save(&other, Some(second), &sample::counting(9)),
        Swap::Conflict,
        "a save over a version of an absent record succeeded",
    );
    assert!(store.stored(&other).is_none(), "a conflict created a record");
}

fn no_version_repeats(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let record = sample::counting(1);
    let mut seen = HashSet::new();
    let mut version = None;
    for _ in 0..32 {
        let next = store.save(&key(), version, &record);
        assert!(seen.insert(next), "a version repeated");
        version = Some(next);
    }
}

fn increments_of_many_threads_are_all_kept(fixture: &dyn Fixture) {
    const THREADS: u64 = 8;
    const EACH: u64 = 8;
    let handles: Vec<_> = (0..THREADS).map(|_| fixture.open()).collect();
    thread::scope(|scope| {
        for handle in &handles {
            scope.spawn(move || (0..EACH).for_each(|_| increment(&**handle)));
        }
    });
    let stored = Handle::open(fixture).stored(&key()).expect("a saved record is absent");
    assert_equal(stored.record.generation.value(), THREADS * EACH, "increments were lost");
}

/// Increments the record's generation once, also when others increment it at the same time.
pub(super) fn increment(store: &dyn Store) {
    loop {
        let stored = expect_ok("a load", store.load(&key(), TIMEOUT)).stored;
        let next = stored.as_ref().map_or(0, |stored| stored.record.generation.value()) + 1;
        let expected = stored.map(|stored| stored.version);
        let swap = expect_ok("a save", store.save(&key(), expected, &sample::counting(next), TIMEOUT));
        if matches!(swap, Swap::Done(_)) {
            return;
        }
    }
}

fn every_handle_sees_a_save_at_once(fixture: &dyn Fixture) {
    let (first, second) = (Handle::open(fixture), Handle::open(fixture));
    let mut version = None;
    for round in (1..=20).step_by(2) {
        version = Some(first.save(&key(), version, &sample::counting(round)));
        assert_equal(
            second.stored(&key()).map(|stored| stored.version),
            version,
            "another handle loads an older record",
        );
        version = Some(second.save(&key(), version, &sample::counting(round + 1)));
        assert_equal(
            first.stored(&key()).map(|stored| stored.version),
            version,
            "another handle loads an older record",
        );
    }
}

fn keys_are_independent(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let keys: Vec<TokenKey> = (0..40).map(|n| key().user(&n.to_string())).collect();
    for (key, n) in keys.iter().zip(0..) {
        store.save(key, None, &sample::counting(n));
    }
    for (key, n) in keys.iter().zip(0..) {
        let stored = store.stored(key).expect("a saved record is absent");
        assert_equal(stored.record.generation.value(), n, "one key loads the record of another");
    }
}

fn unusual_keys_are_accepted(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let unusual = ["", "/", "..", "\0", "a/../b", "'; --", "\u{feff}é\n", &"x".repeat(70_000)];
    for (user, n) in unusual.into_iter().zip(0..) {
        store.save(&key().user(user), None, &sample::counting(n));
    }
    for (user, n) in unusual.into_iter().zip(0..) {
        let stored = store.stored(&key().user(user)).expect("the record of an unusual key is absent");
        assert_equal(stored.record.generation.value(), n, "an unusual key loads the record of another");
    }
}

fn a_record_of_a_megabyte_is_kept(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let record = sample::of_length(1 << 20);
    store.save(&key(), None, &record);
    let stored = store.stored(&key()).expect("a large record is absent");
    assert!(sample::same(&stored.record, &record), "a large record is loaded as a different record");
}

fn bytes_that_are_not_a_record_are_an_error_and_stay(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    store.save(&key(), None, &sample::of_length(8));
    fixture.corrupt(&key());
    let assert_unreadable = |when: &str| {
        let Err(error) = fixture.open().load(&key(), TIMEOUT) else {
            panic!("bytes that are not a record were loaded {when}")
        };
        assert!(error.is_unreadable(), "bytes that are not a record count as an outage {when}: {error}");
    };
    assert_unreadable("before a save");
    let saved = fixture.open().save(&key(), None, &sample::counting(1), TIMEOUT);
    assert!(!matches!(saved, Ok(Swap::Done(_))), "a save overwrote bytes that are not a record");
    assert_unreadable("after a save");
}
