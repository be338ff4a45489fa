//! Records over a map: encodes, draws versions, and looks for what was spilled.

use core::time::Duration;
use std::path::PathBuf;

use wellspring_core::{
    Attempt, LivenessLock, Loaded, PendingSave, Record, Store, StoreError, StoreGuarantees, Stored, Swap,
    TokenKey, Version, WatchOutcome,
};

use crate::{Entry, KeyName, Map, Spills, encoding};

/// A store of records, made of a map of bytes.
#[derive(Clone, Debug)]
pub struct Records<M> {
    map: M,
    spills: Option<Spills>,
}

impl<M: Map> Records<M> {
    /// Records in this map, with no place for tokens that it would not take.
    #[must_use]
    pub const fn new(map: M) -> Self {
        Self { map, spills: None }
    }

    /// The same store, spilling to this folder. It is made when it is needed.
    #[must_use]
    pub fn with_spills(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spills = Some(Spills::new(folder));
        self
    }

    /// The map beneath.
    #[must_use]
    pub const fn map(&self) -> &M {
        &self.map
    }

    /// The place for tokens that the map would not take, if there is one.
    #[must_use]
    pub const fn spills(&self) -> Option<&Spills> {
        self.spills.as_ref()
    }
}

impl<M: Map> Store for Records<M> {
    fn guarantees(&self) -> StoreGuarantees {
        self.map.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        let name = KeyName::of(key);
        // The record first: whoever saves a spilled token forgets the spill afterwards, so a token that is on its
        // way from the one to the other is seen in one of them at least.
        let stored = match self.map.load(&name, within)? {
            Some(entry) => {
                let record = encoding::decode_record(&entry.bytes)
                    .map_err(|why| StoreError::unreadable(format!("the record {name} {why}")))?;
                Some(Stored { version: entry.version, record })
            }
            None => None,
        };
        let spilled = self.spills.as_ref().map_or(Ok(None), |spills| spills.find(&name))?;
        Ok(Loaded { stored, spilled })
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let entry = Entry { version: random_version()?, bytes: encoding::encode_record(record)? };
        let swapped = self.map.swap(&KeyName::of(key), expected, &entry, within)?;
        Ok(if swapped { Swap::Done(entry.version) } else { Swap::Conflict })
    }

    fn watch(&self, key: &TokenKey, version: Version, within: Duration) -> Result<WatchOutcome, StoreError> {
        self.map.watch(&KeyName::of(key), version, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.map.liveness_lock(&KeyName::of(key), within)
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.spills
            .as_ref()
            .ok_or_else(|| {
                StoreError::unavailable("this store has no place for tokens that it would not take")
            })?
            .put(&KeyName::of(key), pending_save)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.spills.as_ref().map_or(Ok(()), |spills| spills.forget(&KeyName::of(key), attempt))
    }
}

/// 128 random bits: no version recurs, not even for a key whose history was wiped.
fn random_version() -> Result<Version, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::unavailable(format!("the operating system gave no random bytes: {error}"))
    })?;
    Ok(Version::new(u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use crate::contract::sample;

    #[test]
    fn a_store_without_a_place_for_spills_says_so_and_has_none_to_forget() {
        let store = MemoryStore::open();
        let (key, pending_save) = (TokenKey::new("p", "e"), sample::pending_save(1));
        let error = store.spill(&key, &pending_save).unwrap_err();
        assert_eq!(error.to_string(), "this store has no place for tokens that it would not take");
        assert!(store.forget_spill(&key, pending_save.attempt).is_ok());
        assert!(store.load(&key, Duration::ZERO).unwrap().spilled.is_none());
    }

    #[test]
    fn what_is_no_record_is_an_error_that_names_the_key() {
        let store = MemoryStore::open();
        let key = TokenKey::new("p", "e");
        let entry = Entry { version: Version::new(1), bytes: b"canary".to_vec().into() };
        assert!(store.map().swap(&KeyName::of(&key), None, &entry, Duration::ZERO).unwrap());
        let error = store.load(&key, Duration::ZERO).unwrap_err();
        assert!(error.is_unreadable() && error.to_string().contains(KeyName::of(&key).as_str()), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
