//! Bytes that a program attaches to a stored session: a client registration, a key, a profile of the user.
//!
//! They may be secrets, so `Debug` shows only their names and the memory is wiped.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::bounded::{Bounded, Length};
use crate::wiped::Zeroizing;

/// Bytes that a program has attached to a stored session, by name.
///
/// They last as long as the session: renewals keep them; a logout and a new sign-in begin without them. Cheap to clone.
/// `Debug` shows only the names, because the bytes may be secrets.
///
/// ```
/// use wellspring_core::Attachments;
///
/// let mut attachments = Attachments::default();
/// assert!(attachments.insert("registration", b"{\"client_id\":\"c1\"}"));
/// assert_eq!(attachments.expose("registration"), Some(&b"{\"client_id\":\"c1\"}"[..]));
/// assert_eq!(format!("{attachments:?}"), r#"{"registration"}"#);
/// ```
#[derive(Clone, Default)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct Attachments(Bounded<Zeroizing<Vec<u8>>>);

impl Length for Zeroizing<Vec<u8>> {
    fn length(&self) -> usize {
        self.len()
    }
}

impl Attachments {
    /// The most bytes in all: 64 KiB. The names have at most 16 KiB.
    pub const MAX_BYTES: usize = Bounded::<Zeroizing<Vec<u8>>>::MAX_BYTES;

    /// The bytes of this name.
    #[must_use]
    pub fn expose(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(|bytes| bytes.as_slice())
    }

    /// The names, in the order in which they were attached.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name)
    }

    /// The bytes with their names, in the order in which they were attached.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, bytes)| (name, bytes.as_slice()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds these bytes; the last ones of a name win. Returns false, and adds nothing, if all would be longer than
    /// [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn insert(&mut self, name: impl Into<String>, bytes: impl AsRef<[u8]>) -> bool {
        self.0.insert(name.into(), Zeroizing::new(bytes.as_ref().to_vec()))
    }

    /// Removes the bytes of this name. Returns whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name)
    }
}

impl fmt::Debug for Attachments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn attachments_have_64_kib_in_all_and_are_not_shown() {
        let mut attachments = Attachments::default();
        assert!(attachments.insert("a", "canary".repeat(10_000)));
        assert!(!attachments.insert("b", "x".repeat(Attachments::MAX_BYTES - 59_999)));
        assert!(attachments.insert("b", "x".repeat(Attachments::MAX_BYTES - 60_000)));
        assert_eq!(format!("{attachments:?}"), r#"{"a", "b"}"#);
        assert!(attachments.remove("a") && !attachments.remove("a"));
        assert_eq!((attachments.expose("a"), attachments.names().count()), (None, 1));
    }
}
