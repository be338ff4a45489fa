//! The public name of a sealing key.

use core::fmt;

use crate::map::{from_hex, hex};

/// The id of a sealing key: 16 hexadecimal digits, which tell nothing of the key. Sealed records carry it, and errors name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealingKeyId([u8; 8]);

impl SealingKeyId {
    #[cfg(any(test, feature = "sealing"))]
    pub(crate) const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The id of these digits.
    pub(crate) fn of_digits(digits: &str) -> Option<Self> {
        let lower = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        digits.bytes().all(lower).then(|| from_hex(digits.as_bytes()).map(Self))?
    }
}

impl fmt::Display for SealingKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for SealingKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKeyId({self})")
    }
}
