//! The one place that reads clocks, and the clock that tests move.
//!
//! The precise clock counts the time a machine spends suspended (`CLOCK_BOOTTIME` on Linux and Android,
//! `CLOCK_MONOTONIC` on Apple systems): `std::time::Instant` stops while a laptop sleeps, and a token's life does
//! not. The coarse clocks are for the read path alone; what they lag behind is added to what they show. Waiting
//! is each transport's own business.

use core::time::Duration;
use std::sync::{Arc, PoisonError};

use wellspring_core::{Clocks, Instant, UnixTime};

use crate::Notify;
use crate::sync::{Mutex, MutexGuard};

/// The longest that any timer sleeps before it looks at the clock again: a wall clock may be set and a machine
/// suspended meanwhile.
pub const LONGEST_NAP: Duration = Duration::from_secs(30);

/// Where a source reads the time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Reading);

#[derive(Clone, Debug, Default)]
enum Reading {
    #[default]
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The machine's own clocks.
    #[must_use]
    pub const fn system() -> Self {
        Self(Reading::System)
    }

    /// A clock for tests that shows this many seconds after the epoch and stands still until it is moved.
    #[must_use]
    pub fn manual(unix_seconds: u64) -> ManualClock {
        let now = Clocks {
            // As on a machine that has been up for a day.
            instant: Instant::after_origin(Duration::from_secs(86_400)),
            unix: UnixTime::from_secs(unix_seconds),
        };
        ManualClock(Arc::new(Manual { now: Mutex::new(now), notify: Notify::default() }))
    }

    /// Both clocks now.
    #[must_use]
    pub fn now(&self) -> Clocks {
        match &self.0 {
            Reading::System => system::now(),
            Reading::Manual(manual) => manual.now(),
        }
    }

    /// What rings when this clock is moved by hand; `None` for the machine's own.
    #[must_use]
    pub fn notify(&self) -> Option<&Notify> {
        match &self.0 {
            Reading::System => None,
            Reading::Manual(manual) => Some(&manual.0.notify),
        }
    }

    /// The monotonic clock, cheaply. It may lag behind by a [`TICK`].
    #[inline]
    pub(crate) fn coarse_monotonic(&self) -> u64 {
        match &self.0 {
            Reading::System => system::coarse_monotonic(),
            Reading::Manual(manual) => nanos(manual.now().instant.since_origin()),
        }
    }

    /// The wall clock, cheaply. It may lag behind by a [`TICK`].
    #[inline]
    pub(crate) fn coarse_wall(&self) -> u64 {
        match &self.0 {
            Reading::System => system::coarse_wall(),
            Reading::Manual(manual) => nanos(manual.now().unix.since_epoch()),
        }
    }
}

impl From<ManualClock> for Clock {
    fn from(manual: ManualClock) -> Self {
        Self(Reading::Manual(manual))
    }
}

impl From<&ManualClock> for Clock {
    fn from(manual: &ManualClock) -> Self {
        Self(Reading::Manual(manual.clone()))
    }
}

/// A clock that tests move. Clones show the same time; whoever waits is woken by each move.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Manual>);

#[derive(Debug)]
struct Manual {
    now: Mutex<Clocks>,
    notify: Notify,
}

impl ManualClock {
    /// Both clocks now.
    #[must_use]
    pub fn now(&self) -> Clocks {
        *self.hands()
    }

    /// Time passes, on both clocks.
    pub fn advance(&self, by: Duration) {
        self.change(|now| now.plus(by));
    }

    /// Somebody sets the wall clock.
    pub fn set_unix(&self, unix_seconds: u64) {
        self.change(|now| Clocks { unix: UnixTime::from_secs(unix_seconds), ..now });
    }

    /// The wall clock jumps ahead.
    pub fn step_wall_forward(&self, by: Duration) {
        self.change(|now| Clocks { unix: now.unix.plus(by), ..now });
    }

    /// The wall clock jumps back.
    pub fn step_wall_back(&self, by: Duration) {
        self.change(|now| Clocks { unix: now.unix.minus(by), ..now });
    }

    /// How many wait for this clock to move.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.notify.waiting()
    }

    fn change(&self, change: impl FnOnce(Clocks) -> Clocks) {
        {
            let mut now = self.hands();
            *now = change(*now);
        }
        self.0.notify.notify();
    }

    fn hands(&self) -> MutexGuard<'_, Clocks> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a coarse clock lags behind at most, in nanoseconds: one tick of a kernel that ticks 100 times a second.
pub(crate) const TICK: u64 = 10_000_000;

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(unix)]
mod system {
    use super::{Clocks, Duration, Instant, UnixTime};
    use rustix::time::{ClockId, Timespec, clock_gettime};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    mod ids {
        use super::ClockId;
        pub(super) const PRECISE: ClockId = ClockId::Boottime;
        pub(super) const COARSE: ClockId = ClockId::MonotonicCoarse;
        pub(super) const COARSE_WALL: ClockId = ClockId::RealtimeCoarse;
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    mod ids {
        use super::ClockId;
        pub(super) const PRECISE: ClockId = ClockId::Monotonic;
        pub(super) const COARSE: ClockId = ClockId::Monotonic;
        pub(super) const COARSE_WALL: ClockId = ClockId::Realtime;
    }

    fn duration(time: Timespec) -> Duration {
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
    }

    pub(super) fn now() -> Clocks {
        Clocks {
            instant: Instant::after_origin(duration(clock_gettime(ids::PRECISE))),
            unix: UnixTime::after_epoch(duration(clock_gettime(ClockId::Realtime))),
        }
    }

    #[inline]
    pub(super) fn coarse_monotonic() -> u64 {
        flat(clock_gettime(ids::COARSE))
    }

    #[inline]
    pub(super) fn coarse_wall() -> u64 {
        flat(clock_gettime(ids::COARSE_WALL))
    }

    /// In nanoseconds. Good from 1970 to 2554; outside it comes out so late that nothing is fresh, or so early that
    /// the token seems to come from the future.
    #[inline]
    const fn flat(time: Timespec) -> u64 {
        (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
    }
}

#[cfg(not(unix))]
mod system {
    use super::{Clocks, Duration, Instant, UnixTime, nanos};
    use std::sync::LazyLock;
    use std::time::{self, SystemTime};

    #[expect(clippy::disallowed_methods, reason = "this is the place that reads clocks")]
    static ORIGIN: LazyLock<time::Instant> = LazyLock::new(time::Instant::now);

    #[expect(clippy::disallowed_methods, reason = "this is the place that reads clocks")]
    pub(super) fn now() -> Clocks {
        let origin = *ORIGIN;
        // A day of room, so that what happened before the first look has an instant too.
        let elapsed = origin.elapsed().saturating_add(Duration::from_secs(86_400));
        Clocks {
            instant: Instant::after_origin(elapsed),
            unix: UnixTime::after_epoch(
                SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
            ),
        }
    }

    pub(super) fn coarse_monotonic() -> u64 {
        nanos(now().instant.since_origin())
    }

    pub(super) fn coarse_wall() -> u64 {
        nanos(now().unix.since_epoch())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarse_wall_clock_lags_behind_the_precise_one_by_a_tick_at_most() {
        let clock = Clock::system();
        for _ in 0..10_000 {
            let before = nanos(clock.now().unix.since_epoch());
            assert!(clock.coarse_wall() + TICK >= before);
        }
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let manual = Clock::manual(1_000);
        let clock = Clock::from(&manual);
        let start = clock.now();
        manual.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), start.plus(Duration::from_secs(5)));
        manual.step_wall_back(Duration::from_secs(9));
        assert_eq!(clock.now().unix, UnixTime::from_secs(996));
        assert_eq!(clock.now().instant, start.plus(Duration::from_secs(5)).instant);
    }
}
