//! Instants, wall-clock times, and both at once.
//!
//! Nothing here reads a clock: drivers do, and hand in what they read. All arithmetic saturates, because
//! lifetimes come from servers and clocks from laptops.

use core::fmt;
use core::time::Duration;

/// A point on a driver's own monotonic clock: the time since the driver's origin.
///
/// The clock behind it counts the time a machine spends suspended. Instants of two drivers, or of two
/// processes, do not compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(Duration);

impl Instant {
    /// The driver's origin.
    pub const ORIGIN: Self = Self(Duration::ZERO);
    /// Later than any instant a clock will show.
    pub const NEVER: Self = Self(Duration::MAX);

    /// The instant this long after the driver's origin.
    #[must_use]
    pub const fn after_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the driver's origin this is.
    #[must_use]
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// This instant, moved later; at the end of time it stays there.
    #[must_use]
    pub const fn plus(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(delay))
    }

    /// This instant, moved earlier; at the origin it stays there.
    #[must_use]
    pub const fn minus(self, lead: Duration) -> Self {
        Self(self.0.saturating_sub(lead))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:?}", self.0)
    }
}

/// A wall-clock time: the time since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixTime(Duration);

impl UnixTime {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// The time this many whole seconds after the epoch.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The time this long after the epoch.
    #[must_use]
    pub const fn after_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the epoch this is.
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// Whole seconds after the epoch, as JWTs and records count.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0.as_secs()
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// This time, moved later; at the end of time it stays there.
    #[must_use]
    pub const fn plus(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(delay))
    }

    /// This time, moved earlier; at the epoch it stays there.
    #[must_use]
    pub const fn minus(self, lead: Duration) -> Self {
        Self(self.0.saturating_sub(lead))
    }
}

/// What both clocks show at one moment, or a moment named on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_structs, reason = "a driver makes one from its two clocks; there is no third")]
pub struct Clocks {
    /// The monotonic clock, which counts suspend.
    pub instant: Instant,
    /// The wall clock, which people and servers may set.
    pub unix: UnixTime,
}

impl Clocks {
    /// This moment, later on both clocks.
    #[must_use]
    pub const fn plus(self, delay: Duration) -> Self {
        Self { instant: self.instant.plus(delay), unix: self.unix.plus(delay) }
    }

    /// This moment, earlier on both clocks.
    #[must_use]
    pub const fn minus(self, lead: Duration) -> Self {
        Self { instant: self.instant.minus(lead), unix: self.unix.minus(lead) }
    }

    /// Whether `moment` has come on either clock: for all that expires.
    #[must_use]
    pub fn reached(self, moment: Self) -> bool {
        self.instant >= moment.instant || self.unix >= moment.unix
    }

    /// How long until `moment` comes on either clock.
    #[must_use]
    pub fn until(self, moment: Self) -> Duration {
        moment.instant.since(self.instant).min(moment.unix.since(self.unix))
    }

    /// The instant at which the wall clock shows this time if it is not set meanwhile. Never before now.
    #[must_use]
    pub const fn instant_of(self, unix: UnixTime) -> Instant {
        self.instant.plus(unix.since(self.unix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_arithmetic_on_time_can_overflow() {
        assert_eq!(Instant::NEVER.plus(Duration::MAX), Instant::NEVER);
        assert_eq!(Instant::ORIGIN.minus(Duration::MAX), Instant::ORIGIN);
        assert_eq!(UnixTime::EPOCH.plus(Duration::MAX).plus(Duration::MAX).since_epoch(), Duration::MAX);
        assert_eq!(UnixTime::EPOCH.since(UnixTime::from_secs(u64::MAX)), Duration::ZERO);
    }

    #[test]
    fn times_say_what_they_are() {
        assert_eq!(std::format!("{:?}", Instant::after_origin(Duration::from_millis(1_500))), "+1.5s");
        assert_eq!(UnixTime::after_epoch(Duration::from_millis(9_900)).as_secs(), 9);
    }

    #[test]
    fn a_moment_is_reached_as_soon_as_either_clock_says_so() {
        let moment = Clocks {
            instant: Instant::after_origin(Duration::from_secs(10)),
            unix: UnixTime::from_secs(1_010),
        };
        let at = |instant, unix| Clocks {
            instant: Instant::after_origin(Duration::from_secs(instant)),
            unix: UnixTime::from_secs(unix),
        };
        assert!(!at(9, 1_009).reached(moment));
        assert!(at(10, 0).reached(moment));
        assert!(at(0, 1_010).reached(moment));
        assert_eq!(at(8, 1_001).until(moment), Duration::from_secs(2));
    }
}
