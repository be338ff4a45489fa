//! Records that an earlier version of the program has stored under another key: found there, and moved with the first save.
//!
//! Both versions may run at once, and a process may die at any moment. A single-use refresh token must never stand in two
//! records from which it can be sent. So a move is three compare-and-swaps:
//!
//! 1. The former entry becomes the new record with the note "moving to NAME". An earlier version cannot read that, so it
//!    sends nothing. Of several processes one succeeds.
//! 2. The new name gets the record, if it has none.
//! 3. The former entry becomes a tombstone, which every version reads.
//!
//! A process that finds the note carries out what is left. Until the first save nothing is moved: a load shows the former
//! record, so a renewal of an earlier version is watched and waited for like any other.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{Attempt, Owner, Record, SessionState, StoreError, Stored, Swap, TokenKey, Version};

use crate::async_map::AsyncMap;
use crate::clock::Deadline;
use crate::encoding;
use crate::entries::random_version;
use crate::map::{Entry, KeyName};
use crate::sealer::{SealedMap, decode};

/// The writer of the tombstone that a move leaves behind. No source has this number.
const MOVER: Attempt = Attempt { owner: Owner { machine: 0, boot: 0, process: 0, source: 0 }, number: 0 };

/// How many names are remembered as settled. Beyond that they are looked at again.
const MOST_SETTLED: usize = 10_000;

/// The names whose former entries need no more work of this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled(Arc<Mutex<HashSet<KeyName>>>);

/// What stands under the former key.
#[derive(Debug)]
pub(crate) enum Found {
    /// No record.
    Nothing,
    /// A record that has not moved yet, with the version of the former entry.
    Record(Box<Stored>),
    /// The record has moved, to this key or to another: what this key holds by now is to be loaded again.
    Moved,
}

/// The former entry of a key, and the key's own name.
#[derive(Debug)]
pub(crate) struct Former<'a, M> {
    map: SealedMap<'a, M>,
    name: &'a KeyName,
    key: &'a TokenKey,
    former: KeyName,
}

impl<'a, M: AsyncMap> Former<'a, M> {
    /// The former entry of this key, if it has one.
    pub(crate) fn of(map: SealedMap<'a, M>, name: &'a KeyName, key: &'a TokenKey) -> Option<Self> {
        let key = key.former()?;
        Some(Self { map, name, key, former: KeyName::of(key) })
    }

    /// The former name.
    pub(crate) const fn name(&self) -> &KeyName {
        &self.former
    }

    /// Looks for the record under the former name, after none was found under the key's own.
    pub(crate) async fn find(&self, end: Deadline) -> Result<Found, StoreError> {
        let Some(entry) = self.map.load(&self.former, end.left()).await? else { return Ok(Found::Nothing) };
        let decoded = decode(&self.map, &self.former, &entry)?;
        if let Some(to) = decoded.moving_to {
            let (version, record) = (entry.version, decoded.record);
            carry_over(&self.map, (&self.former, version), &to, &record, end).await?;
            return Ok(Found::Moved);
        }
        let mut record = decoded.record;
        if record.writer == Some(MOVER) {
            // The record may have moved here after the load of this key's own name.
            return Ok(Found::Moved);
        }
        if let SessionState::Active(granted) = &mut record.state {
            // The former key held the scopes that the sign-in asked for.
            let scopes = self.key.scopes();
            granted.requested_scope = Some(scopes).filter(|scopes| !scopes.is_empty());
        }
        Ok(Found::Record(Box::new(Stored { version: entry.version, record })))
    }

    /// Saves this record under the key's own name, if the version is that of the former entry.
    pub(crate) async fn save(
        &self,
        version: Version,
        record: &Record,
        end: Deadline,
    ) -> Result<Swap, StoreError> {
        if self.map.load(self.name, end.left()).await?.is_some() {
            return Ok(Swap::Conflict);
        }
        let moving = random_version()?;
        let entry = Entry { version: moving, bytes: encoding::encode_moving(record, self.name)? };
        let leased = record.lease.is_some();
        if !self.map.swap(&self.former, Some(version), entry, leased, end.left()).await? {
            return Ok(Swap::Conflict);
        }
        // From here on the record is saved: any process carries it over.
        let saved = carry_over(&self.map, (&self.former, moving), self.name, record, end).await;
        Ok(match saved.map_err(StoreError::maybe_applied)? {
            Some(version) => Swap::Done(version),
            None => Swap::Conflict,
        })
    }

    /// Removes what a move has left under the former name, if a process has died in the middle of one.
    pub(crate) async fn settle(&self, settled: &Settled, end: Deadline) {
        if settled.contains(self.name) {
            return;
        }
        // The record is under its own name. What stands here does no harm until the store is emptied, so a failure may
        // wait for the next load.
        let Ok(entry) = self.map.load(&self.former, end.left()).await else { return };
        let moving = entry.and_then(|entry| {
            let decoded = decode(&self.map, &self.former, &entry).ok()?;
            (decoded.moving_to.as_ref() == Some(self.name)).then_some((entry.version, decoded.record))
        });
        let done = match moving {
            Some((version, record)) => bury(&self.map, (&self.former, version), &record, end).await.is_ok(),
            None => true,
        };
        if done {
            settled.insert(self.name);
        }
    }
}

/// The second and the third step of a move from this version of this name. Returns the version under the new name, if the
/// record stands there.
pub(crate) async fn carry_over(
    map: &SealedMap<'_, impl AsyncMap>,
    from: (&KeyName, Version),
    to: &KeyName,
    record: &Record,
    end: Deadline,
) -> Result<Option<Version>, StoreError> {
    let entry = Entry { version: random_version()?, bytes: encoding::encode_record(record)? };
    let saved = if map.swap(to, None, entry.clone(), record.lease.is_some(), end.left()).await? {
        Some(entry.version)
    } else {
        // Another process may have done it.
        let stored = map.load(to, end.left()).await?;
        stored.filter(|stored| *stored.bytes == *entry.bytes).map(|stored| stored.version)
    };
    bury(map, from, record, end).await?;
    Ok(saved)
}

/// The third step.
async fn bury(
    map: &SealedMap<'_, impl AsyncMap>,
    (from, moving): (&KeyName, Version),
    record: &Record,
    end: Deadline,
) -> Result<(), StoreError> {
    let mut tombstone = Record::new(record.epoch.next(), record.generation.next(), SessionState::LoggedOut);
    tombstone.writer = Some(MOVER);
    let entry = Entry { version: random_version()?, bytes: encoding::encode_record(&tombstone)? };
    // Where this is a conflict, another process has done it.
    map.swap(from, Some(moving), entry, false, end.left()).await.map(drop)
}

impl Settled {
    fn contains(&self, name: &KeyName) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    fn insert(&self, name: &KeyName) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MOST_SETTLED {
            names.clear();
        }
        names.insert(name.clone());
    }
}

#[cfg(test)]
mod tests;
