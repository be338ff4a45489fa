//! Where tokens outlive the process: what a store must do, and what it guarantees.
//!
//! A store holds one [`Record`] for each key and replaces it only if the writer names the version that it holds. A store
//! decides nothing: [`Renewal`](crate::Renewal) decides what is written, and when.

use alloc::borrow::Cow;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::time::Duration;

use crate::error::{ErrorSource, TokenError};
use crate::generation::{Epoch, Generation};
use crate::key::TokenKey;
use crate::lease::Attempt;
use crate::liveness::{LivenessLock, LockDomain};
use crate::provider::{ProviderSpec, Rotation};
use crate::record::Record;

/// Names one state of one key. No version recurs, not even after the store was emptied.
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
    /// The version that a writer names to replace the record.
    pub version: Version,
    /// The record.
    pub record: Record,
}

/// What a store holds for a key.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "stores make it")]
pub struct Loaded {
    /// The record, if there is one.
    pub stored: Option<Stored>,
    /// One of the spilled tokens, which the store did not take, if there are any.
    pub spilled: Option<PendingSave>,
    /// Why the spilled token of the leased attempt cannot be used, if it is there: the server has answered that attempt, so
    /// its refresh token is spent. The record itself stays usable.
    pub unusable_spill: Option<StoreError>,
    /// Why the store cannot look for spilled tokens, if a person must correct that: the folder is open to others, for example.
    /// A token in force stays usable. A refresh token that a lease may have spent is not sent.
    pub unseen_spills: Option<StoreError>,
}

impl Loaded {
    /// The same, for what needs the newest token.
    ///
    /// # Errors
    ///
    /// When that may be in a spill that cannot be used.
    pub(crate) fn with_newest(mut self) -> Result<Self, StoreError> {
        let hidden = self.unusable_spill.take().or_else(|| self.unseen_spills.take());
        hidden.map_or(Ok(self), Err)
    }
}

/// A token that was obtained and that the store does not hold yet.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct PendingSave {
    /// The attempt that obtained it.
    pub attempt: Attempt,
    /// The record that is to be saved.
    pub record: Record,
    /// How it was obtained.
    pub origin: Obtained,
}

/// How a token was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a reader of records matches on every case")]
pub enum Obtained {
    /// By a renewal that spent the grant of this generation.
    ByRenewal {
        /// The generation that was spent.
        spent: Generation,
    },
    /// By a sign-in.
    BySignIn {
        /// The epoch of the record when the sign-in began; `None` when there was no record.
        seen: Option<Epoch>,
    },
}

/// The result of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a swap is done or it is not")]
pub enum Swap {
    /// The record is saved, durably, as this version.
    Done(Version),
    /// The store holds another version than the writer named. Nothing was changed.
    Conflict,
}

/// The result of watching a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the renewal matches on every case")]
pub enum WatchOutcome {
    /// The store holds another version now.
    Changed,
    /// The store holds the same version, and the owner of its lease can no longer save. The watcher has held the lock of
    /// the lease's domain exclusively while it compared the version once more.
    OwnerGone,
    /// The watcher cannot take the lock of the lease's domain: the lock was removed, or another process cannot see it.
    /// No process can tell whether the owner is alive.
    OwnerUnknown,
    /// The time is up, and nothing has changed.
    Unchanged,
}

/// Which sources share a store.
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

/// What a store guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores make it")]
pub struct StoreGuarantees {
    /// Which sources share it.
    pub scope: SharedBy,
    /// Whether a saved record survives a sudden stop of the machine.
    pub durable: bool,
    /// Whether it may show an older record again, for example after a failover.
    pub may_go_back: bool,
}

impl StoreGuarantees {
    /// Whether a store with these guarantees, or no store, suits this provider's tokens. `shared_by` says which sources
    /// are to share them; all that share the store by default. Returns what the store lacks for a single-use refresh
    /// token.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when more sources are to share a single-use refresh token than share the store.
    pub fn suit(
        store: Option<Self>,
        shared_by: Option<SharedBy>,
        spec: &ProviderSpec,
    ) -> Result<Vec<&'static str>, TokenError> {
        if spec.credentials || spec.rotation == Rotation::Reusable {
            return Ok(Vec::new());
        }
        let scope = store.map_or(SharedBy::Process, |store| store.scope);
        let wanted = shared_by.unwrap_or(scope);
        if wanted > scope {
            return Err(TokenError::misconfigured(format!(
                "the refresh token is single-use and is to be shared by {}, but the store is shared only by {}: two \
                 processes would send the token, and the server may revoke the session",
                wanted.name(),
                scope.name(),
            )));
        }
        let Some(store) = store else { return Ok(Vec::new()) };
        let lacking = [
            (!store.durable, "it does not survive the process or a sudden stop of the machine"),
            (store.may_go_back, "it may show an older record again"),
        ];
        Ok(lacking.into_iter().filter(|(lacks, _)| *lacks).map(|(_, what)| what).collect())
    }
}

impl SharedBy {
    const fn name(self) -> &'static str {
        match self {
            Self::Process => "one process",
            Self::Host => "the processes of one machine",
            Self::Fleet => "several machines",
        }
    }
}

/// Where tokens outlive the process.
///
/// Each operation ends within the time that it is given, or fails. The operations block: async code runs them on threads
/// made for blocking.
pub trait Store: Send + Sync + fmt::Debug {
    /// What this store guarantees.
    fn guarantees(&self) -> StoreGuarantees;

    /// Loads what is held for this key.
    ///
    /// # Errors
    ///
    /// When the store cannot be read. A record that cannot be understood is an error, never an absent record.
    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError>;

    /// Replaces the record of this version, or the absent record, by this one.
    ///
    /// # Errors
    ///
    /// When the store fails. The error says whether the change may have been made nevertheless.
    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError>;

    /// Waits until the store holds another version than this one, or the owner of its lease is gone.
    ///
    /// `domain` is that of the lease. The owner is [gone](WatchOutcome::OwnerGone) only if the store has taken the lock of
    /// exactly this domain exclusively; if it cannot take that lock, it returns at once that the owner is
    /// [unknown](WatchOutcome::OwnerUnknown). Without a domain it only waits for a change.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError>;

    /// Shows other processes, until it is dropped, that this process may still save for this key. The lock has a domain
    /// if other processes can tell when it ends.
    ///
    /// # Errors
    ///
    /// When it cannot be taken.
    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError>;

    /// Writes this token to the fallback place, where the next [`load`](Self::load) finds it.
    ///
    /// # Errors
    ///
    /// When there is no such place, or the write fails too.
    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError>;

    /// Removes the token that this attempt has spilled, if there is one.
    ///
    /// # Errors
    ///
    /// When the token is there and cannot be removed.
    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError>;
}

/// Whether a change that failed may have been made nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a change that is not known to have failed may have been made")]
pub enum Applied {
    /// No.
    No,
    /// It may have been, or may still be.
    Maybe,
}

/// A store has failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text}")]
pub struct StoreError {
    text: Cow<'static, str>,
    applied: Applied,
    remedy: Remedy,
    source: Option<ErrorSource>,
}

/// What helps after a store has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// A retry: the failure may pass by itself.
    Retry,
    /// A person corrects a permission, a path or a mount.
    Correct,
    /// A person repairs or removes what the store holds.
    Repair,
}

impl StoreError {
    const fn new(text: Cow<'static, str>, remedy: Remedy) -> Self {
        Self { text, applied: Applied::No, remedy, source: None }
    }

    /// The store could not be reached, or it cannot carry out the operation now: a disk is full, a lock is held. A
    /// retry may succeed. `text` is one sentence without a secret.
    #[must_use]
    pub fn unavailable(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(text.into(), Remedy::Retry)
    }

    /// The store refuses the operation until a person corrects something: a permission, a mode, a path, a read-only
    /// mount. A retry is of no use. `text` is one sentence without a secret that names the path and says what to do.
    #[must_use]
    pub fn refused(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(text.into(), Remedy::Correct)
    }

    /// What the store holds cannot be understood until a person repairs it; `text` is one sentence without a secret.
    #[must_use]
    pub fn unreadable(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(text.into(), Remedy::Repair)
    }

    /// The same error, of a change that may have been made nevertheless.
    #[must_use]
    pub const fn maybe_applied(mut self) -> Self {
        self.applied = Applied::Maybe;
        self
    }

    /// The same error, with its source.
    #[must_use]
    pub fn with_source(mut self, source: Arc<dyn Error + Send + Sync>) -> Self {
        self.source = Some(ErrorSource(source));
        self
    }

    /// Whether the change may have been made nevertheless.
    #[must_use]
    pub const fn applied(&self) -> Applied {
        self.applied
    }

    /// Whether a retry is of no use: the store refuses the operation, or what it holds is unreadable.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        !matches!(self.remedy, Remedy::Retry)
    }

    /// Whether the store refuses the operation until a person corrects a permission, a mode, a path or a mount.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        matches!(self.remedy, Remedy::Correct)
    }

    /// Whether what the store holds cannot be understood until a person repairs it.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        matches!(self.remedy, Remedy::Repair)
    }

    /// The same failure, as callers of a source see it.
    #[must_use]
    pub fn into_error(self) -> TokenError {
        let transient = !self.is_permanent();
        let error = TokenError::store(self.text, transient);
        match self.source {
            Some(ErrorSource(source)) => error.with_source(source),
            None => error,
        }
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

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        (**self).watch(key, version, domain, within)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_use_refresh_token_needs_a_store_that_all_its_sources_share() {
        let spec = ProviderSpec::new("toy", TokenKey::new("toy", "https://issuer.example"));
        let store = |scope| Some(StoreGuarantees { scope, durable: true, may_go_back: false });
        let scopes = [SharedBy::Process, SharedBy::Host, SharedBy::Fleet];
        for scope in scopes {
            for wanted in scopes {
                let suits = StoreGuarantees::suit(store(scope), Some(wanted), &spec).is_ok();
                assert_eq!(suits, wanted <= scope, "{wanted:?} {scope:?}");
            }
        }
        assert!(StoreGuarantees::suit(None, None, &spec).is_ok());
        assert!(StoreGuarantees::suit(None, Some(SharedBy::Host), &spec).is_err());
        let mut reusable = spec.clone();
        reusable.rotation = Rotation::Reusable;
        assert!(StoreGuarantees::suit(None, Some(SharedBy::Fleet), &reusable).is_ok());
    }

    #[test]
    fn what_a_store_lacks_for_a_single_use_refresh_token_is_listed() {
        let spec = ProviderSpec::new("toy", TokenKey::new("toy", "https://issuer.example"));
        let lacking = |durable, may_go_back| {
            let store = StoreGuarantees { scope: SharedBy::Host, durable, may_go_back };
            StoreGuarantees::suit(Some(store), None, &spec).unwrap().len()
        };
        assert_eq!((lacking(true, false), lacking(false, false), lacking(false, true)), (0, 1, 2));
    }
}
