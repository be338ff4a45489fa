//! The only module that reads clocks, and the clock that tests move.
//!
//! The precise clock counts the time a machine is suspended (`CLOCK_BOOTTIME` on Linux and Android, `CLOCK_MONOTONIC`
//! on Apple systems): `std::time::Instant` stops while a laptop sleeps, and a token's lifetime does not. Only the read
//! path uses the coarse clocks; it adds their lag to what they show. Waiting belongs to the transports.

use core::time::Duration;
use std::sync::{Arc, PoisonError};

use wellspring_core::{Clocks, Instant, UnixTime};

use crate::notify::Notify;
use crate::sync::{Mutex, MutexGuard};

/// The longest that a timer sleeps before it reads the clock again: the clock may be set, or the machine suspended.
pub const LONGEST_NAP: Duration = Duration::from_secs(30);

/// When a deadline passes, the transports look so many times at what has arrived before they give up. The process may have
/// been stopped meanwhile (Ctrl-Z, a closed lid). Looks are counted, not the time between them: a process that is stopped
/// again does not lose them.
pub const LOOKS: u32 = 10;

/// How long one of these looks waits.
pub const LOOK: Duration = Duration::from_millis(25);

/// The clock of a source.
#[derive(Clone, Debug, Default)]
pub struct Clock(Reading);

#[derive(Clone, Debug, Default)]
enum Reading {
    #[default]
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The machine's clocks.
    #[must_use]
    pub const fn system() -> Self {
        Self(Reading::System)
    }

    /// A clock for tests. It shows this many seconds after the Unix epoch, and stands still until the test moves it.
    #[must_use]
    pub fn manual(unix_seconds: u64) -> ManualClock {
        let now = Clocks {
            // As on a machine that was started a day ago.
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

    /// Notifies when a test moves this clock; `None` for the machine's clocks.
    #[must_use]
    pub fn notify(&self) -> Option<&Notify> {
        match &self.0 {
            Reading::System => None,
            Reading::Manual(manual) => Some(&manual.0.notify),
        }
    }

    /// The coarse monotonic clock. It lags behind by a [`TICK`] at most.
    #[inline]
    pub(crate) fn coarse_monotonic(&self) -> u64 {
        match &self.0 {
            Reading::System => system::coarse_monotonic(),
            Reading::Manual(manual) => nanos(manual.now().instant.since_origin()),
        }
    }

    /// The coarse wall clock. It lags behind by a [`TICK`] at most.
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

/// A clock that tests move. Clones show the same time, and every move wakes the waiters.
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
        *self.lock()
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        self.change(|now| now.plus(by));
    }

    /// Sets the wall clock.
    pub fn set_unix(&self, unix_seconds: u64) {
        self.change(|now| Clocks { unix: UnixTime::from_secs(unix_seconds), ..now });
    }

    /// Moves the wall clock forward; the monotonic clock stays.
    pub fn step_wall_forward(&self, by: Duration) {
        self.change(|now| Clocks { unix: now.unix.plus(by), ..now });
    }

    /// Moves the wall clock back; the monotonic clock stays.
    pub fn step_wall_back(&self, by: Duration) {
        self.change(|now| Clocks { unix: now.unix.minus(by), ..now });
    }

    /// How many tasks or threads wait for this clock to move.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.notify.waiting()
    }

    fn change(&self, change: impl FnOnce(Clocks) -> Clocks) {
        {
            let mut now = self.lock();
            *now = change(*now);
        }
        self.0.notify.notify();
    }

    fn lock(&self) -> MutexGuard<'_, Clocks> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The longest lag of a coarse clock in nanoseconds: one tick of a kernel that ticks 100 times a second.
pub(crate) const TICK: u64 = 10_000_000;

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(unix)]
mod system {
    use super::{Clocks, Duration, Instant, UnixTime};
    use rustix::time::{ClockId, Timespec, clock_gettime};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    use ClockId::{Boottime as Precise, MonotonicCoarse as Coarse, RealtimeCoarse as CoarseWall};
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    use ClockId::{Monotonic as Precise, Monotonic as Coarse, Realtime as CoarseWall};

    fn duration(time: Timespec) -> Duration {
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
    }

    pub(super) fn now() -> Clocks {
        Clocks {
            instant: Instant::after_origin(duration(clock_gettime(Precise))),
            unix: UnixTime::after_epoch(duration(clock_gettime(ClockId::Realtime))),
        }
    }

    #[inline]
    pub(super) fn coarse_monotonic() -> u64 {
        flat(clock_gettime(Coarse))
    }

    #[inline]
    pub(super) fn coarse_wall() -> u64 {
        flat(clock_gettime(CoarseWall))
    }

    /// The time in nanoseconds, right from 1970 to 2554. Outside these years the result is so late that no token is
    /// fresh, or so early that the token seems to come from the future.
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

    #[expect(clippy::disallowed_methods, reason = "this module reads the clocks")]
    static ORIGIN: LazyLock<time::Instant> = LazyLock::new(time::Instant::now);

    #[expect(clippy::disallowed_methods, reason = "this module reads the clocks")]
    pub(super) fn now() -> Clocks {
        let origin = *ORIGIN;
        // The origin is a day earlier, so that events before the first reading have an instant too.
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
