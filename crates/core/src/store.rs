//! Where tokens outlive the process: what a store must do, and what it promises.
//!
//! A store holds one [`Record`] for each key and swaps it only against the version that the writer has seen. It
//! decides nothing: what to write, and when, is the business of [`Renewal`](crate::Renewal).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::Any;
use core::error::Error;
use core::fmt;
use core::time::Duration;

use crate::{Attempt, Epoch, Generation, Record, TokenError, TokenKey};

/// Names one state of one key. None ever comes back, not even after the store was emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u128);

impl Version {
    /// The version of this number.
    #[must_use]
    pub const fn new(number: u128) -> Self {
        Self(number)
    }

    /// The version's number.
    #[must_use]
    pub const fn value(self) -> u128 {
        self.0
    }
}

/// A record as the store holds it.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_structs, reason = "stores make it")]
pub struct Stored {
    /// What a writer has to name to replace it.
    pub version: Version,
    /// The record.
    pub record: Record,
}

/// What a store knows of a key.
#[derive(Clone, Debug, Default)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_structs, reason = "stores make it")]
pub struct Loaded {
    /// The record, if there is one.
    pub stored: Option<Stored>,
    /// One of the tokens that were spilled because the store would not take them, if there are any.
    pub spilled: Option<PendingSave>,
}

/// A grant that was obtained and that the store does not hold yet.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together again")]
pub struct PendingSave {
    /// By which attempt.
    pub attempt: Attempt,
    /// The record as it ought to be stored.
    pub record: Record,
    /// What it came from.
    pub origin: Obtained,
}

/// What a grant came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever reads a record has to know every case")]
pub enum Obtained {
    /// A renewal that spent the grant of this generation.
    ByRenewal {
        /// The generation that was spent.
        spent: Generation,
    },
    /// A sign-in.
    BySignIn {
        /// The epoch of the record when it began; `None` when there was no record.
        seen: Option<Epoch>,
    },
}

/// What came of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a swap is done or it is not")]
pub enum Swap {
    /// It is saved, durably, as this version.
    Done(Version),
    /// The store holds another version than the one named: nothing was changed.
    Conflict,
}

/// What came of watching a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the renewal matches on every case")]
pub enum WatchOutcome {
    /// The store holds another version now.
    Changed,
    /// It holds the same version, and no process of this machine is left that could still save for this key. Found
    /// by holding the liveness lock's lock for oneself while the version was looked at once more.
    OwnerGone,
    /// The time is over and nothing has changed.
    Unchanged,
}

/// How far a store reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between these")]
pub enum SharedBy {
    /// The sources of one process.
    Process,
    /// The processes of one machine.
    Host,
    /// The machines of a fleet.
    Fleet,
}

/// What a store promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores make it")]
pub struct StoreGuarantees {
    /// How far it reaches.
    pub scope: SharedBy,
    /// Whether what is saved survives the machine's sudden end.
    pub durable: bool,
    /// Whether it may show an older record again, after a failover say.
    pub may_go_back: bool,
}

/// Shows others that whoever holds it is alive. The process's end ends it too.
pub struct LivenessLock(#[expect(dead_code, reason = "held for its drop alone")] Box<dyn Any + Send + Sync>);

impl LivenessLock {
    /// A liveness lock that ends when this is dropped.
    #[must_use]
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for LivenessLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LivenessLock")
    }
}

/// Where tokens outlive the process.
///
/// Every operation ends within the time it is given, or fails; none retries by itself for longer. Sync: async code
/// runs these on threads made for blocking.
pub trait Store: Send + Sync + fmt::Debug {
    /// What this store promises.
    fn guarantees(&self) -> StoreGuarantees;

    /// What is held of this key.
    ///
    /// # Errors
    ///
    /// When the store cannot be read. What cannot be understood is an error, never "absent".
    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError>;

    /// Replaces the record of this version, or the absent one, by this record.
    ///
    /// # Errors
    ///
    /// When the store fails; the error says whether the change may have been made all the same.
    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError>;

    /// Waits until the store holds another version, or nobody on this machine could still save for this key.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn watch(&self, key: &TokenKey, version: Version, within: Duration) -> Result<WatchOutcome, StoreError>;

    /// Shows others, until it is dropped, that a save for this key may still come.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError>;

    /// Puts this where the next [`load`](Self::load) finds it, outside the store that would not take it.
    ///
    /// # Errors
    ///
    /// When there is no such place or it fails too.
    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError>;

    /// Removes what this attempt has spilled, if it has.
    ///
    /// # Errors
    ///
    /// When it is there and stays there.
    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError>;
}

/// Whether a change that failed may have been made all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "what is not known to have failed may have been made")]
pub enum Applied {
    /// Certainly not.
    No,
    /// It may have been, or may still be.
    Maybe,
}

/// A store has failed.
#[derive(Clone, Debug)]
pub struct StoreError {
    text: Cow<'static, str>,
    applied: Applied,
    unreadable: bool,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// The store could not be reached, or would not do it now; `text` is one sentence without a secret.
    #[must_use]
    pub fn unavailable(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), applied: Applied::No, unreadable: false, source: None }
    }

    /// What the store holds cannot be understood, and will not be until somebody does something about it.
    #[must_use]
    pub fn unreadable(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), applied: Applied::No, unreadable: true, source: None }
    }

    /// The same error of a change that may have been made all the same.
    #[must_use]
    pub const fn maybe_applied(mut self) -> Self {
        self.applied = Applied::Maybe;
        self
    }

    /// The same error, with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: Arc<dyn Error + Send + Sync>) -> Self {
        self.source = Some(source);
        self
    }

    /// Whether the change may have been made all the same.
    #[must_use]
    pub const fn applied(&self) -> Applied {
        self.applied
    }

    /// Whether trying again is of no use.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        self.unreadable
    }

    /// The same failure, as callers see it.
    #[must_use]
    pub fn into_error(self) -> TokenError {
        let error = TokenError::store(self.text, !self.unreadable);
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn guarantees(&self) -> StoreGuarantees {
        (**self).guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        (**self).load(key, within)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        (**self).save(key, expected, record, within)
    }

    fn watch(&self, key: &TokenKey, version: Version, within: Duration) -> Result<WatchOutcome, StoreError> {
        (**self).watch(key, version, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        (**self).liveness_lock(key, within)
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        (**self).spill(key, pending_save)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        (**self).forget_spill(key, attempt)
    }
}
