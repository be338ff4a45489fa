//! The interface of a new store: a map from names to versioned bytes, with compare-and-swap.

use core::fmt;
use core::time::Duration;

use sha2::{Digest as _, Sha256};
use wellspring_core::{
    LivenessLock, LockDomain, StoreError, StoreGuarantees, TokenKey, Version, WatchOutcome,
};
use zeroize::Zeroizing;

use crate::encoding;

/// The name under which a key is stored: the key's SHA-256 as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// The SHA-256 of `wellspring spill key`.
const SPILL_KEY: &str = "d0a6c0b8d4dad5893d09aa38ac4a679b4a5a1aa3085471798fb04bcab36f6fd0";

impl KeyName {
    /// The name of this key.
    #[must_use]
    pub fn of(key: &TokenKey) -> Self {
        Self(hex(&Sha256::digest(key.as_bytes())))
    }

    /// The name under which a store keeps the key that its spills are known by. No token key has this name: each begins
    /// with a tag.
    pub(crate) fn of_spill_key() -> Self {
        Self(SPILL_KEY.to_owned())
    }

    /// Whether this is the name of something else than a record: of the key that spills are known by. A map may keep it
    /// apart from the records.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.0 == SPILL_KEY
    }

    /// The name of these 64 digits; `None` for any other text.
    #[must_use]
    pub fn of_digits(digits: &str) -> Option<Self> {
        let lower = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == 64 && digits.bytes().all(lower)).then(|| Self(digits.to_owned()))
    }

    /// The 64 digits.
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

/// An encoded record and its version. The bytes contain tokens.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "every map constructs it")]
pub struct Entry {
    /// The version that a writer must name to replace this entry.
    pub version: Version,
    /// The record as [`Records`](crate::Records) encoded it.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Entry {
    /// Whether these bytes are complete: a save that was interrupted may have left a part of them.
    ///
    /// # Errors
    ///
    /// When a newer version wrote them, which only that version can tell.
    pub fn is_whole(&self) -> Result<bool, StoreError> {
        match encoding::is_whole(&self.bytes) {
            Ok(()) => Ok(true),
            Err(newer @ encoding::Unreadable::NewerFormat(_)) => {
                Err(StoreError::unreadable(format!("an interrupted save {newer}")))
            }
            Err(_) => Ok(false),
        }
    }

    /// Checks that these bytes are complete, and of a format that this version reads. `shown` says where the entry is.
    ///
    /// # Errors
    ///
    /// When they are not. A load of the record fails with the same error.
    pub fn check(&self, shown: &str) -> Result<(), StoreError> {
        encoding::is_whole(&self.bytes).map_err(|error| error.in_store(&format!("the record {shown}")))
    }

    /// Whether these bytes are a record with a lease. A process sends nothing before the save of its lease is confirmed.
    /// A sealed record says so without its key.
    #[must_use]
    pub fn holds_lease(&self) -> bool {
        if let Some(sealed) = encoding::Sealed::read(&self.bytes) {
            return sealed.is_ok_and(|sealed| sealed.label.leased);
        }
        encoding::record_holds_lease(&self.bytes)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({:?}, {} bytes)", self.version, self.bytes.len())
    }
}

/// A map from names to versioned bytes.
///
/// Every operation completes or fails `within` the time that the caller gives. If a swap fails and the map may have
/// applied it all the same, the error says so with [`Maybe`](wellspring_core::Applied::Maybe). Errors show no byte of an
/// entry.
pub trait Map: Send + Sync + fmt::Debug {
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
    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError>;

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
    ) -> Result<bool, StoreError>;

    /// Like [`Store::watch`](wellspring_core::Store::watch). The map must notice a change within 100 ms.
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
    ) -> Result<WatchOutcome, StoreError>;

    /// Like [`Store::liveness_lock`](wellspring_core::Store::liveness_lock).
    ///
    /// # Errors
    ///
    /// When the lock cannot be acquired.
    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError>;

    /// The names of all entries, in any order, for [`Records::reseal`](crate::Records::reseal) and for a look at the whole
    /// store.
    ///
    /// # Errors
    ///
    /// When the map cannot be read, or cannot list its names.
    fn names(&self, _: Duration) -> Result<Vec<KeyName>, StoreError> {
        Err(StoreError::refused("this store cannot list its records"))
    }

    /// Where an error says that the entry of this name is: its file, or its name and the file of all.
    fn shown(&self, name: &KeyName) -> String {
        name.to_string()
    }

    /// An error for each part of the map that needs a person: what other users have access to, what is corrupt, what is
    /// not a file. A load or save that needs this part fails with the same error. Each names the path and says what to do.
    fn problems(&self) -> Vec<StoreError> {
        Vec::new()
    }

    /// A sentence about each part of the map that a person should know of and need not correct.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Bytes as lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    // Each operation of a store makes a name: by `write!` that would cost more than the rest of a load from memory.
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes that these hexadecimal digits stand for.
pub(crate) fn from_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
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
    fn hexadecimal_digits_round_trip_and_nothing_else_is_read() {
        let bytes = [0x00, 0x9a, 0xff, 0x07];
        assert_eq!(from_hex(hex(&bytes).as_bytes()), Some(bytes));
        for digits in ["009aff0", "009aff077", "009aff0g", "+09aff07", ""] {
            assert_eq!(from_hex::<4>(digits.as_bytes()), None, "{digits}");
        }
    }

    #[test]
    fn the_name_of_the_spill_key_is_that_of_no_token_key() {
        assert_eq!(SPILL_KEY, hex(&Sha256::digest(b"wellspring spill key")));
        assert!(KeyName::of_spill_key().is_reserved());
        assert!(!KeyName::of(&TokenKey::new("wellspring spill key", "")).is_reserved());
    }

    #[test]
    fn debug_of_an_entry_shows_none_of_its_bytes() {
        let entry = Entry { version: Version::new(7), bytes: Zeroizing::new(b"canary".to_vec()) };
        assert_eq!(format!("{entry:?}"), "Entry(Version(7), 6 bytes)");
    }
}
