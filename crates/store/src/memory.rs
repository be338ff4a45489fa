//! A map in memory: for the sources of one process, and the simplest there is.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wellspring_core::{LivenessLock, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome};

use crate::{Deadline, Entry, KeyName, Map, Records};

/// A map in memory. Its clones are handles to the same map; it ends with the last of them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Held {
    entries: HashMap<KeyName, Entry>,
    /// How many liveness locks are shown for each name.
    alive: HashMap<KeyName, usize>,
}

impl MemoryStore {
    /// An empty store. It spills nowhere, for it takes everything.
    #[must_use]
    pub fn open() -> Records<Self> {
        Records::new(Self::default())
    }
}

impl Shared {
    /// Nobody panics while holding the lock; should somebody, both maps are whole all the same.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn version(&self, name: &KeyName) -> Option<Version> {
        self.entries.get(name).map(|entry| entry.version)
    }
}

impl Map for MemoryStore {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Process, durable: false, may_go_back: false }
    }

    fn load(&self, name: &KeyName, _: Duration) -> Result<Option<Entry>, StoreError> {
        Ok(self.0.held().entries.get(name).cloned())
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        _: Duration,
    ) -> Result<bool, StoreError> {
        let mut held = self.0.held();
        if held.version(name) != expected {
            return Ok(false);
        }
        held.entries.insert(name.clone(), entry.clone());
        self.0.changed.notify_all();
        Ok(true)
    }

    fn watch(&self, name: &KeyName, version: Version, within: Duration) -> Result<WatchOutcome, StoreError> {
        let deadline = Deadline::after(within);
        let mut held = self.0.held();
        loop {
            if held.version(name) != Some(version) {
                return Ok(WatchOutcome::Changed);
            }
            if !held.alive.contains_key(name) {
                return Ok(WatchOutcome::OwnerGone);
            }
            let left = deadline.left();
            if left.is_zero() {
                return Ok(WatchOutcome::Unchanged);
            }
            held = self.0.changed.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn liveness_lock(&self, name: &KeyName, _: Duration) -> Result<LivenessLock, StoreError> {
        *self.0.held().alive.entry(name.clone()).or_default() += 1;
        Ok(LivenessLock::new(Alive { shared: Arc::clone(&self.0), name: name.clone() }))
    }
}

struct Alive {
    shared: Arc<Shared>,
    name: KeyName,
}

impl Drop for Alive {
    fn drop(&mut self) {
        let mut held = self.shared.held();
        if let Some(count) = held.alive.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                held.alive.remove(&self.name);
            }
        }
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use core::any::Any;

    use wellspring_core::{Store, TokenKey};

    use super::*;
    use crate::contract::{self, Folder, Place};

    struct InMemory {
        map: MemoryStore,
        spills: Folder,
    }

    impl Place for InMemory {
        fn open(&self) -> Box<dyn Store> {
            Box::new(Records::new(self.map.clone()).with_spills(self.spills.path()))
        }

        fn corrupt(&self, key: &TokenKey) {
            self.map.0.held().entries.get_mut(&KeyName::of(key)).unwrap().bytes[0] ^= 1;
        }

        fn refuse(&self) -> Option<Box<dyn Any>> {
            None
        }
    }

    #[test]
    fn the_map_in_memory_keeps_the_contract() {
        contract::check(|| Box::new(InMemory { map: MemoryStore::default(), spills: Folder::new() }));
    }
}
