//! The one place where this program looks at a clock: to say how long a day took. The clocks of the fleet are virtual.

use core::time::Duration;
use std::time::Instant;

/// Runs the work and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "this file is where clocks are read")]
    let now = Instant::now;
    let start = now();
    let result = work();
    (result, now().duration_since(start))
}
