//! Spilled tokens that only a process with access to the store can have written.
//!
//! A spill lies outside the store, so its first line binds it to the store and to the key of its record:
//!
//! ```text
//! wellspring spill 2 <HMAC-SHA-256, by the store's spill key, of the key's name, a line feed and all that follows>
//! wellspring bound-spill 1 <SHA-256 of all that follows>
//! ...
//! ```
//!
//! A spill without such a first line is not bound: an earlier version wrote it, or a process that knew no key. The key lists
//! those that lay there when the store got it; later ones are ignored.

use core::fmt;

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use wellspring_core::{PendingSave, StoreError};
use zeroize::Zeroizing;

use super::envelope::{seal, unseal};
use super::fields::{Writer, required};
use super::pending_save;
use super::unreadable::Unreadable;
use crate::entries::fill_random;
use crate::map::{KeyName, from_hex, hex};

const FIRST_WORDS: &str = "wellspring spill 2 ";
const BOUND: &str = "bound-spill";
const UNBOUND: &str = "spill";
const KEY: &str = "spill-key";

/// The secret of a store by which its spills are known, and the digests of the unbound spills that are older than it.
#[derive(Clone)]
pub(crate) struct SpillKey {
    secret: Zeroizing<[u8; 32]>,
    unbound: BTreeSet<String>,
}

impl fmt::Debug for SpillKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpillKey")
    }
}

/// Why a spill is not used.
#[derive(Debug)]
pub(crate) enum Rejected {
    /// No process with access to this store wrote it, or not for this key, or it was changed since.
    Foreign,
    /// It cannot be decoded.
    Unreadable(Unreadable),
}

impl From<Unreadable> for Rejected {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl SpillKey {
    /// A new key, for a store with these unbound spills.
    pub(crate) fn random(unbound: impl IntoIterator<Item = String>) -> Result<Self, StoreError> {
        let mut secret = Zeroizing::new([0; 32]);
        fill_random(&mut *secret)?;
        Ok(Self { secret, unbound: unbound.into_iter().collect() })
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let unbound = self.unbound.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let mut fields = Writer::with_capacity(64 + unbound.len());
        fields.text("key", &Zeroizing::new(hex(&*self.secret)));
        if !unbound.is_empty() {
            fields.text("unbound", &unbound);
        }
        seal(KEY, fields)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = unseal(KEY, bytes)?;
        let digits = required("key", fields.text("key")?)?;
        let unbound = fields.text("unbound")?.unwrap_or_default();
        fields.end()?;
        let secret = Zeroizing::new(from_hex(digits.as_bytes()).ok_or(Unreadable::Field("key"))?);
        Ok(Self { secret, unbound: unbound.split_whitespace().map(str::to_owned).collect() })
    }

    fn mac(&self, name: &KeyName, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&*self.secret).expect("HMAC takes keys of any length");
        mac.update(name.as_str().as_bytes());
        mac.update(b"\n");
        mac.update(bytes);
        mac
    }
}

/// What a store's key keeps of an unbound spill in these bytes; `None` if they are not one.
pub(crate) fn unbound_digest(bytes: &[u8], name: &KeyName) -> Option<String> {
    pending_save::decode(UNBOUND, bytes).ok()?;
    Some(digest(bytes, name))
}

fn digest(bytes: &[u8], name: &KeyName) -> String {
    hex(&Sha256::new_with_prefix(name.as_str()).chain_update("\n").chain_update(bytes).finalize())
}

/// A spill of this key, bound to the store; without the store's spill key it is not bound.
pub(crate) fn encode_spill(
    pending_save: &PendingSave,
    name: &KeyName,
    key: Option<&SpillKey>,
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let Some(key) = key else { return pending_save::encode(UNBOUND, pending_save) };
    let bound = pending_save::encode(BOUND, pending_save)?;
    let first = format!("{FIRST_WORDS}{}\n", hex(&key.mac(name, &bound).finalize().into_bytes()));
    let mut bytes = Zeroizing::new(Vec::with_capacity(first.len() + bound.len()));
    bytes.extend_from_slice(first.as_bytes());
    bytes.extend_from_slice(&bound);
    Ok(bytes)
}

/// The spill in these bytes, if it is one of this key and this store. `key` is the store's spill key, if it has one.
pub(crate) fn decode_spill(
    bytes: &[u8],
    name: &KeyName,
    key: Option<&SpillKey>,
) -> Result<PendingSave, Rejected> {
    let Some(rest) = bytes.strip_prefix(FIRST_WORDS.as_bytes()) else {
        let pending_save = pending_save::decode(UNBOUND, bytes)?;
        let trusted = key.is_none_or(|key| key.unbound.contains(&digest(bytes, name)));
        return if trusted { Ok(pending_save) } else { Err(Rejected::Foreign) };
    };
    let (mac, bound) = rest.split_at_checked(64).ok_or(Rejected::Foreign)?;
    let bound = bound.strip_prefix(b"\n").ok_or(Rejected::Foreign)?;
    let key = key.ok_or(Rejected::Foreign)?;
    // The comparison takes the same time wherever the codes differ.
    let given: [u8; 32] = from_hex(mac).ok_or(Rejected::Foreign)?;
    key.mac(name, bound).verify_slice(&given).map_err(|_| Rejected::Foreign)?;
    Ok(pending_save::decode(BOUND, bound)?)
}

#[cfg(test)]
mod tests {
    use wellspring_core::TokenKey;

    use super::*;
    use crate::contract::sample;

    fn name(user: &str) -> KeyName {
        KeyName::of(&TokenKey::new("p", "e").user(user))
    }

    fn is_foreign(outcome: Result<PendingSave, Rejected>) -> bool {
        matches!(outcome, Err(Rejected::Foreign))
    }

    #[test]
    fn a_spill_is_read_only_with_the_key_of_its_store_and_under_its_own_name() {
        let (ours, theirs) = (SpillKey::random(None).unwrap(), SpillKey::random(None).unwrap());
        let pending_save = sample::pending_save(3);
        let bytes = encode_spill(&pending_save, &name("a"), Some(&ours)).unwrap();
        let read = decode_spill(&bytes, &name("a"), Some(&ours)).unwrap();
        assert!(sample::same_pending_save(&read, &pending_save));
        assert!(is_foreign(decode_spill(&bytes, &name("b"), Some(&ours))), "another key");
        assert!(is_foreign(decode_spill(&bytes, &name("a"), Some(&theirs))), "another store");
        assert!(is_foreign(decode_spill(&bytes, &name("a"), None)), "a store without a spill key");
    }

    #[test]
    fn a_spill_that_was_changed_in_any_byte_or_cut_is_not_read() {
        let key = SpillKey::random(None).unwrap();
        let bytes = encode_spill(&sample::pending_save(3), &name("a"), Some(&key)).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(decode_spill(&changed, &name("a"), Some(&key)).is_err(), "byte {at}");
            assert!(decode_spill(&bytes[..at], &name("a"), Some(&key)).is_err(), "cut to {at}");
        }
        let line = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        assert!(decode_spill(&bytes[line + 1..], &name("a"), Some(&key)).is_err(), "without its first line");
    }

    #[test]
    fn an_unbound_spill_is_read_only_in_a_store_without_a_key_or_if_it_is_older_than_the_key() {
        let bytes = encode_spill(&sample::pending_save(3), &name("a"), None).unwrap();
        let later = encode_spill(&sample::pending_save(4), &name("a"), None).unwrap();
        let key = SpillKey::random(unbound_digest(&bytes, &name("a"))).unwrap();
        let key = SpillKey::decode(&key.encode()).unwrap();
        for key in [None, Some(&key)] {
            let read = decode_spill(&bytes, &name("a"), key).unwrap();
            assert!(sample::same_pending_save(&read, &sample::pending_save(3)));
        }
        assert!(decode_spill(&later, &name("a"), None).is_ok());
        assert!(is_foreign(decode_spill(&later, &name("a"), Some(&key))), "younger than the key");
        assert!(is_foreign(decode_spill(&bytes, &name("b"), Some(&key))), "another key");
        assert_eq!(unbound_digest(b"no spill", &name("a")), None);
    }

    #[test]
    fn a_spill_key_round_trips_and_is_never_shown() {
        let key = SpillKey::random(None).unwrap();
        let bytes = key.encode();
        assert_eq!(*SpillKey::decode(&bytes).unwrap().secret, *key.secret);
        assert_eq!(format!("{key:?}"), "SpillKey");
        assert!(SpillKey::decode(&bytes[..bytes.len() - 1]).is_err());
    }
}
