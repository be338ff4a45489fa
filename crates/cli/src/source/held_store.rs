//! A store whose sign of life signals wait for.
//!
//! Whoever spends a single-use grant shows a sign of life before its claim is saved and holds it until nothing can
//! still be saved: that is how long Ctrl-C and SIGTERM are held back. What was spilled is safe too.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    Attempt, Loaded, Promise, Record, Sighting, SignOfLife, Store, StoreError, Swap, TokenKey, Unsaved,
    Version,
};

use crate::interrupt::{self, Hold};

#[derive(Debug)]
pub(crate) struct HeldStore {
    store: Arc<dyn Store>,
    /// One for each sign of life.
    holds: Holds,
}

type Holds = Arc<Mutex<Vec<(Arc<()>, Hold)>>>;

impl HeldStore {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, holds: Holds::default() }
    }
}

/// Ends its hold with it, unless that has ended before.
struct Held {
    /// Dropped first: only then is nothing left to save.
    sign: Option<SignOfLife>,
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
    fn promise(&self) -> Promise {
        self.store.promise()
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

    fn watch(&self, key: &TokenKey, version: Version, within: Duration) -> Result<Sighting, StoreError> {
        self.store.watch(key, version, within)
    }

    fn sign_of_life(&self, key: &TokenKey, within: Duration) -> Result<SignOfLife, StoreError> {
        let sign = Some(self.store.sign_of_life(key, within)?);
        let this = Arc::new(());
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        holds.push((this.clone(), interrupt::hold()));
        Ok(SignOfLife::new(Held { sign, this, holds: self.holds.clone() }))
    }

    fn spill(&self, key: &TokenKey, unsaved: &Unsaved) -> Result<(), StoreError> {
        self.store.spill(key, unsaved)?;
        self.holds.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)
    }
}
