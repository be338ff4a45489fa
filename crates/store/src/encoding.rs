//! Records and spilled tokens as bytes.
//!
//! The first line names the kind, the format and the checksum of what follows. Each further line is one field: name,
//! length in bytes, value. The field order is fixed and an absent field has no line, so a record has exactly one encoding.
//! Times are wall-clock times since 1970 with nanoseconds.
//!
//! ```text
//! wellspring record 1 <SHA-256 of all that follows>
//! epoch 1 3
//! generation 2 41
//! ...
//! ```
//!
//! The first line has the number of the oldest format that knows all the fields, so that an earlier version reads what it
//! can. A later version adds a field in one of two ways:
//!
//! - A field that an earlier version must not overlook raises the format's number: an earlier version refuses the record.
//! - A field that an earlier version may carry along comes last, and its name begins with `+`. From format 4 on, a reader
//!   that does not know such a field keeps it and writes it back for as long as the session lasts. A field that belongs to
//!   one token therefore names the token's generation.
//!
//! A new word in a known field is of the first kind. Any other unknown field is an error: a reader that skipped it would save the record without it.
//!
//! Format 2 is that of a spill which is bound to its store. Format 3 adds `claim_domain`, `requested_scope`, and
//! `moving_to` for a record that moves to another key. Format 4 adds the members of the token response, attachments, and
//! the fields that begin with `+`. Format 5 is that of sealed bytes; the next format of a record is 6.

mod additions;
mod authentic;
mod envelope;
mod fields;
mod pending_save;
mod record;
mod refusals;
mod sealed;
#[cfg(test)]
mod tests;
mod unreadable;

pub(crate) use authentic::{Rejected, SpillKey, decode_spill, encode_spill, unbound_digest};
pub(crate) use envelope::is_whole;
pub(crate) use record::{Decoded, decode_record, encode_moving, encode_record, record_holds_lease};
pub(crate) use sealed::{Kind, Sealed};
#[cfg(feature = "sealing")]
pub(crate) use sealed::{Label, NONCE, write as write_sealed};
pub(crate) use unreadable::Unreadable;
