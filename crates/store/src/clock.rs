//! How long a wait may still take. Nothing is decided here: waits end early or late by this clock, no token does.

use core::time::Duration;
use std::thread;
use std::time::Instant;

/// The end of a wait.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(
    /// `None` where it is further away than a clock can show.
    Option<Instant>,
);

impl Deadline {
    /// The deadline this far from now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
    pub fn after(within: Duration) -> Self {
        Self(Instant::now().checked_add(within))
    }

    /// How much is left.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
    pub fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }

    /// Waits this long, or for what is left if that is less; `false`, and at once, when nothing is left.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
    pub fn nap(self, length: Duration) -> bool {
        let length = length.min(self.left());
        thread::sleep(length);
        !length.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_beyond_every_clock_never_comes() {
        let never = Deadline::after(Duration::MAX);
        assert!(never.left() > Duration::from_secs(1 << 40) && never.nap(Duration::from_nanos(1)));
    }

    #[test]
    fn there_is_no_napping_after_the_deadline() {
        let over = Deadline::after(Duration::ZERO);
        assert!(over.left().is_zero() && !over.nap(Duration::from_secs(3600)));
    }
}
