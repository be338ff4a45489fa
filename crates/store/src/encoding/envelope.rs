//! The first line of an encoding: kind, format and checksum.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::fields::{Reader, Writer};
use super::sealed::Sealed;
use super::unreadable::{NEWEST_FORMAT, Unreadable};
use crate::map::hex;

/// Puts the first line before the fields.
pub(super) fn seal(kind: &str, fields: Writer) -> Zeroizing<Vec<u8>> {
    let format = fields.format();
    let fields = fields.into_bytes();
    let first = format!("wellspring {kind} {format} {}\n", hex(&Sha256::digest(&*fields)));
    let mut bytes = Zeroizing::new(Vec::with_capacity(first.len() + fields.len()));
    bytes.extend_from_slice(first.as_bytes());
    bytes.extend_from_slice(&fields);
    bytes
}

/// Checks the first line and returns a reader of the fields.
pub(super) fn unseal<'a>(kind: &str, bytes: &'a [u8]) -> Result<Reader<'a>, Unreadable> {
    let (found, fields, format) = check(bytes)?;
    if found != kind {
        return Err(Unreadable::Corrupt);
    }
    core::str::from_utf8(fields).map(|fields| Reader::new(fields, format)).map_err(|_| Unreadable::Corrupt)
}

/// Whether this first line is that of an encoding of this kind.
pub(super) fn is_of_kind(kind: &str, first: &str) -> bool {
    let rest = first.strip_prefix("wellspring ").and_then(|rest| rest.strip_prefix(kind));
    rest.is_some_and(|rest| rest.starts_with(' '))
}

/// Whether these bytes are complete, of whatever kind.
pub(crate) fn is_whole(bytes: &[u8]) -> Result<(), Unreadable> {
    match Sealed::read(bytes) {
        Some(sealed) => sealed.map(|_| ()),
        None => check(bytes).map(|_| ()),
    }
}

/// The kind, the fields and the format, if the checksum of the fields is right.
fn check(bytes: &[u8]) -> Result<(&str, &[u8], u32), Unreadable> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(Unreadable::Corrupt)?;
    let (first, fields) = (&bytes[..end], &bytes[end + 1..]);
    let first = core::str::from_utf8(first).map_err(|_| Unreadable::Corrupt)?;
    let rest = first.strip_prefix("wellspring ").and_then(|rest| rest.split_once(' '));
    let (kind, (format, checksum)) =
        rest.and_then(|(kind, rest)| Some((kind, rest.split_once(' ')?))).ok_or(Unreadable::Corrupt)?;
    let Some(known) = (1..=NEWEST_FORMAT).find(|known| format == known.to_string()) else {
        // An unknown format may keep its checksum elsewhere, so only the format's number can be reported.
        return Err(format.parse().map_or(Unreadable::Corrupt, Unreadable::NewerFormat));
    };
    if checksum != hex(&Sha256::digest(fields)) {
        return Err(Unreadable::Corrupt);
    }
    Ok((kind, fields, known))
}
