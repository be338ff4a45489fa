//! The map in memory, for the sources of one process.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wellspring_core::{
    LivenessLock, LockDomain, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome,
};

#[cfg(feature = "runtime")]
use crate::async_map::AsyncMap;
use crate::clock::Deadline;
#[cfg(feature = "runtime")]
use crate::clock::timeout;
use crate::entries::random_number;
use crate::map::{Entry, KeyName, Map};
use crate::records::Records;

/// A map in memory. Clones share the same entries, which are dropped with the last clone.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    contents: Mutex<Contents>,
    changed: Condvar,
    /// The same for tasks.
    #[cfg(feature = "runtime")]
    changed_for_tasks: tokio::sync::Notify,
    /// Drawn at random, so that no other map has the same.
    domain: Option<LockDomain>,
}

#[derive(Debug, Default)]
struct Contents {
    entries: HashMap<KeyName, Entry>,
    /// How many liveness locks each name has.
    liveness_locks: HashMap<KeyName, usize>,
}

impl MemoryStore {
    /// An empty store. It has no folder for spilled tokens, because it refuses no save.
    #[must_use]
    pub fn open() -> Records<Self> {
        Records::new(Self::default())
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            contents: Mutex::default(),
            changed: Condvar::default(),
            #[cfg(feature = "runtime")]
            changed_for_tasks: tokio::sync::Notify::new(),
            domain: random_number().ok().and_then(LockDomain::new),
        }
    }
}

#[cfg(test)]
impl MemoryStore {
    /// Removes an entry, as a person would who empties the store.
    pub(crate) fn remove(&self, name: &KeyName) -> bool {
        self.0.lock().entries.remove(name).is_some()
    }

    /// Damages an entry.
    pub(crate) fn corrupt(&self, name: &KeyName) {
        self.0.lock().entries.get_mut(name).unwrap().bytes[0] ^= 1;
    }
}

impl Shared {
    /// Both maps are consistent even after a panic of the thread that held the mutex.
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify(&self) {
        self.changed.notify_all();
        #[cfg(feature = "runtime")]
        self.changed_for_tasks.notify_waiters();
    }

    /// What a watcher of this version sees now, if that ends its watch.
    fn seen(
        &self,
        contents: &Contents,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
    ) -> Option<WatchOutcome> {
        if contents.version(name) != Some(version) {
            return Some(WatchOutcome::Changed);
        }
        match domain {
            Some(domain) if Some(domain) != self.domain => Some(WatchOutcome::OwnerUnknown),
            Some(_) if !contents.liveness_locks.contains_key(name) => Some(WatchOutcome::OwnerGone),
            _ => None,
        }
    }
}

impl Contents {
    fn version(&self, name: &KeyName) -> Option<Version> {
        self.entries.get(name).map(|entry| entry.version)
    }
}

impl Map for MemoryStore {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Process, durable: false, may_go_back: false }
    }

    fn load(&self, name: &KeyName, _: Duration) -> Result<Option<Entry>, StoreError> {
        Ok(self.0.lock().entries.get(name).cloned())
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        _: Duration,
    ) -> Result<bool, StoreError> {
        let mut contents = self.0.lock();
        if contents.version(name) != expected {
            return Ok(false);
        }
        contents.entries.insert(name.clone(), entry.clone());
        self.0.notify();
        Ok(true)
    }

    fn names(&self, _: Duration) -> Result<Vec<KeyName>, StoreError> {
        Ok(self.0.lock().entries.keys().cloned().collect())
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let deadline = Deadline::after(within);
        let mut contents = self.0.lock();
        loop {
            if let Some(outcome) = self.0.seen(&contents, name, version, domain) {
                return Ok(outcome);
            }
            let left = deadline.left();
            if left.is_zero() {
                return Ok(WatchOutcome::Unchanged);
            }
            contents = self.0.changed.wait_timeout(contents, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn liveness_lock(&self, name: &KeyName, _: Duration) -> Result<LivenessLock, StoreError> {
        *self.0.lock().liveness_locks.entry(name.clone()).or_default() += 1;
        Ok(LivenessLock::new(self.0.domain, Counted { shared: Arc::clone(&self.0), name: name.clone() }))
    }
}

/// The same map for async code. A watch needs a runtime of tokio that measures time.
#[cfg(feature = "runtime")]
impl AsyncMap for MemoryStore {
    fn guarantees(&self) -> StoreGuarantees {
        Map::guarantees(self)
    }

    async fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        Map::load(self, name, within)
    }

    async fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        Map::swap(self, name, expected, entry, within)
    }

    async fn names(&self, within: Duration) -> Result<Vec<KeyName>, StoreError> {
        Map::names(self, within)
    }

    async fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let watch = async {
            loop {
                let changed = self.0.changed_for_tasks.notified();
                // A change after this look wakes the task: `notified` counts from where it was called.
                if let Some(outcome) = self.0.seen(&self.0.lock(), name, version, domain) {
                    return outcome;
                }
                changed.await;
            }
        };
        Ok(timeout(within, watch).await.unwrap_or(WatchOutcome::Unchanged))
    }

    async fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        Map::liveness_lock(self, name, within)
    }
}

/// A liveness lock, counted while it is held.
struct Counted {
    shared: Arc<Shared>,
    name: KeyName,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut contents = self.shared.lock();
        if let Some(count) = contents.liveness_locks.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                contents.liveness_locks.remove(&self.name);
            }
        }
        self.shared.notify();
    }
}

#[cfg(test)]
mod tests {
    use core::any::Any;

    use wellspring_core::{Store, TokenKey};

    use super::*;
    use crate::contract::{self, Fixture, Folder};

    struct InMemory {
        map: MemoryStore,
        spills: Folder,
    }

    impl Fixture for InMemory {
        fn open(&self) -> Box<dyn Store> {
            Box::new(Records::new(self.map.clone()).with_spills(self.spills.path()))
        }

        fn corrupt(&self, key: &TokenKey) {
            self.map.corrupt(&KeyName::of(key));
        }

        fn corrupt_spills(&self) -> bool {
            contract::corrupt_files(self.spills.path())
        }

        fn refuse_saves(&self) -> Option<Box<dyn Any>> {
            None
        }
    }

    #[test]
    fn the_map_in_memory_satisfies_the_contract() {
        let fixture = || InMemory { map: MemoryStore::default(), spills: Folder::new() };
        contract::check(|| Box::new(fixture()));
        contract::check_moved_records(|| Box::new(fixture()));
    }
}
