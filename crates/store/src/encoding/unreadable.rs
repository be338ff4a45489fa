//! Why bytes cannot be decoded.

/// The format that this version reads and writes.
pub(super) const FORMAT: u32 = 1;

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
        "is of format {0}; this version reads only format {FORMAT}, so a newer one wrote it: update this program"
    )]
    NewerFormat(u32),
}
