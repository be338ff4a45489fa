//! Tokens that the store would not take.

use core::time::Duration;
use std::thread;

use wellspring_core::{Attempt, PendingSave, Swap};

use super::lives::{BUSY, naps_until_done};
use super::{AMPLE, Clause, Handle, Place, done, equal, key, sample};

/// How long a save may take that is refused.
const WITHIN: Duration = Duration::from_millis(50);

pub(super) const ALL: [Clause; 4] = [
    a_spilled_token_is_found_until_it_is_forgotten,
    spilled_tokens_of_several_attempts_are_all_found,
    a_spilled_token_is_found_beside_the_record_and_by_its_key_alone,
    what_is_refused_can_be_spilled,
];

fn a_spilled_token_is_found_until_it_is_forgotten(place: &dyn Place) {
    let (one, other) = (place.open(), Handle::of(place));
    for number in 0..16 {
        let pending_save = sample::pending_save(number);
        done("a spill", one.spill(&key(), &pending_save));
        done("the same spill again", one.spill(&key(), &pending_save));
        let found = other.loaded(&key()).spilled.expect("a spilled token is not found");
        assert!(
            sample::same_pending_save(&found, &pending_save),
            "spilled token {number} is found as another one"
        );
        done("forgetting a spill", one.forget_spill(&key(), pending_save.attempt));
        assert!(other.loaded(&key()).spilled.is_none(), "a forgotten spill is found");
        done("forgetting it once more", one.forget_spill(&key(), pending_save.attempt));
    }
}

fn spilled_tokens_of_several_attempts_are_all_found(place: &dyn Place) {
    let store = place.open();
    let first = sample::pending_save(1);
    for number in 1..=5 {
        let attempt = Attempt { number, ..first.attempt };
        done("a spill", store.spill(&key(), &PendingSave { attempt, ..first.clone() }));
    }
    let mut found = 0;
    while let Some(pending_save) = done("a load", store.load(&key(), AMPLE)).spilled {
        done("forgetting a spill", store.forget_spill(&key(), pending_save.attempt));
        found += 1;
    }
    equal(found, 5, "of several spilled tokens some are lost");
}

fn a_spilled_token_is_found_beside_the_record_and_by_its_key_alone(place: &dyn Place) {
    let store = place.open();
    let pending_save = sample::pending_save(3);
    done("a spill", store.spill(&key(), &pending_save));
    let swap = done("a save", store.save(&key(), None, &sample::counting(1), AMPLE));
    assert!(matches!(swap, Swap::Done(_)), "a spilled token keeps its record from being saved");
    let loaded = done("a load", store.load(&key(), AMPLE));
    assert!(loaded.stored.is_some() && loaded.spilled.is_some(), "record and spill hide one another");
    let other = done("a load", store.load(&key().user("other"), AMPLE));
    assert!(other.spilled.is_none(), "a spilled token of another key is found");
}

fn what_is_refused_can_be_spilled(place: &dyn Place) {
    let store = place.open();
    done("a save", store.save(&key(), None, &sample::counting(1), AMPLE));
    let version = Handle::of(place).stored(&key()).map(|stored| stored.version);
    let pending_save = sample::pending_save(4);
    let Some(refusing) = place.refuse() else { return };
    let (refused, took) = thread::scope(|scope| {
        let saving = scope.spawn(|| store.save(&key(), version, &pending_save.record, WITHIN));
        let took = naps_until_done(&saving);
        (saving.join().expect("a save panicked"), took)
    });
    assert!(took < WITHIN + BUSY, "a save that was to end within {WITHIN:?} took {took:?}");
    let error = refused.expect_err("a store that was kept from taking anything took a record");
    assert!(!error.is_unreadable(), "a store that refuses for now says that it always will: {error}");
    done("a spill while the store refuses", store.spill(&key(), &pending_save));
    drop(refusing);
    let loaded = Handle::of(place).loaded(&key());
    let found = loaded.spilled.expect("a spilled token is not found");
    assert!(sample::same_pending_save(&found, &pending_save), "a spilled token is found as another one");
    equal(loaded.stored.map(|stored| stored.version), version, "a refused save was made all the same");
    done("forgetting a spill", store.forget_spill(&key(), pending_save.attempt));
}
