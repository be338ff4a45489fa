//! What a file holds: the version on the first line, then the bytes of the entry.

use std::path::Path;

use wellspring_core::{StoreError, Version};
use wellspring_store::{Entry, Zeroizing};

/// The length of the version's line: 32 digits and a line feed.
pub(crate) const VERSION_LINE: usize = 33;

/// The first line.
pub(crate) fn version_line(version: Version) -> String {
    format!("{:032x}\n", version.value())
}

/// The version on the first line.
pub(crate) fn parse_version(bytes: &[u8]) -> Option<Version> {
    let digits = bytes.get(..VERSION_LINE)?.strip_suffix(b"\n")?;
    let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digits = core::str::from_utf8(digits).ok().filter(|_| digits.iter().all(digit))?;
    u128::from_str_radix(digits, 16).ok().map(Version::new)
}

/// The entry in the bytes of a file.
pub(crate) fn parse(bytes: &[u8]) -> Option<Entry> {
    let version = parse_version(bytes)?;
    Some(Entry { version, bytes: Zeroizing::new(bytes[VERSION_LINE..].to_vec()) })
}

/// The error for a file of which not even the version can be read.
pub(crate) fn corrupt(path: &Path) -> StoreError {
    StoreError::unreadable(format!(
        "the record {} is corrupt: it does not begin with a version",
        path.display()
    ))
}
