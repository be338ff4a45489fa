//! The machine's clock, for trials with real processes.

use core::time::Duration;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Sleeps.
#[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
pub fn nap(length: Duration) {
    thread::sleep(length);
}

/// Sleeps in a task.
pub async fn async_nap(length: Duration) {
    tokio::time::sleep(length).await;
}

/// The time since the Unix epoch: the only clock whose values two processes can compare.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
pub fn unix() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Runs the action and measures its time.
#[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
pub fn timed<T>(action: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (action(), start.elapsed())
}
