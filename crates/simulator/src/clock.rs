//! The clock that a simulator, its tests and the drivers under test can share.
//!
//! Only this file of the crate reads the machine's clock.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// A clock that follows the machine's clock, or stands still until a test moves it.
///
/// Clones share the time.
#[derive(Clone, Debug)]
pub struct SimClock {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The machine's clock with an offset.
    Running { ahead: Duration, behind: Duration },
    /// The time since the Unix epoch.
    Standing(Duration),
}

impl SimClock {
    /// The machine's wall clock.
    #[must_use]
    pub fn system() -> Self {
        Self::of(State::Running { ahead: Duration::ZERO, behind: Duration::ZERO })
    }

    /// A clock that stands at this Unix time until it is moved.
    #[must_use]
    pub fn manual(unix_seconds: u64) -> Self {
        Self::of(State::Standing(Duration::from_secs(unix_seconds)))
    }

    fn of(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// The time since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Duration {
        match *self.lock() {
            State::Running { ahead, behind } => machine().saturating_add(ahead).saturating_sub(behind),
            State::Standing(at) => at,
        }
    }

    /// Moves the clock forward. A running clock continues from there.
    pub fn advance(&self, by: Duration) {
        match &mut *self.lock() {
            State::Running { ahead, .. } => *ahead = ahead.saturating_add(by),
            State::Standing(at) => *at = at.saturating_add(by),
        }
    }

    /// Sets the clock, forward or back. A running clock continues from there.
    pub fn set_unix(&self, unix_seconds: u64) {
        let to = Duration::from_secs(unix_seconds);
        match &mut *self.lock() {
            State::Running { ahead, behind } => {
                let machine = machine();
                *ahead = to.saturating_sub(machine);
                *behind = machine.saturating_sub(to);
            }
            State::Standing(at) => *at = to,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::system()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of this crate where a clock is read")]
fn machine() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_until_it_is_moved_and_its_clones_move_with_it() {
        let clock = SimClock::manual(1_000);
        let shared = clock.clone();
        assert_eq!(shared.now(), Duration::from_secs(1_000));
        clock.advance(Duration::from_millis(2_500));
        assert_eq!(shared.now(), Duration::from_millis(1_002_500));
        shared.set_unix(7);
        assert_eq!(clock.now(), Duration::from_secs(7));
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Duration::MAX);
    }

    #[test]
    fn a_running_clock_can_be_set_forward_and_back() {
        let clock = SimClock::system();
        let before = clock.now();
        clock.advance(Duration::from_secs(86_400));
        assert!(clock.now() >= before + Duration::from_secs(86_400));
        clock.set_unix(1_000);
        let now = clock.now();
        assert!(now >= Duration::from_secs(1_000) && now < Duration::from_secs(1_600));
    }
}
