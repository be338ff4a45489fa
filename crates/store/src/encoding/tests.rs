//! The encoding round-trips, and a reader accepts only bytes that the writer produces.

use core::time::Duration;

use sha2::{Digest as _, Sha256};
use wellspring_core::{
    AccessToken, Attempt, Cause, CauseKind, Dead, Epoch, Fingerprint, Generation, Granted, Lease, LockDomain,
    LoginReason, Obtained, Owner, PendingSave, Record, RefreshToken, Scope, SessionState, Throttle, TokenKey,
    TokenResponse, UnixTime,
};

use super::envelope::unseal;
use super::{decode_record, encode_moving, encode_record, pending_save as pending, record_holds_lease};
use crate::contract::sample;
use crate::map::{KeyName, hex};

fn attempt() -> Attempt {
    let owner = Owner { machine: 0xa1, boot: 0xb2, process: 4711, source: 0xc3 };
    Attempt { owner, number: 9 }
}

/// A record with a value in every field.
fn full() -> Record {
    let mut response = TokenResponse::new(AccessToken::new("at.1"))
        .with_lifetime(Duration::from_secs(1800))
        .with_refresh_token(RefreshToken::new("rt\n2"))
        .with_scope(Scope::parse("pix:write pix:read"));
    response.refresh_lifetime = Some(Duration::from_millis(1_500));
    let mut granted = Granted::new(UnixTime::from_secs(1_700_000_000), response);
    granted.reusable = true;
    let mut record = Record::new(Epoch::new(3), Generation::new(41), SessionState::Active(granted));
    record.writer = Some(attempt());
    record.lease = Some(Lease {
        attempt: attempt(),
        domain: None,
        first_sent: Some(UnixTime::from_secs(1_700_000_001)),
        until: UnixTime::after_epoch(Duration::new(1_700_000_040, 7)),
        span: Duration::from_secs(40),
        replays: 2,
    });
    record.dead = Some(Dead { reason: LoginReason::Refused, since: UnixTime::from_secs(1_700_000_002) });
    record.throttle = Some(Throttle {
        until: UnixTime::from_secs(1_700_000_100),
        failures: 3,
        credential: Some(Fingerprint { salt: 0xd4, hash: 0xe5 }),
        cause: Cause {
            kind: CauseKind::Misconfigured,
            text: "refusé".into(),
            code: Some("x".into()),
            status: None,
            without_verdict: false,
            subject: None,
        },
        since: UnixTime::EPOCH,
        witnesses: wellspring_core::Witnesses::default(),
    });
    record
}

const FULL: &str = "\
epoch 1 3
generation 2 41
writer 73 00000000000000a1.000000000000000000000000000000b2.4711.00000000000000c3.9
grant 7 granted
obtained_at 20 1700000000.000000000
access_token 4 at.1
lifetime 14 1800.000000000
refresh_token 4 rt
2
refresh_lifetime 11 1.500000000
scope 1 2
scope_word 8 pix:read
scope_word 9 pix:write
reusable 4 true
claim 73 00000000000000a1.000000000000000000000000000000b2.4711.00000000000000c3.9
claim_first_sent 20 1700000001.000000000
claim_until 20 1700000040.000000007
claim_span 12 40.000000000
claim_replays 1 2
dead 7 refused
dead_since 20 1700000002.000000000
throttle_until 20 1700000100.000000000
throttle_failures 1 3
throttle_credential 33 00000000000000d4.00000000000000e5
throttle_cause 13 misconfigured
throttle_text 7 refusé
throttle_code 1 x
";

/// These fields below the first line that format 1 has for them.
fn sealed(kind: &str, fields: &str) -> Vec<u8> {
    format!("wellspring {kind} 1 {}\n{fields}", hex(&Sha256::digest(fields))).into_bytes()
}

#[test]
fn the_bytes_of_format_1_do_not_change() {
    let bytes = encode_record(&full()).unwrap();
    assert_eq!(core::str::from_utf8(&bytes).unwrap().split_once('\n').unwrap().1, FULL);
    assert!(bytes.starts_with(
        b"wellspring record 1 f4acadd20c927d9384bf77e7cbc2406af5ab273319845cbd41b85a60932b3f63\n"
    ));
    assert!(sample::same(&decode_record(&sealed("record", FULL)).unwrap().record, &full()));
    let pending_save = PendingSave {
        attempt: attempt(),
        record: full(),
        origin: Obtained::ByRenewal { spent: Generation::new(40) },
    };
    let first = "attempt 73 00000000000000a1.000000000000000000000000000000b2.4711.00000000000000c3.9\n";
    let fields = format!("{first}origin 7 renewal\nspent 2 40\n{FULL}");
    assert_eq!(**pending::encode("spill", &pending_save).unwrap(), sealed("spill", &fields));
    assert!(sample::same_pending_save(
        &pending::decode("spill", &sealed("spill", &fields)).unwrap(),
        &pending_save
    ));
}

#[test]
fn every_record_and_spill_round_trips() {
    for number in 0..2_000 {
        let (record, pending_save) = (sample::record(number), sample::pending_save(number));
        let read = decode_record(&encode_record(&record).unwrap()).unwrap().record;
        assert!(sample::same(&read, &record), "record {number}: {record:?} came back as {read:?}");
        let read = pending::decode("spill", &pending::encode("spill", &pending_save).unwrap()).unwrap();
        assert!(
            sample::same_pending_save(&read, &pending_save),
            "spill {number}: {pending_save:?} came back as {read:?}"
        );
    }
}

#[test]
fn a_lease_is_found_without_a_check_of_the_record_and_not_in_the_text_of_a_value() {
    let leased = full();
    let mut free = full();
    free.lease = None;
    if let SessionState::Active(granted) = &mut free.state {
        granted.response.refresh_token = Some(RefreshToken::new("rt\nclaim 1 x\n"));
    }
    let empty = Record::new(Epoch::new(1), Generation::new(1), SessionState::Empty);
    for (record, is_leased) in [(&leased, true), (&free, false), (&empty, false)] {
        assert_eq!(record_holds_lease(&encode_record(record).unwrap()), is_leased);
        let to = KeyName::of(&TokenKey::new("p", "e"));
        assert_eq!(record_holds_lease(&encode_moving(record, &to).unwrap()), is_leased);
    }
    let no_record = [
        &b""[..],
        b"wellspring spill 1 0\nclaim 1 x\n",
        b"wellspring recorder 1 0\nclaim 1 x\n",
        b"\xff\nclaim 1 x\n",
    ];
    assert!(no_record.iter().all(|bytes| !record_holds_lease(bytes)));
    assert!(!record_holds_lease(b"wellspring record 1 0\nepoch 9 1\nclaim 1 x\n"), "a length beyond the end");
}

#[test]
fn every_changed_byte_is_detected() {
    for record in [full(), sample::counting(1), sample::record(5)] {
        let bytes = encode_record(&record).unwrap();
        for at in 0..bytes.len() {
            for flip in [1, 0x20, 0x80, 0xff] {
                let mut changed = bytes.to_vec();
                changed[at] ^= flip;
                assert!(decode_record(&changed).is_err(), "byte {at} can be changed by {flip:#x}");
            }
        }
    }
}

#[test]
fn truncated_and_extended_bytes_are_detected() {
    let record = encode_record(&full()).unwrap();
    let spill = pending::encode("spill", &sample::pending_save(3)).unwrap();
    for length in 0..record.len() {
        assert!(decode_record(&record[..length]).is_err(), "a record truncated to {length} bytes is decoded");
    }
    for length in 0..spill.len() {
        assert!(
            pending::decode("spill", &spill[..length]).is_err(),
            "a spill truncated to {length} bytes is decoded"
        );
    }
    let mut longer = record.to_vec();
    longer.push(b'\n');
    assert!(decode_record(&longer).is_err());
}

#[test]
fn a_newer_format_is_reported_by_its_number() {
    let bytes = b"wellspring record 5 whatever comes\n\xff\xfe";
    let error = decode_record(bytes).unwrap_err().to_string();
    assert_eq!(
        error,
        "is of format 5; this version reads no format after 4, so a newer one wrote it: update this program"
    );
    let error = decode_record(b"wellspring record 05 x\n").unwrap_err().to_string();
    assert!(error.contains("format 5"), "{error}");
    let error = decode_record(b"wellspring record x x\n").unwrap_err().to_string();
    assert!(error.starts_with("is corrupt"), "{error}");
}

#[test]
fn a_spill_does_not_decode_as_a_record_nor_a_record_as_a_spill() {
    assert!(decode_record(&pending::encode("spill", &sample::pending_save(3)).unwrap()).is_err());
    assert!(pending::decode("spill", &encode_record(&full()).unwrap()).is_err());
}

/// A reader that skipped a field would save the record without it.
#[test]
fn an_unknown_missing_repeated_or_misplaced_field_is_an_error() {
    let lines: Vec<&str> = FULL.split_inclusive('\n').collect();
    let mandatory =
        ["epoch", "generation", "grant", "obtained_at", "access_token", "reusable", "claim_until"];
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| **line != "2\n") {
        let mut extended = lines.clone();
        extended.insert(at, "news 1 x\n");
        assert!(decode_record(&sealed("record", &extended.concat())).is_err(), "before {line}");
        extended[at] = line;
        assert!(decode_record(&sealed("record", &extended.concat())).is_err(), "repeated {line}");
        let mut shortened = lines.clone();
        shortened.remove(at);
        if mandatory.iter().any(|name| line.starts_with(&format!("{name} "))) {
            assert!(decode_record(&sealed("record", &shortened.concat())).is_err(), "without {line}");
        }
        let mut corrupt = lines.clone();
        let overlong = line.split_once(' ').unwrap().0.to_owned() + " 99999 \n";
        corrupt[at] = &overlong;
        assert!(decode_record(&sealed("record", &corrupt.concat())).is_err(), "corrupt {line}");
    }
    let swapped = FULL.replacen("epoch 1 3\ngeneration 2 41", "generation 2 41\nepoch 1 3", 1);
    assert!(decode_record(&sealed("record", &swapped)).is_err());
    assert!(unseal("record", &sealed("record", FULL)).is_ok());
}

#[test]
fn numbers_out_of_range_are_errors_and_not_panics() {
    for (from, to) in [
        ("epoch 1 3", "epoch 21 184467440737095516160"),
        ("lifetime 14 1800.000000000", "lifetime 15 1800.0000000000"),
        ("lifetime 14 1800.000000000", "lifetime 6 1800.5"),
        ("claim_replays 1 2", "claim_replays 2 -2"),
        ("scope 1 2", "scope 20 18446744073709551615"),
        ("grant 7 granted", "grant 7 granteD"),
        ("reusable 4 true", "reusable 3 yes"),
    ] {
        assert!(FULL.contains(from));
        let outcome = decode_record(&sealed("record", &FULL.replacen(from, to, 1)));
        assert!(outcome.is_err(), "{to}");
    }
}

#[test]
fn the_buffer_of_an_encoding_never_grows() {
    let mut record = sample::of_length(1 << 20);
    record.lease = Some(Lease {
        attempt: Attempt { number: u64::MAX, ..attempt() },
        domain: LockDomain::new(u128::MAX),
        first_sent: Some(UnixTime::after_epoch(Duration::MAX)),
        until: UnixTime::after_epoch(Duration::MAX),
        span: Duration::MAX,
        replays: u32::MAX,
    });
    let pending_save = PendingSave { attempt: attempt(), record, origin: Obtained::BySignIn { seen: None } };
    assert_eq!(
        pending::encode("spill", &pending_save).unwrap().capacity(),
        pending::encode("spill", &pending_save).unwrap().len()
    );
    let mut with_long_cause = full();
    if let Some(throttle) = &mut with_long_cause.throttle {
        throttle.cause.text = "x".repeat(10_000);
        throttle.cause.code = Some("y".repeat(10_000));
    }
    for (number, record) in (0..500).map(sample::record).chain([with_long_cause]).enumerate() {
        let mut fields = super::fields::Writer::with_capacity(super::record::text_length(&record));
        let before = fields.capacity();
        super::record::write(&mut fields, &record).unwrap();
        assert_eq!(fields.capacity(), before, "record {number}");
    }
}

#[test]
fn no_error_shows_a_byte_of_the_input() {
    let mut bytes = sealed("record", &FULL.replace("at.1", "canary"));
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        let error = decode_record(&bytes).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
        bytes[at] ^= 1;
    }
}

/// What only format 3 has, in the places where it belongs.
const REQUESTED: &str =
    "reusable 4 true\nrequested_scope 1 2\nrequested_scope_word 7 balance\nrequested_scope_word 7 profile\n";

const REPLAYS: &str = "claim_replays 1 2\n";
const REPLAYS_AND_DOMAIN: &str = "claim_replays 1 2\nclaim_domain 32 000000000000000000000000000000f6\n";

fn with_requested_scope() -> Record {
    let mut record = full();
    record.lease = record.lease.map(|lease| Lease { domain: LockDomain::new(0xf6), ..lease });
    if let SessionState::Active(granted) = &mut record.state {
        granted.requested_scope = Some(Scope::parse("profile balance"));
    }
    record
}

fn sealed_as(format: u32, fields: &str) -> Vec<u8> {
    format!("wellspring record {format} {}\n{fields}", hex(&Sha256::digest(fields))).into_bytes()
}

#[test]
fn a_record_has_the_oldest_format_that_knows_all_of_its_fields() {
    let fields = FULL.replace("reusable 4 true\n", REQUESTED).replace(REPLAYS, REPLAYS_AND_DOMAIN);
    assert_eq!(**encode_record(&with_requested_scope()).unwrap(), sealed_as(3, &fields));
    let read = decode_record(&sealed_as(3, &fields)).unwrap();
    assert!(sample::same(&read.record, &with_requested_scope()) && read.moving_to.is_none());
    assert!(decode_record(&sealed_as(1, &fields)).is_err(), "format 1 has no such field");
    assert!(decode_record(&sealed_as(3, FULL)).is_err(), "the record is of format 1");
    let with_domain = FULL.replace(REPLAYS, REPLAYS_AND_DOMAIN);
    assert!(decode_record(&sealed_as(3, &with_domain)).is_ok());
    let zero = with_domain.replace("0000f6\n", "000000\n");
    assert!(decode_record(&sealed_as(3, &zero)).is_err(), "zero names no lock");
    assert!(decode_record(&sealed_as(1, &with_domain)).is_err(), "format 1 has no such field either");
}

/// An earlier version that reads format 1 only says "update this program", and not that the record is corrupt.
#[test]
fn the_first_line_of_a_record_whose_lease_names_a_lock_says_format_3_and_without_a_lock_format_1() {
    let mut record = full();
    for (domain, first) in [(None, "wellspring record 1 "), (LockDomain::new(0xf6), "wellspring record 3 ")] {
        record.lease = record.lease.map(|lease| Lease { domain, ..lease });
        let bytes = encode_record(&record).unwrap();
        assert!(bytes.starts_with(first.as_bytes()), "{domain:?}");
        assert_eq!(decode_record(&bytes).unwrap().record.lease, record.lease);
    }
}

#[test]
fn a_record_that_moves_names_its_new_key_and_is_of_format_3() {
    let to = KeyName::of(&TokenKey::new("p", "e"));
    let fields = format!("moving_to 64 {to}\n{FULL}");
    assert_eq!(**encode_moving(&full(), &to).unwrap(), sealed_as(3, &fields));
    let read = decode_record(&sealed_as(3, &fields)).unwrap();
    assert!(sample::same(&read.record, &full()) && read.moving_to == Some(to));
    assert!(decode_record(&sealed_as(1, &fields)).is_err());
    for bad in ["moving_to 1 x\n".to_owned(), format!("moving_to 64 {}\n", "G".repeat(64))] {
        assert!(decode_record(&sealed_as(3, &format!("{bad}{FULL}"))).is_err(), "{bad}");
    }
}
