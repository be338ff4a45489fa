//! The interface of a new store on a network: the map of `map.rs`, whose operations are futures.

use core::fmt;
use core::future::{Future, ready};
use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{LivenessLock, LockDomain, StoreError, StoreGuarantees, Version, WatchOutcome};

use crate::map::{Entry, KeyName};

/// A map from names to versioned bytes, for async code: [`Map`](crate::Map) with the same clauses, whose operations are
/// futures that block no thread.
///
/// Every future ends or fails `within` the time that the caller gives. The caller may also drop it: a swap that was dropped
/// may have been applied. If a swap fails and the map may have applied it all the same, the error says so with
/// [`Maybe`](wellspring_core::Applied::Maybe). Errors show no byte of an entry.
///
/// An implementation writes `async fn`. [`Records`](crate::Records) makes an [`AsyncStore`](wellspring_core::AsyncStore) of
/// it.
pub trait AsyncMap: Send + Sync + fmt::Debug {
    /// What this map guarantees.
    fn guarantees(&self) -> StoreGuarantees;

    /// How a person removes the entry of this name, where that is not a file to move away: a sentence of its own.
    fn removal(&self, _: &KeyName) -> Option<String> {
        None
    }

    /// Loads the entry of this name; `None` when the map has none.
    ///
    /// # Errors
    ///
    /// When the map cannot be read. An entry that cannot be decoded is an error, never "absent".
    fn load(
        &self,
        name: &KeyName,
        within: Duration,
    ) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send;

    /// Saves this entry if the map holds the expected version; `None` expects no entry. The save is durable if
    /// [`guarantees`](Self::guarantees) says so. Returns `false`, and changes nothing, when the map holds another version.
    ///
    /// # Errors
    ///
    /// When the map fails.
    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Like [`AsyncStore::watch`](wellspring_core::AsyncStore::watch). The map must notice a change within 100 ms.
    ///
    /// # Errors
    ///
    /// When the map cannot be read.
    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> impl Future<Output = Result<WatchOutcome, StoreError>> + Send;

    /// Like [`AsyncStore::liveness_lock`](wellspring_core::AsyncStore::liveness_lock). The lock may be dropped on any
    /// thread, also where no runtime runs.
    ///
    /// # Errors
    ///
    /// When the lock cannot be acquired.
    fn liveness_lock(
        &self,
        name: &KeyName,
        within: Duration,
    ) -> impl Future<Output = Result<LivenessLock, StoreError>> + Send;

    /// The names of all entries, in any order, for the sealing of all records and for a look at the whole store.
    ///
    /// # Errors
    ///
    /// When the map cannot be read, or cannot list its names.
    fn names(&self, _: Duration) -> impl Future<Output = Result<Vec<KeyName>, StoreError>> + Send {
        ready(Err(StoreError::refused("this store cannot list its records")))
    }

    /// Where an error says that the entry of this name is: its key on the server, or its name.
    fn shown(&self, name: &KeyName) -> String {
        name.to_string()
    }
}

/// Declares that a pointer to a map is that map.
macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<M: AsyncMap + ?Sized> AsyncMap for $pointer {
            fn guarantees(&self) -> StoreGuarantees {
                (**self).guarantees()
            }

            fn removal(&self, name: &KeyName) -> Option<String> {
                (**self).removal(name)
            }

            fn load(
                &self,
                name: &KeyName,
                within: Duration,
            ) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send {
                (**self).load(name, within)
            }

            fn swap(
                &self,
                name: &KeyName,
                expected: Option<Version>,
                entry: &Entry,
                within: Duration,
            ) -> impl Future<Output = Result<bool, StoreError>> + Send {
                (**self).swap(name, expected, entry, within)
            }

            fn watch(
                &self,
                name: &KeyName,
                version: Version,
                domain: Option<LockDomain>,
                within: Duration,
            ) -> impl Future<Output = Result<WatchOutcome, StoreError>> + Send {
                (**self).watch(name, version, domain, within)
            }

            fn liveness_lock(
                &self,
                name: &KeyName,
                within: Duration,
            ) -> impl Future<Output = Result<LivenessLock, StoreError>> + Send {
                (**self).liveness_lock(name, within)
            }

            fn names(&self, within: Duration) -> impl Future<Output = Result<Vec<KeyName>, StoreError>> + Send {
                (**self).names(within)
            }

            fn shown(&self, name: &KeyName) -> String {
                (**self).shown(name)
            }
        }
    )*};
}

pointers!(&M, Arc<M>);
