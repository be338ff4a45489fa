//! The envelope of sealed bytes: what can be read without a key.
//!
//! ```text
//! wellspring sealed 5 <SHA-256 of all that follows>
//! <record, spill or spill-key> <id of the key> <leased or -> <nonce of 24 bytes, as digits>
//! <XChaCha20-Poly1305 of the plain encoding>
//! ```
//!
//! The checksum tells a save that was interrupted from one that was changed, without a key. `leased` says the same as the
//! lease of the record: a map that finds an interrupted save must know whether it is one. The number is one of the formats
//! of records, so that an earlier version asks for an update. The second line without its nonce and the name of the record
//! are associated data: sealed bytes open only where they were put, and as what they were put.

use sha2::{Digest as _, Sha256};
#[cfg(any(test, feature = "sealing"))]
use zeroize::Zeroizing;

use super::unreadable::Unreadable;
#[cfg(any(test, feature = "sealing"))]
use crate::map::KeyName;
use crate::map::{from_hex, hex};
use crate::sealing_key_id::SealingKeyId;

/// The format of sealed bytes. No record has this number.
pub(super) const FORMAT: u32 = 5;

const FIRST_WORDS: &str = "wellspring sealed ";
const LEASED: &str = "leased";
const NOT_LEASED: &str = "-";

/// The length of the nonce.
pub(crate) const NONCE: usize = 24;

/// What is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Record,
    Spill,
    SpillKey,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Record, Self::Spill, Self::SpillKey];

    const fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Spill => "spill",
            Self::SpillKey => "spill-key",
        }
    }
}

/// What the envelope says of its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) kind: Kind,
    pub(crate) key: SealingKeyId,
    /// Whether this is a record with a lease.
    pub(crate) leased: bool,
}

impl Label {
    #[cfg(any(test, feature = "sealing"))]
    fn words(self) -> String {
        let leased = if self.leased { LEASED } else { NOT_LEASED };
        format!("{} {} {leased}", self.kind.word(), self.key)
    }

    /// What the seal of this label and of the record of this name also authenticates.
    #[cfg(any(test, feature = "sealing"))]
    pub(crate) fn associated_data(self, name: &KeyName) -> String {
        format!("{FIRST_WORDS}{FORMAT}\n{}\n{name}", self.words())
    }
}

/// The parts of sealed bytes.
#[derive(Debug)]
#[cfg_attr(not(any(test, feature = "sealing")), expect(dead_code, reason = "without keys nothing is opened"))]
pub(crate) struct Sealed<'a> {
    pub(crate) label: Label,
    pub(crate) nonce: [u8; NONCE],
    pub(crate) ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Takes these bytes apart; `None` if they are not sealed.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Result<Self, Unreadable>> {
        let rest = bytes.strip_prefix(FIRST_WORDS.as_bytes())?;
        Some(Self::parse(rest))
    }

    fn parse(rest: &'a [u8]) -> Result<Self, Unreadable> {
        let (first, rest) = line(rest)?;
        let (format, checksum) = first.split_once(' ').ok_or(Unreadable::Corrupt)?;
        if format != FORMAT.to_string() {
            // A later format may keep its checksum elsewhere, so only its number can be reported.
            return Err(format.parse().map_or(Unreadable::Corrupt, Unreadable::NewerFormat));
        }
        if checksum != hex(&Sha256::digest(rest)) {
            return Err(Unreadable::Corrupt);
        }
        let (second, ciphertext) = line(rest)?;
        let words: Vec<_> = second.split(' ').collect();
        let [kind, key, leased, nonce] = words[..] else { return Err(Unreadable::Corrupt) };
        let kind = Kind::ALL.into_iter().find(|known| known.word() == kind).ok_or(Unreadable::Corrupt)?;
        let key = SealingKeyId::of_digits(key).ok_or(Unreadable::Corrupt)?;
        let leased = match leased {
            LEASED => true,
            NOT_LEASED => false,
            _ => return Err(Unreadable::Corrupt),
        };
        // One encoding only: capital digits are none.
        let digits = nonce;
        let nonce = from_hex(digits.as_bytes()).filter(|nonce| hex(nonce) == digits);
        let nonce = nonce.ok_or(Unreadable::Corrupt)?;
        Ok(Self { label: Label { kind, key, leased }, nonce, ciphertext })
    }
}

/// Puts the two lines before the ciphertext.
#[cfg(any(test, feature = "sealing"))]
pub(crate) fn write(label: Label, nonce: &[u8; NONCE], ciphertext: &[u8]) -> Zeroizing<Vec<u8>> {
    let second = format!("{} {}\n", label.words(), hex(nonce));
    let checksum = Sha256::new_with_prefix(&second).chain_update(ciphertext).finalize();
    let first = format!("{FIRST_WORDS}{FORMAT} {}\n", hex(&checksum));
    let mut bytes = Zeroizing::new(Vec::with_capacity(first.len() + second.len() + ciphertext.len()));
    for piece in [first.as_bytes(), second.as_bytes(), ciphertext] {
        bytes.extend_from_slice(piece);
    }
    bytes
}

/// The first line of these bytes, and what follows it.
fn line(bytes: &[u8]) -> Result<(&str, &[u8]), Unreadable> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(Unreadable::Corrupt)?;
    let first = core::str::from_utf8(&bytes[..end]).map_err(|_| Unreadable::Corrupt)?;
    Ok((first, &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use wellspring_core::TokenKey;

    use super::*;

    const LABEL: Label = Label { kind: Kind::Record, key: SealingKeyId::new([7; 8]), leased: true };

    #[test]
    fn an_envelope_is_taken_apart_as_it_was_written() {
        for kind in Kind::ALL {
            for leased in [true, false] {
                let label = Label { kind, leased, ..LABEL };
                let bytes = write(label, &[9; NONCE], b"cipher\ntext");
                let read = Sealed::read(&bytes).unwrap().unwrap();
                assert_eq!(
                    (read.label, read.nonce, read.ciphertext),
                    (label, [9; NONCE], &b"cipher\ntext"[..])
                );
            }
        }
        assert!(Sealed::read(b"wellspring record 1 0\n").is_none());
    }

    #[test]
    fn an_envelope_that_was_cut_or_changed_is_corrupt() {
        let bytes = write(LABEL, &[9; NONCE], b"ciphertext");
        for at in FIRST_WORDS.len()..bytes.len() {
            let cut = Sealed::read(&bytes[..at]).unwrap();
            assert!(matches!(cut, Err(Unreadable::Corrupt)), "cut to {at}");
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = Sealed::read(&changed).unwrap();
            assert!(matches!(changed, Err(Unreadable::Corrupt | Unreadable::NewerFormat(_))), "byte {at}");
        }
    }

    #[test]
    fn a_later_format_is_reported_with_its_number() {
        let later = Sealed::read(b"wellspring sealed 6 whatever comes\n").unwrap();
        assert!(matches!(later, Err(Unreadable::NewerFormat(6))));
    }

    #[test]
    fn the_associated_data_names_the_format_the_label_and_the_record() {
        let name = KeyName::of(&TokenKey::new("p", "e"));
        let said = LABEL.associated_data(&name);
        assert_eq!(said, format!("wellspring sealed 5\nrecord 0707070707070707 leased\n{name}"));
    }
}
