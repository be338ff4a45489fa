//! Waiting tasks under each schedule of a few threads: `cargo xtask interleavings`.
//!
//! A wake-up that is lost is a task that waits for ever, and that is reported as a deadlock. Whole sources are not
//! explored here: what they spawn on is tokio's.

#[path = "../../transport/tests/support/schedules.rs"]
mod schedules;

use core::future::poll_fn;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use schedules::every;
use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;
use tokio::runtime::{Handle, Runtime};
use wellspring_core::Instant;
use wellspring_transport::{Clock, Notify};

use crate::clock::wait;

type Ready<'a> = &'a mut dyn FnMut(&mut Context<'_>) -> Poll<()>;

/// One waits for what another one changes.
fn one_waits_for_another(waiting: impl Fn(&Notify, Ready<'_>)) {
    let (notify, changed) = (Arc::new(Notify::default()), Arc::new(AtomicBool::new(false)));
    let other = {
        let (notify, changed) = (Arc::clone(&notify), Arc::clone(&changed));
        thread::spawn(move || {
            changed.store(true, Ordering::SeqCst);
            notify.notify();
        })
    };
    waiting(&notify, &mut |_| if changed.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending });
    other.join().unwrap();
    assert_eq!(notify.waiting(), 0);
}

/// A clock that is moved by hand needs no timer: this runtime runs nothing.
fn idle() -> (Runtime, Handle) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    (runtime, handle)
}

#[test]
fn a_waiting_task_misses_no_change() {
    let (_runtime, handle) = idle();
    every(move || {
        one_waits_for_another(|notify, ready| {
            let clock = Clock::from(Clock::manual(1_000));
            assert_eq!(block_on(wait(&clock, Some(notify), Instant::NEVER, &handle, ready)), Some(()));
        });
    });
}

/// [`wait`] without the look between sitting down and waiting: it looks first.
fn wait_looking_first(notify: &Notify, ready: Ready<'_>) {
    let listener = notify.listener();
    block_on(poll_fn(|context| {
        let answer = ready(context);
        listener.listen(context.waker());
        answer
    }));
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_waiting_task_that_does_not_look_again_once_it_sits_is_found() {
    every(|| one_waits_for_another(wait_looking_first));
}

#[test]
fn a_wait_ends_when_its_clock_has_been_moved_far_enough() {
    let (_runtime, handle) = idle();
    every(move || {
        let clock = Clock::manual(1_000);
        let until = clock.now().instant.plus(Duration::from_secs(5));
        let hand = {
            let clock = clock.clone();
            thread::spawn(move || clock.advance(Duration::from_secs(5)))
        };
        let never = |_: &mut Context<'_>| Poll::<()>::Pending;
        assert_eq!(block_on(wait(&Clock::from(&clock), None, until, &handle, never)), None);
        hand.join().unwrap();
    });
}
