//! The fields of format 4: the other members of the token response, attachments, what is known of refusals, and what a later
//! version has added.
//!
//! What is known of refusals is in fields that begin with `+`, so that an earlier version carries it along: `+proven` has the
//! credential that has worked and when, `+refusals` what belongs to the pause that ends at its first time.
//!
//! A member is a field with its name, then one with its value. The bytes of an attachment are written as hexadecimal digits.

use wellspring_core::{Attachments, Members, Record, StoreError, UnknownFields};
use zeroize::Zeroizing;

use super::fields::{Reader, Writer, required};
use super::refusals;
use super::unreadable::Unreadable;
use crate::map::hex;

const FORMAT: u32 = 4;

/// Of a tombstone: nothing of the session is revoked. An earlier version carries it along, and revokes.
const FORGOTTEN: &str = "+forgotten";

/// The most bytes that the fields of one member or one attachment take in addition to its name and value.
const OVERHEAD: usize = "attachment_bytes 18446744073709551615 \n".len() * 2;

pub(super) fn length_of_members(members: &Members) -> usize {
    members.iter().map(|(name, member)| OVERHEAD + name.len() + member.expose().len()).sum()
}

/// The length of what [`write`] writes, at most.
pub(super) fn length(record: &Record) -> usize {
    let Record { attachments, unknown, .. } = record;
    let length: usize = attachments.iter().map(|(name, bytes)| OVERHEAD + name.len() + 2 * bytes.len()).sum();
    length + unknown.expose().len() + refusals::LENGTH + FORGOTTEN.len() + " 0 \n".len()
}

pub(super) fn write_members(fields: &mut Writer, members: &Members) {
    for (name, member) in members.iter() {
        fields.of_format(FORMAT);
        fields.text("member", name);
        fields.text(if member.is_text() { "member_text" } else { "member_json" }, member.expose());
    }
}

pub(super) fn read_members(fields: &mut Reader<'_>) -> Result<Members, Unreadable> {
    let mut members = Members::default();
    while let Some(name) = fields.text_of_format(FORMAT, "member")? {
        let fits = match fields.text("member_text")? {
            Some(text) => members.insert_text(name, text),
            None => members.insert_json(name, required("member_json", fields.text("member_json")?)?),
        };
        required("member", fits.then_some(()))?;
    }
    Ok(members)
}

/// Writes attachments and what a later version has added.
///
/// # Errors
///
/// When the fields of the later version are none of this encoding.
pub(super) fn write(fields: &mut Writer, record: &Record) -> Result<(), StoreError> {
    let Record { attachments, unknown, .. } = record;
    for (name, bytes) in attachments.iter() {
        fields.of_format(FORMAT);
        fields.text("attachment", name);
        fields.text("attachment_bytes", &Zeroizing::new(hex(bytes)));
    }
    refusals::write(fields, record);
    if record.forgotten {
        fields.of_format(FORMAT);
        fields.text(FORGOTTEN, "");
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let whole = Reader::new(unknown.expose(), FORMAT).carried().is_ok_and(|read| read == unknown.expose());
    if !whole {
        return Err(StoreError::unreadable(
            "the fields that a later version has added to the record are of another store's encoding",
        ));
    }
    fields.of_format(FORMAT);
    fields.encoded(unknown.expose());
    Ok(())
}

pub(super) fn read(fields: &mut Reader<'_>, record: &mut Record) -> Result<(), Unreadable> {
    let mut attachments = Attachments::default();
    while let Some(name) = fields.text_of_format(FORMAT, "attachment")? {
        let digits = required("attachment_bytes", fields.text("attachment_bytes")?)?;
        let bytes = required("attachment_bytes", bytes_of(digits))?;
        required("attachment", attachments.insert(name, &*bytes).then_some(()))?;
    }
    record.attachments = attachments;
    refusals::read(fields, record)?;
    record.forgotten = fields.text_of_format(FORMAT, FORGOTTEN)?.is_some();
    record.unknown = UnknownFields::new(fields.carried()?);
    Ok(())
}

/// The bytes that these lower-case hexadecimal digits stand for.
fn bytes_of(digits: &str) -> Option<Zeroizing<Vec<u8>>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let pairs = digits.as_bytes().chunks_exact(2);
    let is_whole = pairs.remainder().is_empty();
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for pair in pairs {
        bytes.push(value(pair[0])? << 4 | value(pair[1])?);
    }
    is_whole.then_some(bytes)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};
    use wellspring_core::{Epoch, Generation, SessionState, TokenResponse, UnixTime};

    use super::super::{decode_record, encode_record, pending_save};
    use super::*;
    use crate::contract::sample;

    const PLAIN: &str = "epoch 1 1\ngeneration 1 1\ngrant 7 granted\nobtained_at 11 0.000000000\naccess_token 1 t\n\
                         reusable 5 false\n";
    const MEMBERS: &str = "member 2 id\nmember_text 3 a\nb\nmember 4 team\nmember_json 9 {\"id\":[]}\n";
    const ATTACHMENTS: &str = "attachment 3 key\nattachment_bytes 6 00ff0a\n";
    const UNKNOWN: &str = "+next_proof 5 k\ney1\n+next2 0 \n";

    fn sealed(format: u32, fields: &str) -> Vec<u8> {
        format!("wellspring record {format} {}\n{fields}", hex(&Sha256::digest(fields))).into_bytes()
    }

    fn full() -> Record {
        let mut record = sample::of_length(1);
        if let SessionState::Active(granted) = &mut record.state {
            let members = &mut granted.response.members;
            assert!(members.insert_text("id", "a\nb") && members.insert_json("team", "{\"id\":[]}"));
        }
        assert!(record.attachments.insert("key", [0, 255, 10]));
        record.unknown = UnknownFields::new(UNKNOWN);
        record
    }

    #[test]
    fn the_bytes_of_format_4_do_not_change() {
        let fields = [PLAIN, MEMBERS, ATTACHMENTS, UNKNOWN].concat();
        assert_eq!(**encode_record(&full()).unwrap(), sealed(4, &fields));
        assert!(sample::same(&decode_record(&sealed(4, &fields)).unwrap().record, &full()));
    }

    #[test]
    fn each_addition_makes_a_record_one_of_format_4_and_no_other_format_has_it() {
        for added in [MEMBERS, ATTACHMENTS, UNKNOWN] {
            let fields = [PLAIN, added].concat();
            let record = decode_record(&sealed(4, &fields)).unwrap().record;
            assert_eq!(**encode_record(&record).unwrap(), sealed(4, &fields), "{added}");
            for format in [1, 3] {
                assert!(decode_record(&sealed(format, &fields)).is_err(), "{format} {added}");
            }
        }
        assert!(decode_record(&sealed(4, PLAIN)).is_err(), "a record without additions is of format 1");
        assert!(decode_record(&sealed(1, PLAIN)).is_ok(), "old records open");
    }

    #[test]
    fn a_tombstone_remembers_that_the_session_was_forgotten() {
        let mut record = Record::new(Epoch::new(1), Generation::new(1), SessionState::LoggedOut);
        record.forgotten = true;
        let fields = "epoch 1 1\ngeneration 1 1\ngrant 10 logged-out\n+forgotten 0 \n";
        assert_eq!(**encode_record(&record).unwrap(), sealed(4, fields));
        assert!(decode_record(&sealed(4, fields)).unwrap().record.forgotten);
        let of_before = "epoch 1 1\ngeneration 1 1\ngrant 10 logged-out\n";
        assert!(!decode_record(&sealed(1, of_before)).unwrap().record.forgotten);
    }

    #[test]
    fn a_field_of_the_next_version_is_carried_along_only_at_the_end_and_if_its_name_says_so() {
        for bad in [
            "next 1 x\n",
            "+Next 1 x\n",
            "+ 1 x\n",
            "+next 9 x\n",
            "+next x\n",
            "+next 1 x",
            "+next 1 x\nepoch 1 1\n",
            "+next 1 x\nattachment 3 key\nattachment_bytes 2 00\n",
        ] {
            assert!(decode_record(&sealed(4, &[PLAIN, MEMBERS, bad].concat())).is_err(), "{bad}");
        }
        assert!(decode_record(&sealed(4, &["+next 1 x\n", PLAIN, MEMBERS].concat())).is_err());
    }

    #[test]
    fn a_spill_carries_all_of_it_too() {
        let spill = wellspring_core::PendingSave { record: full(), ..sample::pending_save(3) };
        let bytes = pending_save::encode("spill", &spill).unwrap();
        assert!(sample::same_pending_save(&pending_save::decode("spill", &bytes).unwrap(), &spill));
    }

    #[test]
    fn unknown_fields_of_another_encoding_are_refused_and_not_shown() {
        let mut record = full();
        record.unknown = UnknownFields::new("{\"canary\":1}");
        let error = encode_record(&record).unwrap_err();
        assert!(error.to_string().contains("another store's encoding"), "{error}");
        assert!(!format!("{error:?} {:?}", record.unknown).contains("canary"));
    }

    #[test]
    fn digits_that_stand_for_no_bytes_and_additions_beyond_64_kib_are_errors() {
        for bad in ["attachment_bytes 3 00f\n", "attachment_bytes 2 0g\n", "attachment_bytes 2 0F\n", ""] {
            let fields = [PLAIN, "attachment 3 key\n", bad].concat();
            assert!(decode_record(&sealed(4, &fields)).is_err(), "{bad}");
        }
        let long = "0".repeat(2 * Attachments::MAX_BYTES + 2);
        let fields = format!("{PLAIN}attachment 3 key\nattachment_bytes {} {long}\n", long.len());
        assert!(decode_record(&sealed(4, &fields)).is_err());
        let long = "0".repeat(Members::MAX_BYTES + 1);
        let fields = format!("{PLAIN}member 2 id\nmember_text {} {long}\n", long.len());
        assert!(decode_record(&sealed(4, &fields)).is_err());
    }

    #[test]
    fn the_buffer_of_the_longest_additions_never_grows() {
        let mut response = TokenResponse::new("t");
        assert!(response.members.insert_text("m", "x".repeat(Members::MAX_BYTES)));
        let granted = wellspring_core::Granted::new(UnixTime::EPOCH, response);
        let mut record = full();
        record.state = SessionState::Active(granted);
        assert!(record.attachments.insert("a", vec![7; Attachments::MAX_BYTES - 3]));
        let mut fields = Writer::with_capacity(super::super::record::text_length(&record));
        let before = fields.capacity();
        super::super::record::write(&mut fields, &record).unwrap();
        assert_eq!(fields.capacity(), before);
    }
}
