//! The order to stop, as the threads of the server see it.

use core::time::Duration;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::server::shared::locked;

/// Pauses that end when the listening does.
#[derive(Default)]
pub(super) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Waits so long; `false` when everything is to stop.
    pub(super) fn pause(&self, long: Duration) -> bool {
        if long.is_zero() {
            return true;
        }
        let stopped = locked(&self.stopped);
        let waited = self.changed.wait_timeout_while(stopped, long, |stopped| !*stopped);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn now(&self) {
        *locked(&self.stopped) = true;
        self.changed.notify_all();
    }

    pub(super) fn has_come(&self) -> bool {
        *locked(&self.stopped)
    }
}
