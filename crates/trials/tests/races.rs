//! Many processes request one expired key at once, or a hundred.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

use core::time::Duration;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use wellspring_trials::race::{Outcome, Race};
use wellspring_trials::server::Seen;
use wellspring_trials::{Housing, Kind, clock};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wellspring-trials");

fn run(race: Race) -> Outcome {
    let (outcome, took) = clock::timed(|| race.run(Path::new(PROGRAM)).unwrap());
    let Outcome { seen, served, lags, .. } = &outcome;
    println!(
        "{}: {} processes, {} keys, {} callers: {} exchanged, {} asked, {} reused, {served} served in {took:?}; \
         last served after the save: {lags:?}",
        race.kind,
        race.processes,
        race.keys,
        race.callers(),
        seen.exchanged,
        seen.asked,
        seen.reused,
    );
    assert_eq!(outcome.others, []);
    assert_eq!(served, &race.callers(), "all callers are served");
    let keys = u64::from(race.keys);
    assert_eq!(*seen, Seen { asked: keys, exchanged: keys, reused: 0, revoked: 0 });
    outcome
}

fn one_key(kind: Kind) {
    let latency = Duration::from_millis(50);
    run(Race { kind, housing: Housing::Together, keys: 1, processes: 8, tasks: 200, threads: 32, latency });
}

fn a_hundred_keys(kind: Kind) {
    let latency = Duration::from_millis(50);
    run(Race { kind, housing: Housing::Together, keys: 100, processes: 8, tasks: 2, threads: 1, latency });
}

#[test]
fn eight_processes_on_one_expired_key_in_files_make_one_exchange() {
    one_key(Kind::File);
}

#[test]
fn eight_processes_on_one_expired_key_in_sqlite_make_one_exchange() {
    one_key(Kind::Sqlite);
}

#[test]
fn eight_processes_on_one_expired_key_in_a_sealed_store_make_one_exchange() {
    one_key(Kind::Sealed);
}

#[test]
fn eight_processes_on_a_hundred_keys_in_files_make_an_exchange_for_each() {
    a_hundred_keys(Kind::File);
}

#[test]
fn eight_processes_on_a_hundred_keys_in_sqlite_make_an_exchange_for_each() {
    a_hundred_keys(Kind::Sqlite);
}

/// Runs the action and measures how late, at worst, the machine wakes a sleeping thread meanwhile.
fn with_lateness<T>(action: impl FnOnce() -> T) -> (T, Duration) {
    const MOMENT: Duration = Duration::from_millis(20);
    let (over, is_over) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let sleeper = scope.spawn(move || {
            let mut worst = Duration::ZERO;
            loop {
                let (ended, slept) = clock::timed(|| is_over.recv_timeout(MOMENT));
                if ended == Err(RecvTimeoutError::Disconnected) {
                    return worst;
                }
                worst = worst.max(slept.saturating_sub(MOMENT));
            }
        });
        let done = action();
        drop(over);
        (done, sleeper.join().unwrap())
    })
}

/// The bar is 100 ms, which a busy machine may miss. So the test prints the time and checks a limit that no poll once a
/// second could meet. The limit grows by the lateness of the machine.
#[test]
fn a_waiter_in_another_process_is_served_soon_after_the_save() {
    for kind in Kind::ALL {
        let latency = Duration::from_millis(200);
        let race =
            Race { kind, housing: Housing::Together, keys: 1, processes: 2, tasks: 1, threads: 1, latency };
        let (outcome, late) = with_lateness(|| run(race));
        let bound = Duration::from_millis(700) + late;
        assert!(
            outcome.lags.iter().all(|lag| *lag < bound),
            "{:?}, on a machine late by {late:?}",
            outcome.lags
        );
        assert_eq!(outcome.lags.len(), 1, "one process renews and the other waits");
    }
}
