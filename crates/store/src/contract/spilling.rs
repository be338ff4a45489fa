//! Clauses of spilled tokens.

use core::time::Duration;
use std::thread;

use wellspring_core::{Attempt, Lease, PendingSave, Swap, UnixTime};

use super::fixture::{Clause, Fixture};
use super::handle::{Handle, SLACK, TIMEOUT, assert_equal, expect_ok, key, sleeps_until_finished};
use super::sample;

/// Deadline of the save that the store refuses.
const WITHIN: Duration = Duration::from_millis(50);

pub(super) const ALL: [Clause; 5] = [
    a_spilled_token_is_found_until_it_is_forgotten,
    spilled_tokens_of_several_attempts_are_all_found,
    a_spilled_token_is_found_beside_the_record_and_only_by_its_key,
    a_token_whose_save_is_refused_can_be_spilled,
    a_spill_that_cannot_be_used_is_named_beside_the_record_of_its_attempt,
];

fn a_spilled_token_is_found_until_it_is_forgotten(fixture: &dyn Fixture) {
    let (store, other) = (fixture.open(), Handle::open(fixture));
    for number in 0..16 {
        let pending_save = sample::pending_save(number);
        expect_ok("a spill", store.spill(&key(), &pending_save));
        expect_ok("repeating a spill", store.spill(&key(), &pending_save));
        let found = other.load(&key()).spilled.expect("a spilled token is not found");
        assert!(
            sample::same_pending_save(&found, &pending_save),
            "spilled token {number} is loaded as a different token"
        );
        expect_ok("forgetting a spill", store.forget_spill(&key(), pending_save.attempt));
        assert!(other.load(&key()).spilled.is_none(), "a forgotten spill is still found");
        expect_ok("forgetting a spill again", store.forget_spill(&key(), pending_save.attempt));
    }
}

fn spilled_tokens_of_several_attempts_are_all_found(fixture: &dyn Fixture) {
    let store = fixture.open();
    let first = sample::pending_save(1);
    for number in 1..=5 {
        let attempt = Attempt { number, ..first.attempt };
        expect_ok("a spill", store.spill(&key(), &PendingSave { attempt, ..first.clone() }));
    }
    let mut found = 0;
    while let Some(pending_save) = expect_ok("a load", store.load(&key(), TIMEOUT)).spilled {
        expect_ok("forgetting a spill", store.forget_spill(&key(), pending_save.attempt));
        found += 1;
    }
    assert_equal(found, 5, "some of several spilled tokens are lost");
}

fn a_spilled_token_is_found_beside_the_record_and_only_by_its_key(fixture: &dyn Fixture) {
    let store = fixture.open();
    let pending_save = sample::pending_save(3);
    expect_ok("a spill", store.spill(&key(), &pending_save));
    let swap = expect_ok("a save", store.save(&key(), None, &sample::counting(1), TIMEOUT));
    assert!(matches!(swap, Swap::Done(_)), "a spilled token prevents a save of its key");
    let loaded = expect_ok("a load", store.load(&key(), TIMEOUT));
    assert!(
        loaded.stored.is_some() && loaded.spilled.is_some(),
        "the record or the spill of a key hides the other"
    );
    let other = expect_ok("a load", store.load(&key().user("other"), TIMEOUT));
    assert!(other.spilled.is_none(), "a spilled token of another key is found");
}

fn a_token_whose_save_is_refused_can_be_spilled(fixture: &dyn Fixture) {
    let store = fixture.open();
    expect_ok("a save", store.save(&key(), None, &sample::counting(1), TIMEOUT));
    let version = Handle::open(fixture).stored(&key()).map(|stored| stored.version);
    let pending_save = sample::pending_save(4);
    let Some(refusal) = fixture.refuse_saves() else { return };
    let (refused, took) = thread::scope(|scope| {
        let saving = scope.spawn(|| store.save(&key(), version, &pending_save.record, WITHIN));
        let took = sleeps_until_finished(&saving);
        (saving.join().expect("the save panicked"), took)
    });
    assert!(took < WITHIN + SLACK, "a save with a deadline of {WITHIN:?} took {took:?}");
    let error = refused.expect_err("a store that refuses saves saved a record");
    assert!(!error.is_unreadable(), "a temporary refusal is reported as permanent: {error}");
    expect_ok("a spill while the store refuses", store.spill(&key(), &pending_save));
    drop(refusal);
    let loaded = Handle::open(fixture).load(&key());
    let found = loaded.spilled.expect("a spilled token is not found");
    assert!(
        sample::same_pending_save(&found, &pending_save),
        "a spilled token is loaded as a different token"
    );
    assert_equal(
        loaded.stored.map(|stored| stored.version),
        version,
        "a refused save was applied all the same",
    );
    expect_ok("forgetting a spill", store.forget_spill(&key(), pending_save.attempt));
}

fn a_spill_that_cannot_be_used_is_named_beside_the_record_of_its_attempt(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let pending_save = sample::pending_save(5);
    let until = UnixTime::from_secs(2_000_000_000);
    let span = Duration::from_secs(40);
    let lease =
        Lease { attempt: pending_save.attempt, domain: None, first_sent: None, until, span, replays: 0 };
    let mut leased = sample::counting(1);
    leased.lease = Some(lease);
    let version = store.save(&key(), None, &leased);
    expect_ok("a spill", fixture.open().spill(&key(), &pending_save));
    if !fixture.corrupt_spills() {
        return;
    }
    let loaded = store.load(&key());
    assert_equal(
        loaded.stored.map(|stored| stored.version),
        Some(version),
        "a spill that cannot be used hides the record",
    );
    let error = loaded
        .unusable_spill
        .expect("a load does not say that the spill of the leased attempt cannot be used");
    assert!(error.is_unreadable(), "no retry makes this spill usable: {error}");
    store.save(&key(), Some(version), &sample::counting(2));
    let unusable = store.load(&key()).unusable_spill;
    assert!(unusable.is_none(), "a spill of an attempt that is not leased is in the way: {unusable:?}");
}
