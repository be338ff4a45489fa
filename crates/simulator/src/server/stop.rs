//! The order to stop, which interrupts pauses.

use core::time::Duration;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::server::shared::locked;

/// The order to stop, and pauses that it interrupts.
#[derive(Default)]
pub(super) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Waits; `false` if the order to stop came.
    pub(super) fn pause(&self, duration: Duration) -> bool {
        if duration.is_zero() {
            return true;
        }
        let stopped = locked(&self.stopped);
        let waited = self.changed.wait_timeout_while(stopped, duration, |stopped| !*stopped);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn order(&self) {
        *locked(&self.stopped) = true;
        self.changed.notify_all();
    }

    pub(super) fn is_ordered(&self) -> bool {
        *locked(&self.stopped)
    }
}
