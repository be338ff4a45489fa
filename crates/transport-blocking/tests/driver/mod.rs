//! What the tests of the two transports name differently.
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

/// The settings with this store.
pub(crate) fn with_store(builder: transport::Builder, store: &Moody) -> transport::Builder {
    builder.store(store.clone())
}

/// How many callers ask at once: each has a thread.
pub(crate) const CROWD: usize = 256;

/// Runs this beside the test.
pub(crate) fn spawn<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::spawn(task)
}

/// Waits for its result.
pub(crate) fn join<T>(task: JoinHandle<T>) -> T {
    task.join().unwrap()
}

/// Waits until this condition is true, and lets other threads run meanwhile.
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) {
    let clock = transport::Clock::system();
    let end = clock.now().instant.plus(core::time::Duration::from_secs(30));
    while !condition() {
        assert!(clock.now().instant < end, "the condition is still false after 30 seconds");
        thread::yield_now();
    }
}

/// A body of so many bytes that can be sent once only.
pub(crate) fn once_of(length: usize) -> transport::Body {
    transport::Body::once(std::io::Read::take(std::io::repeat(b'x'), length as u64))
}

/// A body that can be sent once only.
pub(crate) fn once(text: &'static str) -> transport::Body {
    transport::Body::once(text.as_bytes())
}
