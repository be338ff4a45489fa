//! Load and save.

use std::collections::HashSet;
use std::thread;

use wellspring_core::{Store, Swap, TokenKey};

use super::{AMPLE, Clause, Handle, Place, done, equal, key, sample};

pub(super) const ALL: [Clause; 10] = [
    what_was_never_saved_is_absent,
    what_was_saved_is_there_whole,
    only_the_version_that_is_held_is_replaced,
    no_version_comes_back,
    increments_of_many_threads_are_all_kept,
    every_handle_sees_a_save_at_once,
    keys_are_kept_apart,
    odd_keys_are_keys,
    a_megabyte_is_kept,
    garbage_is_an_error_and_stays,
];

fn what_was_never_saved_is_absent(place: &dyn Place) {
    let loaded = Handle::of(place).loaded(&key());
    assert!(loaded.stored.is_none() && loaded.spilled.is_none(), "an empty store holds something");
}

fn what_was_saved_is_there_whole(place: &dyn Place) {
    let store = Handle::of(place);
    let mut version = None;
    for number in 0..24 {
        let record = sample::record(number);
        version = Some(store.save(&key(), version, &record));
        let stored = store.stored(&key()).expect("a saved record is absent");
        equal(Some(stored.version), version, "a load names another version than the save before it");
        assert!(sample::same(&stored.record, &record), "record {number} is loaded as another one");
    }
}

fn only_the_version_that_is_held_is_replaced(place: &dyn Place) {
    let store = Handle::of(place);
    let first = store.save(&key(), None, &sample::counting(1));
    equal(store.swap(&key(), None, &sample::counting(9)), Swap::Conflict, "a record was taken for absent");
    let second = store.save(&key(), Some(first), &sample::counting(2));
    equal(
        store.swap(&key(), Some(first), &sample::counting(9)),
        Swap::Conflict,
        "an old version was replaced",
    );
    let stored = store.stored(&key()).expect("a saved record is absent");
    equal(stored.version, second, "a conflict changed the version");
    equal(stored.record.generation.value(), 2, "a conflict changed the record");
    let other = TokenKey::new("another", "key");
    equal(
        store.swap(&other, Some(second), &sample::counting(9)),
        Swap::Conflict,
        "a version was found where nothing is",
    );
    assert!(store.stored(&other).is_none(), "a conflict made a record");
}

fn no_version_comes_back(place: &dyn Place) {
    let store = Handle::of(place);
    let record = sample::counting(1);
    let mut seen = HashSet::new();
    let mut version = None;
    for _ in 0..32 {
        let next = store.save(&key(), version, &record);
        assert!(seen.insert(next), "a version came back");
        version = Some(next);
    }
}

fn increments_of_many_threads_are_all_kept(place: &dyn Place) {
    const THREADS: u64 = 8;
    const EACH: u64 = 8;
    let handles: Vec<_> = (0..THREADS).map(|_| place.open()).collect();
    thread::scope(|scope| {
        for handle in &handles {
            scope.spawn(move || (0..EACH).for_each(|_| increment(&**handle)));
        }
    });
    let stored = Handle::of(place).stored(&key()).expect("a saved record is absent");
    equal(stored.record.generation.value(), THREADS * EACH, "increments were lost");
}

/// Counts the record's generation on, once, whoever else does the same.
pub(super) fn increment(store: &dyn Store) {
    loop {
        let stored = done("a load", store.load(&key(), AMPLE)).stored;
        let next = stored.as_ref().map_or(0, |stored| stored.record.generation.value()) + 1;
        let expected = stored.map(|stored| stored.version);
        let swap = done("a save", store.save(&key(), expected, &sample::counting(next), AMPLE));
        if matches!(swap, Swap::Done(_)) {
            return;
        }
    }
}

fn every_handle_sees_a_save_at_once(place: &dyn Place) {
    let (one, other) = (Handle::of(place), Handle::of(place));
    let mut version = None;
    for round in (1..=20).step_by(2) {
        version = Some(one.save(&key(), version, &sample::counting(round)));
        equal(
            other.stored(&key()).map(|stored| stored.version),
            version,
            "another handle shows an older record",
        );
        version = Some(other.save(&key(), version, &sample::counting(round + 1)));
        equal(
            one.stored(&key()).map(|stored| stored.version),
            version,
            "another handle shows an older record",
        );
    }
}

fn keys_are_kept_apart(place: &dyn Place) {
    let store = Handle::of(place);
    let keys: Vec<TokenKey> = (0..40).map(|n| key().user(&n.to_string())).collect();
    for (key, n) in keys.iter().zip(0..) {
        store.save(key, None, &sample::counting(n));
    }
    for (key, n) in keys.iter().zip(0..) {
        let stored = store.stored(key).expect("a saved record is absent");
        equal(stored.record.generation.value(), n, "one key shows another's record");
    }
}

fn odd_keys_are_keys(place: &dyn Place) {
    let store = Handle::of(place);
    let odd = ["", "/", "..", "\0", "a/../b", "'; --", "\u{feff}é\n", &"x".repeat(70_000)];
    for (user, n) in odd.into_iter().zip(0..) {
        store.save(&key().user(user), None, &sample::counting(n));
    }
    for (user, n) in odd.into_iter().zip(0..) {
        let stored = store.stored(&key().user(user)).expect("a record of an odd key is absent");
        equal(stored.record.generation.value(), n, "an odd key shows another's record");
    }
}

fn a_megabyte_is_kept(place: &dyn Place) {
    let store = Handle::of(place);
    let record = sample::of_length(1 << 20);
    store.save(&key(), None, &record);
    let stored = store.stored(&key()).expect("a large record is absent");
    assert!(sample::same(&stored.record, &record), "a large record is loaded as another one");
}

fn garbage_is_an_error_and_stays(place: &dyn Place) {
    let store = Handle::of(place);
    store.save(&key(), None, &sample::of_length(8));
    place.corrupt(&key());
    let is_error = |when: &str| {
        let outcome = place.open().load(&key(), AMPLE);
        let error =
            outcome.err().unwrap_or_else(|| panic!("what is no record was loaded as something, {when}"));
        assert!(error.is_unreadable(), "what is no record counts as an outage, {when}: {error}");
    };
    is_error("at first");
    let saved = place.open().save(&key(), None, &sample::counting(1), AMPLE);
    assert!(!matches!(saved, Ok(Swap::Done(_))), "what is no record was overwritten");
    is_error("after somebody tried to save");
}
