//! What a store of records does, written once for both kinds of map: encodes records, draws versions, finds spilled tokens.
//!
//! What is rarely needed has a box of its own, so that the futures of most operations are small.
//!
//! Over a blocking map the futures are ready at once: see `at_once.rs`.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wellspring_core::{
    Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Record, StoreError, Stored, Swap, TokenKey,
    Version, WatchOutcome,
};

use crate::async_map::AsyncMap;
use crate::clock::Deadline;
use crate::encoding::{self, Decoded, SpillKey};
use crate::entries::random_version;
use crate::former::{Former, Found, Settled, carry_over};
use crate::map::{Entry, KeyName};
use crate::sealer::{SealedMap, Sealer, decode};
use crate::spill_rooms::SpillRooms;
use crate::spills::{Spilled, Spills};

pub(crate) const NO_FOLDER: &str =
    "this store has no folder for spilled tokens: name one with `Records::with_spills`";

/// How long a look at the store for its problems may take.
const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// The longest record that fits into the ordinary room for a spill beside a new token.
const RECORD_WITHOUT_ADDITIONS: usize = 8 << 10;

/// How long a process relies on a spill key that it has read. A store that is emptied gets another key.
const KEY_FRESH_FOR: Duration = Duration::from_secs(60);

/// What a store of records has beside its map. Clones share what they learn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) sealer: Sealer,
    pub(crate) spills: Option<Spills>,
    /// The store's spill key when it was last read, and until when it is fresh: a token must be spilled also when the map
    /// cannot be read.
    spill_key: Arc<Mutex<Option<(SpillKey, Deadline)>>>,
    rooms: SpillRooms,
    settled: Settled,
}

/// The operations of a store of records over this map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operations<'a, M> {
    /// The entries of the map, opened.
    pub(crate) entries: SealedMap<'a, M>,
    pub(crate) parts: &'a Parts,
}

impl Parts {
    pub(crate) fn known_spill_key(&self) -> MutexGuard<'_, Option<(SpillKey, Deadline)>> {
        self.spill_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process has to read the store's spill key.
    fn needs_spill_key(&self) -> bool {
        let is_fresh = |(_, until): &(SpillKey, Deadline)| !until.left().is_zero();
        self.spills.is_some() && !self.known_spill_key().as_ref().is_some_and(is_fresh)
    }

    /// Spills this token. `read` reads the spill key if this process has not read it yet.
    pub(crate) fn spill(
        &self,
        key: &TokenKey,
        pending_save: &PendingSave,
        read: impl FnOnce() -> Option<SpillKey>,
    ) -> Result<(), StoreError> {
        let spills = self.spills.as_ref().ok_or_else(|| StoreError::unavailable(NO_FOLDER))?;
        // The store refuses the token, and may refuse all else: what is known must do.
        let known = self.known_spill_key().as_ref().map(|(spill_key, _)| spill_key.clone());
        let spill_key = known.or_else(read);
        spills.put(&KeyName::of(key), pending_save, spill_key.as_ref(), self.rooms.take())
    }

    pub(crate) fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        let Some(spills) = &self.spills else { return Ok(()) };
        if let Some(former) = key.former() {
            spills.forget(&KeyName::of(former), attempt)?;
        }
        spills.forget(&KeyName::of(key), attempt)
    }
}

impl<'a, M: AsyncMap + Copy> Operations<'a, M> {
    pub(crate) const fn new(map: M, parts: &'a Parts) -> Self {
        Self { entries: SealedMap { map, sealer: &parts.sealer }, parts }
    }

    /// Adds what the spills and their key have to say to the problems that the map has.
    pub(crate) async fn problems(self, mut problems: Vec<StoreError>) -> Vec<StoreError> {
        if let Some(spills) = &self.parts.spills {
            match self.read_spill_key(LOOK_WITHIN).await {
                Ok(key) => problems.extend(spills.problems(key.as_ref())),
                // The map has found it too, unless only the contents are wrong.
                Err(error) if problems.iter().any(|known| known.to_string() == error.to_string()) => {}
                Err(error) => problems.push(error),
            }
        }
        problems
    }

    /// Reads the store's spill key. A store that was emptied has none, or another one than before.
    pub(crate) async fn read_spill_key(self, within: Duration) -> Result<Option<SpillKey>, StoreError> {
        let name = KeyName::of_spill_key();
        let key = match self.entries.load(&name, within).await? {
            Some(entry) => {
                Some(SpillKey::decode(&entry.bytes).map_err(|error| self.entries.unreadable(&name, &error))?)
            }
            None => None,
        };
        *self.parts.known_spill_key() = key.clone().map(|key| (key, Deadline::after(KEY_FRESH_FOR)));
        Ok(key)
    }

    /// Makes sure that the store has a spill key and that this process knows it.
    async fn prepare_spill_key(self, deadline: Deadline) -> Result<(), StoreError> {
        if self.read_spill_key(deadline.left()).await?.is_some() {
            return Ok(());
        }
        // What earlier versions have spilled is still used.
        let unbound = self.parts.spills.as_ref().map_or(Ok(Vec::new()), Spills::unbound)?;
        let entry = Entry { version: random_version()?, bytes: SpillKey::random(unbound)?.encode() };
        self.entries.swap(&KeyName::of_spill_key(), None, entry, false, deadline.left()).await?;
        // Another process may have been first.
        self.read_spill_key(deadline.left()).await.map(drop)
    }

    /// The record under this name.
    async fn stored(self, name: &KeyName, end: Deadline) -> Result<Option<Stored>, StoreError> {
        let Some(entry) = self.entries.load(name, end.left()).await? else { return Ok(None) };
        let Decoded { record, moving_to } = decode(&self.entries, name, &entry)?;
        let Some(to) = moving_to else { return Ok(Some(Stored { version: entry.version, record })) };
        // The record moves from this name to another, and its mover may be gone.
        Box::pin(carry_over(&self.entries, (name, entry.version), &to, &record, end)).await?;
        let Some(entry) = self.entries.load(name, end.left()).await? else { return Ok(None) };
        let record = decode(&self.entries, name, &entry)?.record;
        Ok(Some(Stored { version: entry.version, record }))
    }

    /// The spilled tokens under this name, beside a record with a lease of this attempt.
    async fn spilled(
        self,
        name: &KeyName,
        leased: Option<Attempt>,
        end: Deadline,
    ) -> Result<Spilled, StoreError> {
        let Some(spills) = &self.parts.spills else { return Ok(Spilled::default()) };
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
            if self.parts.needs_spill_key() {
                // Only a spill needs it.
                drop(Box::pin(self.read_spill_key(end.left())).await);
            }
            return Ok(Spilled::default());
        }
        let spill_key = match Box::pin(self.read_spill_key(end.left())).await {
            Ok(spill_key) => spill_key,
            Err(error) => return unseen(error),
        };
        spills.find(&files, name, spill_key.as_ref(), leased)
    }

    pub(crate) async fn load(self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        let (name, end) = (KeyName::of(key), Deadline::after(within));
        let former = Former::of(self.entries, &name, key);
        // The record first: a process that saves a spilled token removes the spill after the save. In this order a
        // load finds the token in the record, in the spill, or in both.
        let stored = self.stored(&name, end).await?;
        let (stored, former) = match (stored, former) {
            (None, Some(former)) => match Box::pin(former.find(end)).await? {
                Found::Record(stored) => (Some(*stored), Some(former)),
                Found::Nothing => (None, Some(former)),
                Found::Moved => (self.stored(&name, end).await?, None),
            },
            (stored, Some(former)) => {
                Box::pin(former.settle(&self.parts.settled, end)).await;
                (stored, None)
            }
            (stored, None) => (stored, None),
        };
        let lease = stored.as_ref().and_then(|stored| stored.record.lease);
        let leased = lease.map(|lease| lease.attempt);
        let mut spilled = self.spilled(&name, leased, end).await?;
        if let (None, Some(former)) = (&spilled.found, former) {
            let of_former = Box::pin(self.spilled(former.name(), leased, end)).await?;
            spilled = Spilled {
                found: of_former.found,
                unusable: of_former.unusable.or(spilled.unusable),
                unseen: of_former.unseen.or(spilled.unseen),
            };
        }
        let Spilled { found, unusable, unseen } = spilled;
        Ok(Loaded { stored, spilled: found, unusable_spill: unusable, unseen_spills: unseen })
    }

    pub(crate) async fn save(
        self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let (name, end) = (KeyName::of(key), Deadline::after(within));
        let leased = record.lease.is_some();
        let entry = Entry { version: random_version()?, bytes: encoding::encode_record(record)? };
        // The token that the lease leads to is spilled, if it must be, with all that its record keeps.
        if let (Some(spills), true) =
            (&self.parts.spills, leased && entry.bytes.len() > RECORD_WITHOUT_ADDITIONS)
        {
            self.parts.rooms.grow(spills, entry.bytes.len())?;
        }
        let version = entry.version;
        let swap = if self.entries.swap(&name, expected, entry, leased, within).await? {
            Swap::Done(version)
        } else if let (Some(former), Some(expected)) = (Former::of(self.entries, &name, key), expected) {
            Box::pin(former.save(expected, record, end)).await?
        } else {
            Swap::Conflict
        };
        if self.parts.needs_spill_key() {
            // Only a spill needs it: without it the save has succeeded all the same.
            drop(Box::pin(self.prepare_spill_key(end)).await);
        }
        Ok(swap)
    }

    pub(crate) async fn watch(
        self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let (name, end) = (KeyName::of(key), Deadline::after(within));
        let outcome = self.entries.map.watch(&name, version, domain, within).await?;
        match Former::of(self.entries, &name, key) {
            // The version may be that of the former entry.
            Some(former) if outcome == WatchOutcome::Changed => {
                let entry = self.entries.map.load(former.name(), end.left()).await?;
                if entry.is_none_or(|entry| entry.version != version) {
                    return Ok(outcome);
                }
                self.entries.map.watch(former.name(), version, domain, end.left()).await
            }
            _ => Ok(outcome),
        }
    }

    pub(crate) async fn liveness_lock(
        self,
        key: &TokenKey,
        within: Duration,
    ) -> Result<LivenessLock, StoreError> {
        let end = Deadline::after(within);
        let lock = self.entries.map.liveness_lock(&KeyName::of(key), within).await?;
        let Some(spills) = &self.parts.spills else { return Ok(lock) };
        // The lock comes before the lease, and the lease before the request. A store that has a key takes no token that was
        // spilled without it. If a person must correct the key, that must not end all renewals.
        if self.parts.needs_spill_key() {
            match Box::pin(self.prepare_spill_key(end)).await {
                Err(error) if !error.is_permanent() => return Err(error),
                _ => {}
            }
        }
        // A renewal holds the lock from before its lease is saved until it ends, and the room with it.
        let room = self.parts.rooms.reserve(spills)?;
        Ok(LivenessLock::new(lock.domain(), (lock, room)))
    }
}
