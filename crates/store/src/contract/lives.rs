//! Watching and the liveness lock.

use core::time::Duration;
use std::sync::Barrier;
use std::thread;

use wellspring_core::{LivenessLock, TokenKey, WatchOutcome};

use super::{AMPLE, Clause, Handle, Place, equal, key, sample};
use crate::Deadline;

pub(super) const ALL: [Clause; 8] = [
    a_change_is_seen_although_somebody_is_alive,
    a_change_is_seen_in_time,
    nobody_alive_is_seen_at_once,
    a_liveness_lock_is_seen_by_other_handles,
    the_end_of_a_liveness_lock_is_seen_in_time,
    one_of_several_signs_of_life_is_enough,
    a_change_comes_before_the_owners_end,
    signs_of_life_are_shown_while_many_watch,
];

/// Long enough to be sure that nothing comes.
const A_WHILE: Duration = Duration::from_millis(60);

/// In how short a time watchers must see what happens; the rest is for a busy machine.
const IN_TIME: Duration = Duration::from_millis(100);
pub(super) const BUSY: Duration = Duration::from_millis(400);

/// How long a thread takes from now on, counted in naps. On a busy machine a nap takes longer, and so does the thread.
pub(super) fn naps_until_done<T>(thread: &thread::ScopedJoinHandle<'_, T>) -> Duration {
    const NAP: Duration = Duration::from_millis(10);
    let mut naps = Duration::ZERO;
    while !thread.is_finished() {
        let _ = Deadline::after(NAP).nap(NAP);
        naps += NAP;
    }
    naps
}

fn a_change_is_seen_although_somebody_is_alive(place: &dyn Place) {
    let store = Handle::of(place);
    let old = store.save(&key(), None, &sample::counting(1));
    let _alive = store.liveness_lock(&key());
    let new = store.save(&key(), Some(old), &sample::counting(2));
    equal(store.watch(&key(), old, Duration::ZERO), WatchOutcome::Changed, "a change was not seen");
    equal(
        store.watch(&key(), new, Duration::ZERO),
        WatchOutcome::Unchanged,
        "something was seen where nothing is",
    );
}

/// How long after `event` a watcher sees what.
fn seen_after(
    place: &dyn Place,
    event: impl FnOnce(&Handle, LivenessLock) -> Option<LivenessLock>,
    expected: WatchOutcome,
) {
    let owner = Handle::of(place);
    let watcher = Handle::of(place);
    let version = owner.save(&key(), None, &sample::counting(1));
    let alive = owner.liveness_lock(&key());
    let begun = Barrier::new(2);
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            begun.wait();
            watcher.watch(&key(), version, AMPLE)
        });
        begun.wait();
        // So that the watcher is asleep when it happens.
        let _ = Deadline::after(A_WHILE).nap(A_WHILE);
        let _still_alive = event(&owner, alive);
        let late = naps_until_done(&watching);
        let sighting = watching.join().expect("a watcher panicked");
        equal(sighting, expected, "a watcher saw something else");
        assert!(late < IN_TIME + BUSY, "a watcher saw it only after {late:?}");
    });
}

fn a_change_is_seen_in_time(place: &dyn Place) {
    let save = |owner: &Handle, alive| {
        let version = owner.stored(&key()).map(|stored| stored.version);
        owner.save(&key(), version, &sample::counting(2));
        Some(alive)
    };
    seen_after(place, save, WatchOutcome::Changed);
}

fn the_end_of_a_liveness_lock_is_seen_in_time(place: &dyn Place) {
    seen_after(place, |_, _| None, WatchOutcome::OwnerGone);
}

fn nobody_alive_is_seen_at_once(place: &dyn Place) {
    let store = Handle::of(place);
    let version = store.save(&key(), None, &sample::counting(1));
    let sighting = store.watch(&key(), version, Duration::ZERO);
    equal(sighting, WatchOutcome::OwnerGone, "a watcher waits although nobody is alive");
}

fn a_liveness_lock_is_seen_by_other_handles(place: &dyn Place) {
    let (owner, watcher) = (Handle::of(place), Handle::of(place));
    let version = owner.save(&key(), None, &sample::counting(1));
    let alive = owner.liveness_lock(&key());
    equal(watcher.watch(&key(), version, A_WHILE), WatchOutcome::Unchanged, "a liveness lock was not seen");
    drop(alive);
    equal(
        watcher.watch(&key(), version, AMPLE),
        WatchOutcome::OwnerGone,
        "the end of a liveness lock was not seen",
    );
}

fn one_of_several_signs_of_life_is_enough(place: &dyn Place) {
    let handles = [Handle::of(place), Handle::of(place)];
    let version = handles[0].save(&key(), None, &sample::counting(1));
    let mut alive = Vec::new();
    for handle in &handles {
        alive.extend([handle.liveness_lock(&key()), handle.liveness_lock(&key())]);
    }
    let watcher = Handle::of(place);
    while alive.pop().is_some() && !alive.is_empty() {
        let sighting = watcher.watch(&key(), version, Duration::ZERO);
        equal(
            sighting,
            WatchOutcome::Unchanged,
            "of several liveness locks the end of one was the end of all",
        );
    }
    equal(
        watcher.watch(&key(), version, AMPLE),
        WatchOutcome::OwnerGone,
        "the end of all liveness locks was not seen",
    );
}

fn a_change_comes_before_the_owners_end(place: &dyn Place) {
    let store = Handle::of(place);
    let old = store.save(&key(), None, &sample::counting(1));
    let alive = store.liveness_lock(&key());
    store.save(&key(), Some(old), &sample::counting(2));
    drop(alive);
    equal(
        store.watch(&key(), old, AMPLE),
        WatchOutcome::Changed,
        "who saved and left counts as gone without a save",
    );
}

fn signs_of_life_are_shown_while_many_watch(place: &dyn Place) {
    let keys: Vec<TokenKey> = (0..4).map(|n| key().user(&n.to_string())).collect();
    let store = Handle::of(place);
    let versions: Vec<_> = keys.iter().map(|key| store.save(key, None, &sample::counting(1))).collect();
    thread::scope(|scope| {
        for (key, version) in keys.iter().zip(versions) {
            let watcher = Handle::of(place);
            scope.spawn(move || {
                for _ in 0..200 {
                    watcher.watch(key, version, Duration::ZERO);
                }
            });
            let owner = Handle::of(place);
            scope.spawn(move || {
                for _ in 0..200 {
                    drop(owner.liveness_lock(key));
                }
            });
        }
    });
}
