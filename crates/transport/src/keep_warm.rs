//! Keeping tokens warm: renewed before a caller needs them.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use wellspring_core::{Instant, TokenError};

use crate::clock::Clock;
use crate::driver::Driver;
use crate::notify::Notify;

/// Keeps tokens warm until it is dropped.
#[must_use = "tokens are kept warm until this is dropped"]
#[derive(Debug)]
pub struct KeepWarm {
    stopped: Arc<AtomicBool>,
    changes: Arc<Notify>,
}

/// What the background holds while it keeps tokens warm. Not the source: that ends with the last of its clones.
pub struct Watch {
    stopped: Arc<AtomicBool>,
    look: Box<dyn Fn() -> Option<Instant> + Send + Sync>,
    /// Where waiters are notified of changes.
    pub changes: Arc<Notify>,
    /// Where the time is read.
    pub clock: Clock,
}

impl KeepWarm {
    /// Calls `look` now, after each change, and at the instant that it returns, until it returns none.
    pub(crate) fn start<D: Driver>(
        place: &D::Place,
        name: &'static str,
        changes: &Arc<Notify>,
        clock: Clock,
        look: impl Fn() -> Option<Instant> + Send + Sync + 'static,
    ) -> Result<Self, TokenError> {
        let (stopped, changes) = (Arc::<AtomicBool>::default(), Arc::clone(changes));
        let warm = Self { stopped: Arc::clone(&stopped), changes: Arc::clone(&changes) };
        D::watch(place, name, Watch { stopped, look: Box::new(look), changes, clock })?;
        Ok(warm)
    }
}

impl Drop for KeepWarm {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.changes.notify();
    }
}

impl Watch {
    /// Starts the renewals that are due. The count of changes before, and when to look again; `None` at the end.
    #[must_use]
    pub fn look(&self) -> Option<(u64, Instant)> {
        let seen = self.changes.count();
        let stopped = self.stopped.load(Ordering::Acquire);
        if stopped { None } else { (self.look)().map(|wake| (seen, wake)) }
    }

    /// Whether to look again before the instant.
    #[must_use]
    pub fn has_changed(&self, seen: u64) -> bool {
        self.stopped.load(Ordering::Acquire) || self.changes.count() != seen
    }
}

impl core::fmt::Debug for Watch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Watch").field("changes", &self.changes).finish_non_exhaustive()
    }
}
