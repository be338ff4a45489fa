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
//! A field that this version does not know is an error. A reader that skipped it would save the record without it. A
//! change that adds a field must therefore raise the format's number. The first line has the number of the oldest format
//! that knows all the fields, so that an earlier version reads what it can.
//!
//! Format 2 is that of a spill which is bound to its store. Format 3 adds `claim_domain`, `requested_scope`, and
//! `moving_to` for a record that moves to another key.

mod authentic;
mod envelope;
mod fields;
mod pending_save;
mod record;
#[cfg(test)]
mod tests;
mod unreadable;

pub(crate) use authentic::{Rejected, SpillKey, decode_spill, encode_spill, unbound_digest};
pub(crate) use envelope::is_whole;
pub(crate) use record::{Decoded, decode_record, encode_moving, encode_record};
pub(crate) use unreadable::Unreadable;
