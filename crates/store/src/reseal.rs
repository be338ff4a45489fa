//! A look at the seals of a store, and the sealing of all that it holds with the newest key.

use core::time::Duration;

use wellspring_core::{StoreError, TokenKey};

use crate::async_map::AsyncMap;
use crate::at_once::at_once;
use crate::clock::Deadline;
use crate::encoding::{Decoded, Kind, Sealed, SpillKey, Unreadable, decode_record};
use crate::map::{Entry, KeyName, Map};
use crate::operations::Operations;
use crate::records::Records;
use crate::sealer::{SealedMap, kind};
use crate::sealing_key_id::SealingKeyId;
use crate::seals::{Resealed, Seal, Seals};

/// How often a record is read again that other processes save meanwhile.
const MOST_CONFLICTS: usize = 16;

/// The seal of these bytes.
fn seal_of(bytes: &[u8]) -> Result<Seal, Unreadable> {
    match Sealed::read(bytes) {
        None => Ok(Seal::Plain),
        Some(sealed) => sealed.map(|sealed| Seal::Sealed(sealed.label.key)),
    }
}

/// Checks that these opened bytes are what belongs under this name; returns whether they are a record with a lease.
fn is_leased(map: &SealedMap<'_, impl AsyncMap>, name: &KeyName, plain: &Entry) -> Result<bool, StoreError> {
    let leased = match kind(name) {
        Kind::SpillKey => SpillKey::decode(&plain.bytes).map(|_| false),
        _ => decode_record(&plain.bytes).map(|Decoded { record, .. }| record.lease.is_some()),
    };
    leased.map_err(|error| map.unreadable(name, &error))
}

impl<M> Records<M> {
    /// The id of the key with which this store seals; `None` if it does not.
    #[must_use]
    pub fn sealing_key(&self) -> Option<SealingKeyId> {
        self.parts().sealer.newest()
    }
}

impl<M: Map> Records<M> {
    /// How the record of this key lies in the store; `None` if there is none. Needs no sealing key.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the record is corrupt.
    pub fn seal(&self, key: &TokenKey, within: Duration) -> Result<Option<Seal>, StoreError> {
        at_once(self.blocking().seal(key, within))
    }

    /// How all records lie in the store, and an error for each that none of its keys opens. `within` bounds each load.
    ///
    /// # Errors
    ///
    /// When the store cannot list its records.
    pub fn seals(&self, within: Duration) -> Result<Seals, StoreError> {
        at_once(self.blocking().seals(within))
    }

    /// Seals with the newest key all that lies plain in this store or is sealed with an older key: records, the key of the
    /// spilled tokens, and the spilled tokens. Other processes may use the store meanwhile: the version of a record stays,
    /// and a record that another process saves at the same moment is read again. `within` bounds each load and each save.
    ///
    /// # Errors
    ///
    /// When the store has no keys, or cannot list its records. What fails for one record is in [`Resealed::problems`].
    pub fn reseal(&self, within: Duration) -> Result<Resealed, StoreError> {
        at_once(self.blocking().reseal(within))
    }
}

impl<M: AsyncMap> Records<M> {
    /// Like [`seal`](Self::seal), over an asynchronous map.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or the record is corrupt.
    pub async fn seal_async(&self, key: &TokenKey, within: Duration) -> Result<Option<Seal>, StoreError> {
        self.asynchronous().seal(key, within).await
    }

    /// Like [`seals`](Self::seals), over an asynchronous map.
    ///
    /// # Errors
    ///
    /// When the store cannot list its records.
    pub async fn seals_async(&self, within: Duration) -> Result<Seals, StoreError> {
        self.asynchronous().seals(within).await
    }

    /// Like [`reseal`](Self::reseal), over an asynchronous map.
    ///
    /// # Errors
    ///
    /// When the store has no keys, or cannot list its records. What fails for one record is in [`Resealed::problems`].
    pub async fn reseal_async(&self, within: Duration) -> Result<Resealed, StoreError> {
        self.asynchronous().reseal(within).await
    }
}

impl<M: AsyncMap + Copy> Operations<'_, M> {
    async fn seal(self, key: &TokenKey, within: Duration) -> Result<Option<Seal>, StoreError> {
        let end = Deadline::after(within);
        match (self.seal_of(key, end).await?, key.former()) {
            (None, Some(former)) => self.seal_of(former, end).await,
            (seal, _) => Ok(seal),
        }
    }

    async fn seal_of(self, key: &TokenKey, end: Deadline) -> Result<Option<Seal>, StoreError> {
        let name = KeyName::of(key);
        let Some(entry) = self.entries.map.load(&name, end.left()).await? else { return Ok(None) };
        seal_of(&entry.bytes).map(Some).map_err(|error| self.entries.unreadable(&name, &error))
    }

    async fn seals(self, within: Duration) -> Result<Seals, StoreError> {
        let mut seals = Seals::default();
        for name in self.entries.map.names(within).await? {
            match self.look(&name, within).await {
                Ok(None) => {}
                Ok(Some((seal, problem))) => {
                    seals.problems.extend(problem);
                    match seal {
                        Seal::Plain => seals.plain += 1,
                        Seal::Sealed(key) => *seals.sealed.entry(key).or_default() += 1,
                    }
                }
                Err(error) => seals.problems.push(error),
            }
        }
        Ok(seals)
    }

    /// The seal of the entry of this name, and the error if no key opens it.
    async fn look(
        self,
        name: &KeyName,
        within: Duration,
    ) -> Result<Option<(Seal, Option<StoreError>)>, StoreError> {
        let Some(entry) = self.entries.map.load(name, within).await? else { return Ok(None) };
        let unreadable = |error| self.entries.unreadable(name, &error);
        let seal = seal_of(&entry.bytes).map_err(unreadable)?;
        let opened = self.entries.sealer.open(kind(name), name, entry.bytes);
        Ok(Some((seal, opened.map_err(unreadable).err())))
    }

    async fn reseal(self, within: Duration) -> Result<Resealed, StoreError> {
        let Some(newest) = self.entries.sealer.newest() else {
            return Err(StoreError::refused("this store has no sealing key: give it one"));
        };
        let mut resealed = Resealed::default();
        for name in self.entries.map.names(within).await? {
            match self.reseal_entry(&name, newest, within).await {
                Ok(true) => resealed.records += 1,
                Ok(false) => resealed.unchanged += 1,
                Err(error) => resealed.problems.push(error),
            }
        }
        if let Some(spills) = &self.parts.spills {
            let key = self.read_spill_key(within).await;
            match key {
                Ok(key) => spills.reseal(key.as_ref(), newest, &mut resealed),
                // The entry of the key has said so.
                Err(_) if !resealed.problems.is_empty() => {}
                Err(error) => resealed.problems.push(error),
            }
        }
        Ok(resealed)
    }

    /// Seals the entry of this name; returns whether it was not sealed with the newest key before.
    async fn reseal_entry(
        self,
        name: &KeyName,
        newest: SealingKeyId,
        within: Duration,
    ) -> Result<bool, StoreError> {
        let entries = self.entries;
        for _ in 0..MOST_CONFLICTS {
            let Some(Entry { version, bytes }) = entries.map.load(name, within).await? else {
                return Ok(false);
            };
            let unreadable = |error| entries.unreadable(name, &error);
            let seal = seal_of(&bytes).map_err(unreadable)?;
            let bytes = entries.sealer.open(kind(name), name, bytes).map_err(unreadable)?;
            let plain = Entry { version, bytes };
            let leased = is_leased(&entries, name, &plain)?;
            if seal == Seal::Sealed(newest) {
                return Ok(false);
            }
            // The same contents have the same version: a process that holds the lease finds the one that it expects.
            if entries.swap(name, Some(version), plain, leased, within).await? {
                return Ok(true);
            }
        }
        let shown = entries.map.shown(name);
        Err(StoreError::unavailable(format!(
            "the record {shown} was saved by other processes again and again: try again"
        )))
    }
}

#[cfg(test)]
#[cfg(feature = "sealing")]
mod tests;
