//! A store whose liveness lock signals wait for.
//!
//! Whoever spends a single-use grant shows a liveness lock before its lease is saved and holds it until nothing can
//! still be saved: that is how long Ctrl-C and SIGTERM are held back. What was spilled is safe too, and told of.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    Attempt, LivenessLock, Loaded, PendingSave, Record, Store, StoreError, StoreGuarantees, Swap, TokenKey,
    Version, WatchOutcome,
};

use crate::exit::say;
use crate::interrupt::{self, Hold};

#[derive(Debug)]
pub(crate) struct HeldStore {
    store: Arc<dyn Store>,
    /// One for each liveness lock.
    holds: Holds,
    spilled: AtomicBool,
}

type Holds = Arc<Mutex<Vec<(Arc<()>, Hold)>>>;

impl HeldStore {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, holds: Holds::default(), spilled: AtomicBool::new(false) }
    }

    /// Whether something lies beside the store, where the next command finds it.
    pub(crate) fn has_spilled(&self) -> bool {
        self.spilled.load(Ordering::Relaxed)
    }
}

/// Ends its hold with it, unless that has ended before.
struct Held {
    /// Dropped first: only then is nothing left to save.
    sign: Option<LivenessLock>,
    this: Arc<()>,
    holds: Holds,
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.sign.take());
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        holds.retain(|(this, _)| !Arc::ptr_eq(this, &self.this));
    }
}

impl Store for HeldStore {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        self.store.load(key, within)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        self.store.save(key, expected, record, within)
    }

    fn watch(&self, key: &TokenKey, version: Version, within: Duration) -> Result<WatchOutcome, StoreError> {
        self.store.watch(key, version, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        let sign = self.store.liveness_lock(key, within)?;
        if self.has_spilled() {
            return Ok(sign);
        }
        let this = Arc::new(());
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        holds.push((this.clone(), interrupt::hold()));
        Ok(LivenessLock::new(Held { sign: Some(sign), this, holds: self.holds.clone() }))
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        const NOT_TAKEN: &str = "wellspring: the store would not take what was obtained";
        self.store.spill(key, pending_save).inspect_err(|error| {
            say(format_args!("{NOT_TAKEN}, and neither would the place beside it: {error}"));
        })?;
        say(format_args!("{NOT_TAKEN}; it is kept beside it for the next command"));
        self.spilled.store(true, Ordering::Relaxed);
        self.holds.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)?;
        self.spilled.store(false, Ordering::Relaxed);
        Ok(())
    }
}
