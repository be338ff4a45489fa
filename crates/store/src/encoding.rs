//! Records and spilled tokens as bytes.
//!
//! One line that says what follows, in which format, with which checksum; then one line for each field, as name,
//! length in bytes and value. The order is fixed and what does not apply is left out, so a record has one encoding
//! and an encoding has one record. Times count from 1970 by the wall clock, exact to the nanosecond.
//!
//! ```text
//! wellspring record 1 <SHA-256 of all that follows>
//! epoch 1 3
//! generation 2 41
//! ...
//! ```
//!
//! A field that this version does not know is an error, not something to step over: whoever steps over it saves the
//! record without it. Who adds a field therefore raises the format's number.

mod fields;
mod pending_save;
mod record;
#[cfg(test)]
mod tests;

use core::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::map::hex;
use fields::{Reader, Writer};

pub(crate) use pending_save::{decode_pending_save, encode_pending_save};
pub(crate) use record::{decode_record, encode_record};

const FORMAT: u32 = 1;

/// Why bytes cannot be understood, to follow the name of what they are. Holds none of them.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Garbled,
    Field(&'static str),
    Newer(u32),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Garbled => f.write_str("is garbled: it was cut off, overwritten or never whole"),
            Self::Field(name) => write!(f, "is garbled in or before its field {name}"),
            Self::Newer(format) => {
                write!(f, "is of format {format}; this version reads {FORMAT} alone, so a newer one wrote it")
            }
        }
    }
}

/// Puts the first line before the fields.
fn seal(kind: &str, fields: Writer) -> Zeroizing<Vec<u8>> {
    let fields = fields.into_bytes();
    let first = format!("wellspring {kind} {FORMAT} {}\n", hex(&Sha256::digest(&*fields)));
    let mut bytes = Zeroizing::new(Vec::with_capacity(first.len() + fields.len()));
    bytes.extend_from_slice(first.as_bytes());
    bytes.extend_from_slice(&fields);
    bytes
}

/// Takes the first line off and checks it.
fn unseal<'a>(kind: &str, bytes: &'a [u8]) -> Result<Reader<'a>, Unreadable> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(Unreadable::Garbled)?;
    let (first, fields) = (&bytes[..end], &bytes[end + 1..]);
    let first = core::str::from_utf8(first).map_err(|_| Unreadable::Garbled)?;
    let rest = first.strip_prefix("wellspring ").and_then(|rest| rest.strip_prefix(kind));
    let (format, checksum) =
        rest.and_then(|rest| rest.strip_prefix(' ')?.split_once(' ')).ok_or(Unreadable::Garbled)?;
    if format != FORMAT.to_string() {
        // Nothing else can be said of a format that is not known, not even where its checksum stands.
        return Err(format.parse().map_or(Unreadable::Garbled, Unreadable::Newer));
    }
    if checksum != hex(&Sha256::digest(fields)) {
        return Err(Unreadable::Garbled);
    }
    core::str::from_utf8(fields).map(Reader::new).map_err(|_| Unreadable::Garbled)
}
