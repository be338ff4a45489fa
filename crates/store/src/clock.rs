//! Deadlines of store operations. They bound how long a caller waits; no token expires by this clock.

use core::time::Duration;
use std::thread;
use std::time::{Instant, SystemTime};

/// The times of files are whole seconds on some file systems, and even seconds on FAT; a clock may be adjusted meanwhile.
const COARSEST_FILE_TIME: Duration = Duration::from_secs(5);

/// The end of a wait, on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(
    /// `None` where the deadline lies beyond the range of the clock.
    Option<Instant>,
);

impl Deadline {
    /// The deadline this long after now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
    pub fn after(within: Duration) -> Self {
        Self(Instant::now().checked_add(within))
    }

    /// The time that is left; zero after the deadline.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
    pub fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }

    /// Blocks the thread for this long, or until the deadline if that comes first. Returns `false` at once after the
    /// deadline.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
    pub fn sleep(self, length: Duration) -> bool {
        let length = length.min(self.left());
        thread::sleep(length);
        !length.is_zero()
    }
}

/// The output of the future, unless the time ends first. Needs a runtime of tokio that measures time.
#[cfg(feature = "runtime")]
pub(crate) async fn timeout<T>(within: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(within, future).await.ok()
}

/// Whether this time of a file lies so long before now, on the wall clock, that a change now would get another time.
#[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
pub(crate) fn is_settled(changed: SystemTime) -> bool {
    SystemTime::now().duration_since(changed).is_ok_and(|age| age > COARSEST_FILE_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_beyond_the_range_of_the_clock_never_comes() {
        let never = Deadline::after(Duration::MAX);
        assert!(never.left() > Duration::from_secs(1 << 40) && never.sleep(Duration::from_nanos(1)));
    }

    #[test]
    fn sleep_returns_at_once_after_the_deadline() {
        let ended = Deadline::after(Duration::ZERO);
        assert!(ended.left().is_zero() && !ended.sleep(Duration::from_secs(3600)));
    }
}
