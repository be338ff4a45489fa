//! Spilled tokens that only a process with access to the store can have written.
//!
//! A spill lies outside the store, so its first line binds it to the store and to the key of its record:
//!
//! ```text
//! wellspring spill 2 <HMAC-SHA-256, by the store's spill key, of the key's name, a line feed and all that follows>
//! wellspring bound-spill 1 <SHA-256 of all that follows>
//! ...
//! ```

use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wellspring_core::{PendingSave, StoreError};
use zeroize::Zeroizing;

use super::envelope::{seal, unseal};
use super::fields::{Writer, required};
use super::pending_save;
use super::unreadable::Unreadable;
use crate::map::{KeyName, hex};

const FIRST_WORDS: &str = "wellspring spill 2 ";
const BOUND: &str = "bound-spill";
const UNBOUND: &str = "spill";
const KEY: &str = "spill-key";

/// The secret of a store by which its spills are known.
#[derive(Clone)]
pub(crate) struct SpillKey(Zeroizing<[u8; 32]>);

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
    pub(crate) fn random() -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(|error| {
            StoreError::unavailable(format!("the operating system returned no random bytes: {error}"))
        })?;
        Ok(Self(bytes))
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut fields = Writer::with_capacity(64);
        fields.text("key", &Zeroizing::new(hex(&*self.0)));
        seal(KEY, fields)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = unseal(KEY, bytes)?;
        let digits = required("key", fields.text("key")?)?;
        fields.end()?;
        let mut key = Zeroizing::new([0; 32]);
        let pairs = digits.as_bytes().chunks(2);
        if pairs.len() != key.len() {
            return Err(Unreadable::Field("key"));
        }
        for (byte, pair) in key.iter_mut().zip(pairs) {
            let pair = core::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
            *byte = pair.ok_or(Unreadable::Field("key"))?;
        }
        Ok(Self(key))
    }

    fn mac(&self, name: &KeyName, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&*self.0).expect("HMAC takes keys of any length");
        mac.update(name.as_str().as_bytes());
        mac.update(b"\n");
        mac.update(bytes);
        mac
    }
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
///
/// A spill without a first line of this kind was written where the store could not be read, or by an earlier version.
pub(crate) fn decode_spill(
    bytes: &[u8],
    name: &KeyName,
    key: Option<&SpillKey>,
) -> Result<PendingSave, Rejected> {
    let Some(rest) = bytes.strip_prefix(FIRST_WORDS.as_bytes()) else {
        return Ok(pending_save::decode(UNBOUND, bytes)?);
    };
    let (mac, bound) = rest.split_at_checked(64).ok_or(Rejected::Foreign)?;
    let bound = bound.strip_prefix(b"\n").ok_or(Rejected::Foreign)?;
    let key = key.ok_or(Rejected::Foreign)?;
    // The comparison takes the same time wherever the codes differ.
    let given: Vec<u8> = mac
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
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
        let (ours, theirs) = (SpillKey::random().unwrap(), SpillKey::random().unwrap());
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
        let key = SpillKey::random().unwrap();
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
    fn a_spill_of_a_process_without_the_key_is_read_by_all() {
        let key = SpillKey::random().unwrap();
        let pending_save = sample::pending_save(3);
        let bytes = encode_spill(&pending_save, &name("a"), None).unwrap();
        for key in [None, Some(&key)] {
            assert!(sample::same_pending_save(
                &decode_spill(&bytes, &name("a"), key).unwrap(),
                &pending_save
            ));
        }
    }

    #[test]
    fn a_spill_key_round_trips_and_is_never_shown() {
        let key = SpillKey::random().unwrap();
        let bytes = key.encode();
        assert_eq!(*SpillKey::decode(&bytes).unwrap().0, *key.0);
        assert_eq!(format!("{key:?}"), "SpillKey");
        assert!(SpillKey::decode(&bytes[..bytes.len() - 1]).is_err());
    }
}
