//! Why bytes cannot be decoded.

use wellspring_core::StoreError;

use crate::sealing_key_id::SealingKeyId;

/// The newest format that this version reads. It writes the oldest one that has all the fields of a record.
pub(super) const NEWEST_FORMAT: u32 = 4;

/// Why bytes cannot be decoded. The message follows the name of the record or spill, and shows none of the bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("is corrupt: it was truncated, overwritten or not written completely")]
    Corrupt,
    #[error("is corrupt at or before its field {0}")]
    Field(&'static str),
    #[error("is corrupt: it has an unknown or misplaced field")]
    UnexpectedField,
    #[error(
        "is of format {0}; this version reads no format after {NEWEST_FORMAT}, so a newer one wrote it: update this program"
    )]
    NewerFormat(u32),
    #[error("is sealed with the key {id}, and this store has no sealing key: give the store that key")]
    NoKey { id: SealingKeyId },
    #[cfg(feature = "sealing")]
    #[error(
        "is sealed with the key {id}, and this store has only {known}: add that key to the keys of the store"
    )]
    OtherKey { id: SealingKeyId, known: String },
    #[cfg(feature = "sealing")]
    #[error(
        "is sealed with the key {id}, which this store has and which does not open it: it was changed, or it is a copy of \
         another entry: restore it from a copy"
    )]
    SealBroken { id: SealingKeyId },
}

impl Unreadable {
    /// Whether another key would open it.
    pub(crate) const fn is_of_key(&self) -> bool {
        match self {
            Self::NoKey { .. } => true,
            #[cfg(feature = "sealing")]
            Self::OtherKey { .. } => true,
            _ => false,
        }
    }

    /// The error for what is `shown` so. What lacks only a key is refused, because it is whole.
    pub(crate) fn in_store(&self, shown: &str) -> StoreError {
        let text = format!("{shown} {self}");
        if self.is_of_key() { StoreError::refused(text) } else { StoreError::unreadable(text) }
    }
}
