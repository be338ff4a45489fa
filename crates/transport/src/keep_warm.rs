//! Keeping tokens warm: renewing them before a caller needs them.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use wellspring_core::Instant;

use crate::clock::Clock;
use crate::notify::Notify;

/// Keeps tokens warm until it is dropped.
#[must_use = "tokens are kept warm until this is dropped"]
#[derive(Debug)]
pub struct KeepWarm {
    stopped: Arc<AtomicBool>,
    changes: Arc<Notify>,
}

/// The task or thread that keeps tokens warm. It does not hold the source, which ends with the last of its clones.
pub struct Watch {
    stopped: Arc<AtomicBool>,
    look: Box<dyn Fn() -> Option<Instant> + Send + Sync>,
    /// Notifies of changes.
    pub changes: Arc<Notify>,
    /// The clock of the source.
    pub clock: Clock,
}

impl KeepWarm {
    /// A watch that calls `look` now, after each change, and at the instant that `look` returns, until it returns
    /// `None`.
    pub(crate) fn over(
        changes: &Arc<Notify>,
        clock: Clock,
        look: impl Fn() -> Option<Instant> + Send + Sync + 'static,
    ) -> (Self, Watch) {
        let (stopped, changes) = (Arc::<AtomicBool>::default(), Arc::clone(changes));
        let warm = Self { stopped: Arc::clone(&stopped), changes: Arc::clone(&changes) };
        (warm, Watch { stopped, look: Box::new(look), changes, clock })
    }
}

impl Drop for KeepWarm {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.changes.notify();
    }
}

impl Watch {
    /// Starts the renewals that are due. Returns the count of changes before, and when to look again; `None` at the
    /// end.
    #[must_use]
    pub fn look(&self) -> Option<(u64, Instant)> {
        let seen = self.changes.count();
        if self.stopped.load(Ordering::Acquire) { None } else { (self.look)().map(|wake| (seen, wake)) }
    }

    /// Whether to look again before that instant.
    #[must_use]
    pub fn has_changed(&self, seen: u64) -> bool {
        self.stopped.load(Ordering::Acquire) || self.changes.count() != seen
    }
}

crate::debug_fields!([] Watch, |watch| changes: watch.changes);
