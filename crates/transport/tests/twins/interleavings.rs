//! A caller that waits, under each schedule of a few threads: `cargo xtask interleavings`.
//!
//! A wake-up that is lost is a caller that waits for ever, and shuttle reports that as a deadlock. How a caller waits is
//! in each transport's `src/interleavings.rs`.

use core::time::Duration;
use std::sync::Arc;

use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;
use wellspring_transport::{Clock, Notify};

use super::schedules::every;
use super::{wait_for_change, wait_until, wait_without_second_look};

/// A caller waits for what another thread changes.
fn change_while_a_caller_waits(wait: impl Fn(&Notify, &dyn Fn() -> bool)) {
    let (notify, changed) = (Arc::new(Notify::default()), Arc::new(AtomicBool::new(false)));
    let other = {
        let (notify, changed) = (Arc::clone(&notify), Arc::clone(&changed));
        thread::spawn(move || {
            changed.store(true, Ordering::SeqCst);
            notify.notify();
        })
    };
    wait(&notify, &|| changed.load(Ordering::SeqCst));
    other.join().unwrap();
    assert_eq!(notify.waiting(), 0);
}

#[test]
fn a_waiting_caller_misses_no_change() {
    every(|| {
        change_while_a_caller_waits(|notify, changed| assert_eq!(wait_for_change(notify, changed), Some(())));
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_waiting_caller_that_does_not_look_again_once_it_listens_is_found() {
    every(|| change_while_a_caller_waits(wait_without_second_look));
}

#[test]
fn a_wait_ends_when_its_clock_has_been_moved_far_enough() {
    every(|| {
        let clock = Clock::manual(1_000);
        let until = clock.now().instant.plus(Duration::from_secs(5));
        let mover = {
            let clock = clock.clone();
            thread::spawn(move || clock.advance(Duration::from_secs(5)))
        };
        assert_eq!(wait_until(&Clock::from(&clock), until), None);
        mover.join().unwrap();
    });
}
