//! A store of records over a map of bytes: encodes records, draws versions, and finds spilled tokens.

use core::time::Duration;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wellspring_core::{
    Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Record, Store, StoreError, StoreGuarantees,
    Stored, Swap, TokenKey, Version, WatchOutcome,
};

use crate::clock::Deadline;
use crate::encoding::{self, Decoded, SpillKey};
use crate::entries::random_version;
use crate::former::{Former, Found, Settled, carry_over};
use crate::map::{Entry, KeyName, Map};
use crate::sealer::{SealedMap, Sealer, decode};
use crate::spill_rooms::SpillRooms;
use crate::spills::{Spilled, Spills};

const NO_FOLDER: &str = "this store has no folder for spilled tokens: name one with `Records::with_spills`";

/// How long a look at the store for its problems may take.
const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// How long a spill waits for the store's key if no load or save has read it.
const KEY_WITHIN: Duration = Duration::from_secs(1);

/// The longest record that fits into the ordinary room for a spill beside a new token.
const RECORD_WITHOUT_ADDITIONS: usize = 8 << 10;

/// How long a process relies on a spill key that it has read. A store that is emptied gets another key.
const KEY_FRESH_FOR: Duration = Duration::from_secs(60);

/// A [`Store`] of records over a [`Map`] of bytes.
#[derive(Clone, Debug)]
pub struct Records<M> {
    map: SealedMap<M>,
    spills: Option<Spills>,
    /// The store's spill key when it was last read, and until when it is fresh: a token must be spilled also when the map
    /// cannot be read.
    spill_key: Arc<Mutex<Option<(SpillKey, Deadline)>>>,
    rooms: SpillRooms,
    settled: Settled,
}

impl<M: Map> Records<M> {
    /// A store over this map, without a folder for spilled tokens.
    #[must_use]
    pub fn new(map: M) -> Self {
        Self {
            map: SealedMap { map, sealer: Sealer::default() },
            spills: None,
            spill_key: Arc::default(),
            rooms: SpillRooms::default(),
            settled: Settled::default(),
        }
    }

    /// The same store, which spills tokens to this folder. The first spill creates the folder.
    #[must_use]
    pub fn with_spills(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spills = Some(Spills::new(folder).sealed(self.map.sealer.clone()));
        self
    }

    /// The same store, whose records and spilled tokens are sealed with the newest of these keys and opened with any. What
    /// lies there unsealed is read, and sealed at its next save; [`reseal`](Self::reseal) seals all of it.
    ///
    /// What none of the keys opens is an error that names its key, never "absent", and nothing overwrites it.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wellspring_core::{Epoch, Generation, Record, SessionState, Store, TokenKey};
    /// use wellspring_store::{MemoryStore, SealingKey, SealingKeys};
    ///
    /// let store = MemoryStore::open();
    /// let sealed = store.clone().sealed(SealingKeys::new(SealingKey::random()?));
    /// let key = TokenKey::new("provider", "https://as.example/token");
    /// let record = Record::new(Epoch::new(1), Generation::new(1), SessionState::LoggedOut);
    /// let within = Duration::from_secs(1);
    /// sealed.save(&key, None, &record, within)?;
    /// assert!(sealed.load(&key, within)?.stored.is_some());
    /// assert!(store.load(&key, within).unwrap_err().to_string().contains("is sealed with the key"));
    /// # Ok::<(), wellspring_core::StoreError>(())
    /// ```
    #[cfg(feature = "sealing")]
    #[must_use]
    pub fn sealed(mut self, keys: crate::sealing::SealingKeys) -> Self {
        self.map.sealer = Sealer::new(keys);
        self.spills = self.spills.map(|spills| spills.sealed(self.map.sealer.clone()));
        self
    }

    /// The underlying map.
    #[must_use]
    pub const fn map(&self) -> &M {
        &self.map.map
    }

    /// The folder for spilled tokens, if the store has one.
    #[must_use]
    pub const fn spills(&self) -> Option<&Spills> {
        self.spills.as_ref()
    }

    /// An error for each file that needs a person: what other users have access to, what is corrupt, what is not a file,
    /// and spills that are not used. A load or save that needs the file fails with the same error. Each names the path and
    /// says what to do.
    #[must_use]
    pub fn problems(&self) -> Vec<StoreError> {
        let mut problems = self.map.map.problems();
        if let Some(spills) = &self.spills {
            match self.read_spill_key(LOOK_WITHIN) {
                Ok(key) => problems.extend(spills.problems(key.as_ref())),
                // The map has found it too, unless only the contents are wrong.
                Err(error) if problems.iter().any(|known| known.to_string() == error.to_string()) => {}
                Err(error) => problems.push(error),
            }
        }
        problems
    }

    /// A sentence about each part of the store that a person should know of and need not correct.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.map.map.notes()
    }

    /// The entries of the map, opened.
    pub(crate) const fn entries(&self) -> &SealedMap<M> {
        &self.map
    }

    /// Reads the store's spill key. A store that was emptied has none, or another one than before.
    pub(crate) fn read_spill_key(&self, within: Duration) -> Result<Option<SpillKey>, StoreError> {
        let name = KeyName::of_spill_key();
        let key = match self.map.load(&name, within)? {
            Some(entry) => {
                Some(SpillKey::decode(&entry.bytes).map_err(|error| self.map.unreadable(&name, &error))?)
            }
            None => None,
        };
        *self.known_spill_key() = key.clone().map(|key| (key, Deadline::after(KEY_FRESH_FOR)));
        Ok(key)
    }

    /// The record under this name.
    fn stored(&self, name: &KeyName, end: Deadline) -> Result<Option<Stored>, StoreError> {
        let Some(entry) = self.map.load(name, end.left())? else { return Ok(None) };
        let Decoded { record, moving_to } = decode(&self.map, name, &entry)?;
        let Some(to) = moving_to else { return Ok(Some(Stored { version: entry.version, record })) };
        // The record moves from this name to another, and its mover may be gone.
        carry_over(&self.map, (name, entry.version), &to, &record, end)?;
        let Some(entry) = self.map.load(name, end.left())? else { return Ok(None) };
        let record = decode(&self.map, name, &entry)?.record;
        Ok(Some(Stored { version: entry.version, record }))
    }

    /// The spilled tokens under this name, beside a record with a lease of this attempt.
    fn spilled(&self, name: &KeyName, leased: Option<Attempt>, end: Deadline) -> Result<Spilled, StoreError> {
        let Some(spills) = &self.spills else { return Ok(Spilled::default()) };
        let unseen = |error: StoreError| match error.is_permanent() {
            // A person must correct it. What the record holds stays usable.
            true => Ok(Spilled { unseen: Some(error), ..Spilled::default() }),
            false => Err(error),
        };
        let files = match spills.files(name) {
            Ok(files) => files,
            Err(error) => return unseen(error),
        };
        if files.is_empty() {
            if self.needs_spill_key() {
                // Only a spill needs it.
                drop(self.read_spill_key(end.left()));
            }
            return Ok(Spilled::default());
        }
        let spill_key = match self.read_spill_key(end.left()) {
            Ok(spill_key) => spill_key,
            Err(error) => return unseen(error),
        };
        spills.find(&files, name, spill_key.as_ref(), leased)
    }

    pub(crate) fn known_spill_key(&self) -> MutexGuard<'_, Option<(SpillKey, Deadline)>> {
        self.spill_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process has to read the store's spill key.
    fn needs_spill_key(&self) -> bool {
        let is_fresh = |(_, until): &(SpillKey, Deadline)| !until.left().is_zero();
        self.spills.is_some() && !self.known_spill_key().as_ref().is_some_and(is_fresh)
    }

    /// Makes sure that the store has a spill key and that this process knows it.
    fn prepare_spill_key(&self, deadline: Deadline) -> Result<(), StoreError> {
        if self.read_spill_key(deadline.left())?.is_some() {
            return Ok(());
        }
        // What earlier versions have spilled is still used.
        let unbound = self.spills.as_ref().map_or(Ok(Vec::new()), Spills::unbound)?;
        let entry = Entry { version: random_version()?, bytes: SpillKey::random(unbound)?.encode() };
        self.map.swap(&KeyName::of_spill_key(), None, entry, false, deadline.left())?;
        // Another process may have been first.
        self.read_spill_key(deadline.left()).map(|_| ())
    }
}

impl<M: Map> Store for Records<M> {
    fn guarantees(&self) -> StoreGuarantees {
        self.map.map.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        let (name, end) = (KeyName::of(key), Deadline::after(within));
        let former = Former::of(&self.map, &name, key);
        // The record first: a process that saves a spilled token removes the spill after the save. In this order a
        // load finds the token in the record, in the spill, or in both.
        let stored = self.stored(&name, end)?;
        let (stored, former) = match (stored, former) {
            (None, Some(former)) => match former.find(end)? {
                Found::Record(stored) => (Some(*stored), Some(former)),
                Found::Nothing => (None, Some(former)),
                Found::Moved => (self.stored(&name, end)?, None),
            },
            (stored, Some(former)) => {
                former.settle(&self.settled, end);
                (stored, None)
            }
            (stored, None) => (stored, None),
        };
        let lease = stored.as_ref().and_then(|stored| stored.record.lease);
        let leased = lease.map(|lease| lease.attempt);
        let mut spilled = self.spilled(&name, leased, end)?;
        if let (None, Some(former)) = (&spilled.found, former) {
            let of_former = self.spilled(former.name(), leased, end)?;
            spilled = Spilled {
                found: of_former.found,
                unusable: of_former.unusable.or(spilled.unusable),
                unseen: of_former.unseen.or(spilled.unseen),
            };
        }
        let Spilled { found, unusable, unseen } = spilled;
        Ok(Loaded { stored, spilled: found, unusable_spill: unusable, unseen_spills: unseen })
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let (name, end) = (KeyName::of(key), Deadline::after(within));
        let leased = record.lease.is_some();
        let entry = Entry { version: random_version()?, bytes: encoding::encode_record(record)? };
        // The token that the lease leads to is spilled, if it must be, with all that its record keeps.
        if let (Some(spills), true) = (&self.spills, leased && entry.bytes.len() > RECORD_WITHOUT_ADDITIONS) {
            self.rooms.grow(spills, entry.bytes.len())?;
        }
        let version = entry.version;
        let swap = if self.map.swap(&name, expected, entry, leased, within)? {
            Swap::Done(version)
        } else if let (Some(former), Some(expected)) = (Former::of(&self.map, &name, key), expected) {
            former.save(expected, record, end)?
        } else {
            Swap::Conflict
        };
        if self.needs_spill_key() {
            // Only a spill needs it: without it the save has succeeded all the same.
            drop(self.prepare_spill_key(end));
        }
        Ok(swap)
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let (name, end) = (KeyName::of(key), Deadline::after(within));
        let outcome = self.map.map.watch(&name, version, domain, within)?;
        match Former::of(&self.map, &name, key) {
            // The version may be that of the former entry.
            Some(former) if outcome == WatchOutcome::Changed => {
                let entry = self.map.map.load(former.name(), end.left())?;
                if entry.is_none_or(|entry| entry.version != version) {
                    return Ok(outcome);
                }
                self.map.map.watch(former.name(), version, domain, end.left())
            }
            _ => Ok(outcome),
        }
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        let end = Deadline::after(within);
        let lock = self.map.map.liveness_lock(&KeyName::of(key), within)?;
        let Some(spills) = &self.spills else { return Ok(lock) };
        // The lock comes before the lease, and the lease before the request. A store that has a key takes no token that was
        // spilled without it. If a person must correct the key, that must not end all renewals.
        if self.needs_spill_key() {
            match self.prepare_spill_key(end) {
                Err(error) if !error.is_permanent() => return Err(error),
                _ => {}
            }
        }
        // A renewal holds the lock from before its lease is saved until it ends, and the room with it.
        let room = self.rooms.reserve(spills)?;
        Ok(LivenessLock::new(lock.domain(), (lock, room)))
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        let spills = self.spills.as_ref().ok_or_else(|| StoreError::unavailable(NO_FOLDER))?;
        // The store refuses the token, and may refuse all else: what is known must do.
        let known = self.known_spill_key().as_ref().map(|(spill_key, _)| spill_key.clone());
        let spill_key = known.or_else(|| self.read_spill_key(KEY_WITHIN).ok().flatten());
        spills.put(&KeyName::of(key), pending_save, spill_key.as_ref(), self.rooms.take())
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        let Some(spills) = &self.spills else { return Ok(()) };
        if let Some(former) = key.former() {
            spills.forget(&KeyName::of(former), attempt)?;
        }
        spills.forget(&KeyName::of(key), attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample;
    use crate::memory::MemoryStore;

    #[test]
    fn a_store_without_a_spill_folder_refuses_to_spill_and_has_no_spill_to_forget() {
        let store = MemoryStore::open();
        let (key, pending_save) = (TokenKey::new("p", "e"), sample::pending_save(1));
        let error = store.spill(&key, &pending_save).unwrap_err();
        assert_eq!(error.to_string(), NO_FOLDER);
        assert!(store.forget_spill(&key, pending_save.attempt).is_ok());
        assert!(store.load(&key, Duration::ZERO).unwrap().spilled.is_none());
    }

    #[test]
    fn bytes_that_are_not_a_record_are_an_error_that_names_the_key() {
        let store = MemoryStore::open();
        let key = TokenKey::new("p", "e");
        let entry = Entry { version: Version::new(1), bytes: b"canary".to_vec().into() };
        assert!(store.map().swap(&KeyName::of(&key), None, &entry, Duration::ZERO).unwrap());
        let error = store.load(&key, Duration::ZERO).unwrap_err();
        assert!(error.is_unreadable() && error.to_string().contains(KeyName::of(&key).as_str()), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
