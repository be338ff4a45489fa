//! Why bytes cannot be decoded.

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
}
