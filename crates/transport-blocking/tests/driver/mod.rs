//! The few words in which the tests of the two transports differ.
#![allow(dead_code, unused_imports, clippy::unwrap_used, reason = "each test file uses its own part")]

#[cfg(feature = "ureq-middleware")]
pub(crate) mod clients;
#[path = "../../../transport/tests/support/mod.rs"]
mod support;

use std::thread::{self, JoinHandle};

pub(crate) use support::*;
pub(crate) use wellspring_transport_blocking as transport;
pub(crate) use wellspring_transport_blocking::UreqTransport as ClientTransport;

/// The attributes of a twin: it runs without `async` and `.await`.
pub(crate) mod twin {
    pub(crate) use wellspring_twin_tests::{blocking as function, blocking_test as test};
}

/// How many callers ask at once: each has a thread.
pub(crate) const CROWD: usize = 256;

/// Runs it beside the test.
pub(crate) fn spawn<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::spawn(task)
}

/// What came of it.
pub(crate) fn join<T>(task: JoinHandle<T>) -> T {
    task.join().unwrap()
}

/// Looks until it is so; other threads get their turn meanwhile.
pub(crate) fn eventually(mut so: impl FnMut() -> bool) {
    let clock = transport::Clock::system();
    let end = clock.now().instant.plus(core::time::Duration::from_secs(30));
    while !so() {
        assert!(clock.now().instant < end, "what should happen has not happened");
        thread::yield_now();
    }
}

/// A body that can be sent once only.
pub(crate) fn once(text: &'static str) -> transport::Body {
    transport::Body::once(text.as_bytes())
}
