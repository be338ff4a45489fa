//! Waiting: for something to happen or for an instant to come, whichever is first.
//!
//! Timers sleep in slices and look at the clock again, because a machine may be suspended meanwhile; on a clock that
//! is moved by hand every move wakes the waiters instead.

use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

use wellspring_core::Instant;
use wellspring_transport::{Clock, LONGEST_NAP, Notify};

use crate::thread::{self, Thread};

/// Waits until `ready` has an answer, looking again whenever the bell rings; `None` when the instant comes first.
pub(crate) fn wait<T>(
    clock: &Clock,
    notify: Option<&Notify>,
    until: Instant,
    mut ready: impl FnMut() -> Option<T>,
) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let listener = notify.map(Notify::listener);
    let hands = clock.notify().map(Notify::listener);
    loop {
        // First sit, then look: what changes after the look unparks this thread.
        for listener in listener.iter().chain(&hands) {
            listener.listen(&waker);
        }
        if let Some(answer) = ready() {
            return Some(answer);
        }
        let left = until.since(clock.now().instant);
        if left.is_zero() {
            return None;
        }
        if hands.is_some() {
            thread::park();
        } else {
            thread::park_timeout(left.min(LONGEST_NAP));
        }
    }
}

/// Wakes a thread as a task is woken.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
