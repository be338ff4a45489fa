//! A store of records over a map of bytes, blocking or asynchronous. What it does stands in `operations.rs`.

use core::time::Duration;
use std::path::PathBuf;

use async_trait::async_trait;
use wellspring_core::{
    AsyncStore, Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Record, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, Version, WatchOutcome,
};

use crate::async_map::AsyncMap;
use crate::at_once::{AtOnce, at_once};
use crate::map::Map;
use crate::operations::{Operations, Parts};
use crate::spills::Spills;

/// How long a spill waits for the store's key if no load or save has read it.
const KEY_WITHIN: Duration = Duration::from_secs(1);

/// A store of records over a map of bytes: a [`Store`] over a [`Map`], and an [`AsyncStore`] over an [`AsyncMap`].
///
/// Over an asynchronous map the folder of spilled tokens is still looked at in place, so it must be on a disk of this
/// machine.
#[derive(Clone, Debug)]
pub struct Records<M> {
    map: M,
    parts: Parts,
}

impl<M> Records<M> {
    /// A store over this map, without a folder for spilled tokens.
    #[must_use]
    pub fn new(map: M) -> Self {
        Self { map, parts: Parts::default() }
    }

    /// The same store, which spills tokens to this folder. The first spill creates the folder.
    #[must_use]
    pub fn with_spills(mut self, folder: impl Into<PathBuf>) -> Self {
        self.parts.spills = Some(Spills::new(folder).sealed(self.parts.sealer.clone()));
        self
    }

    /// The same store, whose records and spilled tokens are sealed with the newest of these keys and opened with any. What
    /// lies there unsealed is read, and sealed at its next save; [`reseal`](Self::reseal) and [`reseal_async`](Self::reseal_async)
    /// seal all of it.
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
        self.parts.sealer = crate::sealer::Sealer::new(keys);
        self.parts.spills = self.parts.spills.map(|spills| spills.sealed(self.parts.sealer.clone()));
        self
    }

    /// The underlying map.
    #[must_use]
    pub const fn map(&self) -> &M {
        &self.map
    }

    /// The folder for spilled tokens, if the store has one.
    #[must_use]
    pub const fn spills(&self) -> Option<&Spills> {
        self.parts.spills.as_ref()
    }

    pub(crate) const fn parts(&self) -> &Parts {
        &self.parts
    }
}

impl<M: Map> Records<M> {
    /// An error for each file that needs a person: what other users have access to, what is corrupt, what is not a file,
    /// and spills that are not used. A load or save that needs the file fails with the same error. Each names the path and
    /// says what to do.
    #[must_use]
    pub fn problems(&self) -> Vec<StoreError> {
        at_once(self.blocking().problems(self.map.problems()))
    }

    /// A sentence about each part of the store that a person should know of and need not correct.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.map.notes()
    }

    /// The operations over the blocking map, whose futures are ready at once.
    pub(crate) const fn blocking(&self) -> Operations<'_, AtOnce<'_, M>> {
        Operations::new(AtOnce(&self.map), &self.parts)
    }
}

impl<M: AsyncMap> Records<M> {
    /// An error for each spilled token that is not used, for their folder if it is not, and for their key in the store if
    /// it cannot be read. Each says what to do.
    pub async fn problems_async(&self) -> Vec<StoreError> {
        self.asynchronous().problems(Vec::new()).await
    }

    /// The operations over the asynchronous map.
    pub(crate) const fn asynchronous(&self) -> Operations<'_, &M> {
        Operations::new(&self.map, &self.parts)
    }
}

impl<M: Map> Store for Records<M> {
    fn guarantees(&self) -> StoreGuarantees {
        self.map.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        at_once(self.blocking().load(key, within))
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        at_once(self.blocking().save(key, expected, record, within))
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        at_once(self.blocking().watch(key, version, domain, within))
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        at_once(self.blocking().liveness_lock(key, within))
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        let read = || at_once(self.blocking().read_spill_key(KEY_WITHIN)).ok().flatten();
        self.parts.spill(key, pending_save, read)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.parts.forget_spill(key, attempt)
    }
}

#[async_trait]
impl<M: AsyncMap> AsyncStore for Records<M> {
    fn guarantees(&self) -> StoreGuarantees {
        self.map.guarantees()
    }

    async fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        self.asynchronous().load(key, within).await
    }

    async fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        self.asynchronous().save(key, expected, record, within).await
    }

    async fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.asynchronous().watch(key, version, domain, within).await
    }

    async fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.asynchronous().liveness_lock(key, within).await
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        // Each renewal has loaded the record, and with it the spill key.
        self.parts.spill(key, pending_save, || None)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.parts.forget_spill(key, attempt)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use wellspring_core::{Store, TokenKey, Version};

    use crate::contract::sample;
    use crate::map::{Entry, KeyName, Map};
    use crate::memory::MemoryStore;
    use crate::operations::NO_FOLDER;

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
