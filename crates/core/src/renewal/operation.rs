//! What a renewal asks a store for: the operations, as data.

use alloc::borrow::Cow;

use crate::lease::{Attempt, Lease};
use crate::liveness::LockDomain;
use crate::record::Record;
use crate::store::{PendingSave, Version};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        #[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
        #[non_exhaustive]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )+};
}

operations! {
    /// Load the record, and one of the tokens that were spilled for it.
    Load {}
    /// Replace one version of the record by another.
    Save {
        /// The version to replace; `None` when the store holds no record yet.
        expected: Option<Version>,
        /// The new record, without the domain of its lease: see [`Save::record_under`].
        record: Record,
        /// Whether a liveness lock must be held before the save and until the renewal has ended.
        liveness_lock: bool,
    }
    /// Wait until the store holds another version, or until the owner of its lease is gone.
    ///
    /// The driver holds no liveness lock meanwhile.
    Watch {
        /// The version that the store holds now.
        version: Version,
        /// The lock of the lease's owner; `None` when only a change can be seen.
        domain: Option<LockDomain>,
    }
    /// Write a token to the fallback place, because the store does not take it.
    Spill {
        /// The token.
        pending_save: PendingSave,
    }
    /// Remove the token that this attempt has spilled, if there is one.
    Forget {
        /// The attempt.
        attempt: Attempt,
    }
}

impl Save {
    /// The record to save by a process that holds a liveness lock of this domain: its own lease names the lock. The lease of
    /// another process, which stays as it is, names a lock already.
    #[must_use]
    pub fn record_under(&self, domain: Option<LockDomain>) -> Cow<'_, Record> {
        match self.record.lease {
            Some(lease) if lease.domain.is_none() && domain.is_some() => {
                Cow::Owned(Record { lease: Some(Lease { domain, ..lease }), ..self.record.clone() })
            }
            _ => Cow::Borrowed(&self.record),
        }
    }
}
