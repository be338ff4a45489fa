//! What a new store has to bring: bytes under names, swapped only against the version that was seen.

use core::fmt;
use core::time::Duration;

use sha2::{Digest as _, Sha256};
use wellspring_core::{LivenessLock, StoreError, StoreGuarantees, TokenKey, Version, WatchOutcome};
use zeroize::Zeroizing;

/// The name under which a key is stored: its SHA-256 in 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The name of this key.
    #[must_use]
    pub fn of(key: &TokenKey) -> Self {
        Self(hex(&Sha256::digest(key.as_bytes())))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyName({self})")
    }
}

/// Bytes and their version. The bytes hold tokens.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "maps make it")]
pub struct Entry {
    /// What a writer has to name to replace them.
    pub version: Version,
    /// What [`Records`](crate::Records) has written.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({:?}, {} bytes)", self.version, self.bytes.len())
    }
}

/// A map from names to versioned bytes.
///
/// Every operation ends within the time it is given, or fails, and tells [`Maybe`](wellspring_core::Applied::Maybe)
/// of a swap that failed and may have been made all the same. Errors hold no byte of an entry.
pub trait Map: Send + Sync + fmt::Debug {
    /// What this map promises.
    fn guarantees(&self) -> StoreGuarantees;

    /// What is held under this name.
    ///
    /// # Errors
    ///
    /// When it cannot be read. What cannot be understood is an error, never "absent".
    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError>;

    /// Puts this entry in the place of the one of this version, or of the absent one, durably if the map promises
    /// that; `false` when the map holds another version, and then nothing is changed.
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
    ) -> Result<bool, StoreError>;

    /// As [`Store::watch`](wellspring_core::Store::watch); a change is to be seen within 100 ms.
    ///
    /// # Errors
    ///
    /// When the map cannot be read.
    fn watch(&self, name: &KeyName, version: Version, within: Duration) -> Result<WatchOutcome, StoreError>;

    /// As [`Store::liveness_lock`](wellspring_core::Store::liveness_lock).
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError>;
}

/// Bytes as lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_sha_256_of_the_key() {
        let name = KeyName::of(&TokenKey::new("p", "e"));
        assert_eq!(name.as_str(), "8cc70f6b2f6642e47fbddcac8b3614257f01c63f9057a72b88b6ed4221d28c14");
    }

    #[test]
    fn debug_of_an_entry_shows_none_of_its_bytes() {
        let entry = Entry { version: Version::new(7), bytes: Zeroizing::new(b"canary".to_vec()) };
        assert_eq!(format!("{entry:?}"), "Entry(Version(7), 6 bytes)");
    }
}
