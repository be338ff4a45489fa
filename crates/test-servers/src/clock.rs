//! Waits with a bound, for what another process does in its own time.

use core::time::Duration;
use std::thread;
use std::time::Instant;

/// How long a server may take to do what it is waited for. A busy machine takes seconds.
const BOUND: Duration = Duration::from_secs(60);

/// Asks until there is an answer.
///
/// # Panics
///
/// When there is none after a minute; `what` says what was waited for.
#[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < BOUND, "{what} did not happen within {BOUND:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Lets this time pass.
#[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
pub(crate) fn pass(time: Duration) {
    if !time.is_zero() {
        thread::sleep(time);
    }
}

/// What this returns, and how long it took.
#[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
pub fn timed<T>(action: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let returned = action();
    (returned, start.elapsed())
}
