//! The only file of this program that reads a clock, to measure how long something took.

use core::time::Duration;
use std::time::Instant;

/// Runs the work and measures how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "this file is where clocks are read")]
    let now = Instant::now;
    let start = now();
    let result = work();
    (result, now().duration_since(start))
}
