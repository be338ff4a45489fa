//! The same store for async code: each operation is a future, which a driver awaits without a thread of its own.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;

use async_trait::async_trait;

use crate::key::TokenKey;
use crate::lease::Attempt;
use crate::liveness::{LivenessLock, LockDomain};
use crate::record::Record;
use crate::store::{Loaded, PendingSave, StoreError, StoreGuarantees, Swap, Version, WatchOutcome};

/// What an operation of an [`AsyncStore`] returns.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where tokens outlive the process, on a network: the operations of [`Store`](crate::Store) as futures.
///
/// Each future ends within the time that it is given, or fails. It blocks no thread, so that thousands of callers can wait
/// for one store. A driver may drop a future that takes too long: a [`save`](Self::save) that was dropped may have been
/// made all the same, and the renewal loads the record before it goes on.
///
/// Put `#[async_trait]` of the crate `async-trait` on an implementation. Most stores implement `AsyncMap` of the crate
/// `wellspring-store` instead, which makes this trait of a map from names to bytes.
///
/// ```
/// use core::time::Duration;
/// use async_trait::async_trait;
/// use wellspring_core::{
///     AsyncStore, Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Record, SharedBy, StoreError,
///     StoreGuarantees, Swap, TokenKey, Version, WatchOutcome,
/// };
///
/// /// A store whose server is down.
/// #[derive(Debug)]
/// struct Down;
///
/// fn down() -> StoreError {
///     StoreError::unavailable("the store's server refuses connections")
/// }
///
/// #[async_trait]
/// impl AsyncStore for Down {
///     fn guarantees(&self) -> StoreGuarantees {
///         StoreGuarantees { scope: SharedBy::Fleet, durable: true, may_go_back: false }
///     }
///     async fn load(&self, _: &TokenKey, _: Duration) -> Result<Loaded, StoreError> {
///         Err(down())
///     }
///     async fn save(
///         &self,
///         _: &TokenKey,
///         _: Option<Version>,
///         _: &Record,
///         _: Duration,
///     ) -> Result<Swap, StoreError> {
///         Err(down())
///     }
///     async fn watch(
///         &self,
///         _: &TokenKey,
///         _: Version,
///         _: Option<LockDomain>,
///         _: Duration,
///     ) -> Result<WatchOutcome, StoreError> {
///         Err(down())
///     }
///     async fn liveness_lock(&self, _: &TokenKey, _: Duration) -> Result<LivenessLock, StoreError> {
///         Err(down())
///     }
///     fn spill(&self, _: &TokenKey, _: &PendingSave) -> Result<(), StoreError> {
///         Err(StoreError::unavailable("this store has no folder for spilled tokens"))
///     }
///     fn forget_spill(&self, _: &TokenKey, _: Attempt) -> Result<(), StoreError> {
///         Ok(())
///     }
/// }
///
/// let store: Box<dyn AsyncStore> = Box::new(Down);
/// assert_eq!(store.guarantees().scope, SharedBy::Fleet);
/// ```
#[async_trait]
pub trait AsyncStore: Send + Sync + fmt::Debug {
    /// What this store guarantees.
    fn guarantees(&self) -> StoreGuarantees;

    /// Like [`Store::load`](crate::Store::load).
    ///
    /// # Errors
    ///
    /// When the store cannot be read. A record that cannot be understood is an error, never an absent record.
    async fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError>;

    /// Like [`Store::save`](crate::Store::save).
    ///
    /// # Errors
    ///
    /// When the store fails. The error says whether the change may have been made nevertheless.
    async fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError>;

    /// Like [`Store::watch`](crate::Store::watch). A driver asks for about a second at a time.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    async fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError>;

    /// Like [`Store::liveness_lock`](crate::Store::liveness_lock). The lock may be dropped on any thread, also where no runtime runs.
    ///
    /// # Errors
    ///
    /// When it cannot be taken.
    async fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError>;

    /// Like [`Store::spill`](crate::Store::spill). It touches only local files and blocks shortly: a driver calls it on a thread for blocking
    /// work, or while it drops a renewal.
    ///
    /// # Errors
    ///
    /// When there is no such place, or the write fails too.
    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError>;

    /// Like [`Store::forget_spill`](crate::Store::forget_spill). It touches only local files and blocks shortly, as [`spill`](Self::spill) does.
    ///
    /// # Errors
    ///
    /// When the token is there and cannot be removed.
    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError>;
}

#[async_trait]
impl<S: AsyncStore + ?Sized> AsyncStore for Arc<S> {
    fn guarantees(&self) -> StoreGuarantees {
        (**self).guarantees()
    }

    async fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        (**self).load(key, within).await
    }

    async fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        (**self).save(key, expected, record, within).await
    }

    async fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        (**self).watch(key, version, domain, within).await
    }

    async fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        (**self).liveness_lock(key, within).await
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        (**self).spill(key, pending_save)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        (**self).forget_spill(key, attempt)
    }
}
