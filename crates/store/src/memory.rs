//! The map in memory, for the sources of one process.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wellspring_core::{
    LivenessLock, LockDomain, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome,
};

use crate::clock::Deadline;
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
        let domain = random_number().ok().and_then(LockDomain::new);
        Self { contents: Mutex::default(), changed: Condvar::default(), domain }
    }
}

#[cfg(test)]
impl MemoryStore {
    /// Removes an entry, as a person would who empties the store.
    pub(crate) fn remove(&self, name: &KeyName) -> bool {
        self.0.lock().entries.remove(name).is_some()
    }
}

impl Shared {
    /// Both maps are consistent even after a panic of the thread that held the mutex.
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.0.changed.notify_all();
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
            if contents.version(name) != Some(version) {
                return Ok(WatchOutcome::Changed);
            }
            match domain {
                Some(domain) if Some(domain) != self.0.domain => return Ok(WatchOutcome::OwnerUnknown),
                Some(_) if !contents.liveness_locks.contains_key(name) => return Ok(WatchOutcome::OwnerGone),
                _ => {}
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
        self.shared.changed.notify_all();
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
            self.map.0.lock().entries.get_mut(&KeyName::of(key)).unwrap().bytes[0] ^= 1;
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
