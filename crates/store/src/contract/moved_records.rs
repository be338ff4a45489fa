//! Clauses of records that an earlier version has stored under another key.

use core::time::Duration;

use wellspring_core::{Lease, Record, SessionState, Swap, TokenKey, UnixTime, WatchOutcome};

use super::fixture::{Clause, Fixture};
use super::handle::{Handle, TIMEOUT, assert_equal, expect_ok, key};
use super::sample;

pub(super) const ALL: [Clause; 7] = [
    a_record_under_the_former_key_is_loaded_and_moves_with_the_first_save,
    an_earlier_version_finds_a_tombstone_and_saves_nothing_over_it,
    of_two_keys_with_one_former_record_only_one_gets_it,
    a_logout_under_the_former_key_is_a_logout,
    a_lease_under_the_former_key_is_watched_there,
    a_spill_under_the_former_key_is_found_until_the_record_has_moved,
    a_record_of_its_own_hides_the_former_one,
];

fn former() -> TokenKey {
    key().user("former")
}

/// The key of today, with the former key.
fn renamed(name: &str) -> TokenKey {
    key().profile(name).formerly(former())
}

fn generation(store: &Handle, key: &TokenKey) -> Option<u64> {
    store.stored(key).map(|stored| stored.record.generation.value())
}

fn is_logged_out(store: &Handle, key: &TokenKey) -> bool {
    store.stored(key).is_some_and(|stored| matches!(stored.record.state, SessionState::LoggedOut))
}

fn a_record_under_the_former_key_is_loaded_and_moves_with_the_first_save(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let version = store.save(&former(), None, &sample::counting(7));
    for _ in 0..2 {
        let stored = store.stored(&renamed("work")).expect("the record under the former key is absent");
        assert_equal(stored.version, version, "a load has changed the record under the former key");
    }
    let moved = store.save(&renamed("work"), Some(version), &sample::counting(8));
    let other = Handle::open(fixture);
    let stored = other.stored(&renamed("work")).expect("the moved record is absent");
    assert_equal(stored.version, moved, "a moved record has another version than its save");
    assert_equal(stored.record.generation.value(), 8, "a moved record is not the saved one");
    let unrelated = key().profile("work");
    assert_equal(generation(&other, &unrelated), Some(8), "the record is not under the key's own name");
    let again = other.save(&renamed("work"), Some(moved), &sample::counting(9));
    assert!(again != moved, "a version repeated");
    assert_equal(generation(&store, &renamed("work")), Some(9), "a moved record cannot be replaced");
}

fn an_earlier_version_finds_a_tombstone_and_saves_nothing_over_it(fixture: &dyn Fixture) {
    let (earlier, store) = (Handle::open(fixture), Handle::open(fixture));
    let version = earlier.save(&former(), None, &sample::counting(7));
    store.save(&renamed("work"), Some(version), &sample::counting(8));
    assert_equal(
        earlier.try_save(&former(), Some(version), &sample::counting(9)),
        Swap::Conflict,
        "an earlier version has saved over a record that has moved",
    );
    assert!(is_logged_out(&earlier, &former()), "the former key holds no tombstone after a move");
    let later = |record: &Record| record.place() > sample::counting(8).place();
    assert!(
        earlier.stored(&former()).is_some_and(|stored| later(&stored.record)),
        "the tombstone is older than the record that has moved"
    );
}

fn of_two_keys_with_one_former_record_only_one_gets_it(fixture: &dyn Fixture) {
    let (work, home) = (Handle::open(fixture), Handle::open(fixture));
    let version = work.save(&former(), None, &sample::counting(7));
    let (seen_by_work, seen_by_home) = (work.stored(&renamed("work")), home.stored(&renamed("home")));
    assert!(seen_by_work.is_some() && seen_by_home.is_some(), "the record under the former key is absent");
    work.save(&renamed("work"), Some(version), &sample::counting(8));
    assert_equal(
        home.try_save(&renamed("home"), Some(version), &sample::counting(8)),
        Swap::Conflict,
        "one record has moved to two keys",
    );
    assert!(home.stored(&renamed("home")).is_none(), "a record that has moved elsewhere is still found");
    home.save(&renamed("home"), None, &sample::counting(1));
    assert_equal(generation(&work, &renamed("work")), Some(8), "two keys share one record");
}

fn a_logout_under_the_former_key_is_a_logout(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let mut tombstone = sample::counting(7);
    tombstone.state = SessionState::LoggedOut;
    let version = store.save(&former(), None, &tombstone);
    assert!(is_logged_out(&store, &renamed("work")), "a logout under the former key is forgotten");
    store.save(&renamed("work"), Some(version), &sample::counting(8));
    assert_equal(generation(&store, &renamed("work")), Some(8), "a sign-in after that logout is not saved");
}

fn a_lease_under_the_former_key_is_watched_there(fixture: &dyn Fixture) {
    let (earlier, store) = (Handle::open(fixture), Handle::open(fixture));
    let lock = earlier.liveness_lock(&former());
    let mut leased = sample::counting(7);
    let attempt = sample::pending_save(1).attempt;
    let (until, span) = (UnixTime::EPOCH, Duration::from_secs(40));
    leased.lease = Some(Lease { attempt, domain: lock.domain(), first_sent: None, until, span, replays: 0 });
    let domain = lock.domain();
    let version = earlier.save(&former(), None, &leased);
    let short = Duration::from_millis(200);
    assert_equal(
        store.watch(&renamed("work"), version, domain, short),
        WatchOutcome::Unchanged,
        "the lease of a live process of an earlier version was not waited for",
    );
    drop(lock);
    assert_equal(
        store.watch(&renamed("work"), version, domain, TIMEOUT),
        WatchOutcome::OwnerGone,
        "the end of a process of an earlier version was not noticed",
    );
    earlier.save(&former(), Some(version), &sample::counting(8));
    assert_equal(
        store.watch(&renamed("work"), version, domain, TIMEOUT),
        WatchOutcome::Changed,
        "a save of an earlier version was not noticed",
    );
}

fn a_spill_under_the_former_key_is_found_until_the_record_has_moved(fixture: &dyn Fixture) {
    let (earlier, store) = (fixture.open(), Handle::open(fixture));
    let version = store.save(&former(), None, &sample::counting(7));
    let spilled = sample::pending_save(2);
    // As each renewal does: a store on a network learns the key of its spills by a load.
    expect_ok("a load", earlier.load(&former(), TIMEOUT));
    if earlier.spill(&former(), &spilled).is_err() {
        // A store that never refuses a save has no folder for spills.
        return;
    }
    let found = store.load(&renamed("work")).spilled;
    assert!(
        found.is_some_and(|found| sample::same_pending_save(&found, &spilled)),
        "a token that an earlier version has spilled is not found"
    );
    store.save(&renamed("work"), Some(version), &sample::counting(8));
    assert!(store.load(&renamed("work")).spilled.is_none(), "a spill of another session is found");
    expect_ok("forgetting a spill", earlier.forget_spill(&renamed("work"), spilled.attempt));
    assert!(store.load(&former()).spilled.is_none(), "a spill under the former key is not forgotten");
}

fn a_record_of_its_own_hides_the_former_one(fixture: &dyn Fixture) {
    let store = Handle::open(fixture);
    let own = store.save(&renamed("work"), None, &sample::counting(1));
    let version = store.save(&former(), None, &sample::counting(7));
    assert_equal(generation(&store, &renamed("work")), Some(1), "a former record hides a new one");
    assert_equal(
        store.try_save(&renamed("work"), Some(version), &sample::counting(8)),
        Swap::Conflict,
        "a save over the version of a former record replaced the key's own record",
    );
    store.save(&renamed("work"), Some(own), &sample::counting(2));
    assert_equal(generation(&store, &former()), Some(7), "a former record that is not taken was changed");
}
