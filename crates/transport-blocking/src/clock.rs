//! Waiting for a change or for an instant, whichever comes first.
//!
//! Timers sleep in slices and read the clock again, because the machine may be suspended meanwhile. A clock that a test
//! moves wakes the waiters with every move instead.

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

use wellspring_core::Instant;
use wellspring_transport::{Clock, LONGEST_NAP, Notify};

// Threads are those of std, or those of shuttle where a test explores every schedule.
#[cfg(wellspring_shuttle)]
pub(crate) use shuttle::thread;
#[cfg(not(wellspring_shuttle))]
pub(crate) use std::thread;

/// Waits until `ready` returns a value, and looks again at each notification; `None` when the instant comes first.
pub(crate) fn wait<T>(
    clock: &Clock,
    notify: Option<&Notify>,
    until: Instant,
    mut ready: impl FnMut() -> Option<T>,
) -> Option<T> {
    let waker = unpark();
    let listener = notify.map(Notify::listener);
    let moves = clock.notify().map(Notify::listener);
    loop {
        // First listen, then look: a change after the look unparks this thread.
        for listener in listener.iter().chain(&moves) {
            listener.listen(&waker);
        }
        if let Some(value) = ready() {
            return Some(value);
        }
        let left = until.since(clock.now().instant);
        if left.is_zero() {
            return None;
        }
        if moves.is_some() {
            thread::park();
        } else {
            thread::park_timeout(left.min(LONGEST_NAP));
        }
    }
}

/// A waker that unparks this thread.
pub(crate) fn unpark() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// A waker that unparks a thread.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
