//! The fields `+proven`, `+refusals` and `+subject`: which credential has worked, what is known of refusals in a row, and what
//! the last one is about.
//!
//! An earlier version carries them along without knowing them. So `+refusals` and `+subject` name the end of the pause that they
//! belong to: beside another pause, which an earlier version has written, they do not count.

use wellspring_core::{ErrorSubject, Fingerprint, Proven, Record, Throttle, UnixTime, Witnesses};

use super::fields::{Reader, Writer};
use super::unreadable::Unreadable;

const PROVEN: &str = "+proven";
const REFUSALS: &str = "+refusals";
const SUBJECT: &str = "+subject";

/// The most bytes that these fields take.
pub(super) const LENGTH: usize = 512;

pub(super) fn write(fields: &mut Writer, record: &Record) {
    if let Some(Proven { credential: Fingerprint { salt, hash }, at }) = record.proven {
        fields.of_format(4);
        fields.value(PROVEN, format_args!("{salt:016x} {hash:016x} {}", seconds(at)));
    }
    let Some(Throttle { until, cause, since, witnesses, .. }) = &record.throttle else { return };
    let known = (*since, *witnesses, cause.status, cause.without_verdict);
    if known != (UnixTime::EPOCH, Witnesses::default(), None, false) {
        let Witnesses { undecided, verdicts: [last, second, third] } = witnesses;
        fields.of_format(4);
        let (status, open) = (cause.status.unwrap_or_default(), u8::from(cause.without_verdict));
        let times = [until, since, last, second, third].map(|time| seconds(*time));
        fields.value(REFUSALS, format_args!("{} {undecided} {status} {open}", times.join(" ")));
    }
    if let Some(subject) = cause.subject {
        fields.of_format(4);
        fields.value(SUBJECT, format_args!("{} {}", seconds(*until), subject.word()));
    }
}

pub(super) fn read(fields: &mut Reader<'_>, record: &mut Record) -> Result<(), Unreadable> {
    if let Some(text) = fields.text_of_format(4, PROVEN)? {
        record.proven = Some(proven(text).ok_or(Unreadable::Field(PROVEN))?);
    }
    if let Some(text) = fields.text_of_format(4, REFUSALS)? {
        let known = Refusals::of(text).ok_or(Unreadable::Field(REFUSALS))?;
        if let Some(throttle) = record.throttle.as_mut().filter(|throttle| throttle.until == known.until) {
            (throttle.since, throttle.witnesses) = (known.since, known.witnesses);
            (throttle.cause.status, throttle.cause.without_verdict) = (known.status, known.without_verdict);
        }
    }
    if let Some(text) = fields.text_of_format(4, SUBJECT)? {
        let (until, word) = text.split_once(' ').ok_or(Unreadable::Field(SUBJECT))?;
        let until = time(until).ok_or(Unreadable::Field(SUBJECT))?;
        if let Some(throttle) = record.throttle.as_mut().filter(|throttle| throttle.until == until) {
            // A later version may know more of them.
            throttle.cause.subject = ErrorSubject::from_word(word);
        }
    }
    Ok(())
}

struct Refusals {
    until: UnixTime,
    since: UnixTime,
    witnesses: Witnesses,
    status: Option<u16>,
    without_verdict: bool,
}

impl Refusals {
    fn of(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut next_time = || time(words.next()?);
        let (until, since) = (next_time()?, next_time()?);
        let verdicts = [next_time()?, next_time()?, next_time()?];
        let undecided = words.next()?.parse().ok()?;
        let status = Some(words.next()?.parse().ok()?).filter(|status| *status != 0);
        let without_verdict = match words.next()? {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        let witnesses = Witnesses { undecided, verdicts };
        words.next().is_none().then_some(Self { until, since, witnesses, status, without_verdict })
    }
}

fn proven(text: &str) -> Option<Proven> {
    let mut words = text.split(' ');
    let mut number = || u64::from_str_radix(words.next()?, 16).ok();
    let credential = Fingerprint { salt: number()?, hash: number()? };
    let at = time(words.next()?)?;
    words.next().is_none().then_some(Proven { credential, at })
}

/// Seconds since 1970 with nanoseconds.
fn seconds(time: UnixTime) -> String {
    let since = time.since_epoch();
    format!("{}.{:09}", since.as_secs(), since.subsec_nanos())
}

fn time(text: &str) -> Option<UnixTime> {
    super::fields::duration(text).map(UnixTime::after_epoch)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};
    use wellspring_core::{Cause, CauseKind, Epoch, Generation, SessionState};

    use super::super::{decode_record, encode_record};
    use super::*;
    use crate::map::hex;

    const fn t(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds)
    }

    fn refused() -> Record {
        let mut record = Record::new(Epoch::new(1), Generation::new(1), SessionState::Empty);
        record.proven = Some(Proven { credential: Fingerprint { salt: 1, hash: 2 }, at: t(3) });
        let text = "refused".into();
        let cause = Cause {
            kind: CauseKind::Misconfigured,
            text,
            code: None,
            status: Some(401),
            without_verdict: true,
            subject: Some(ErrorSubject::ClientCertificate),
        };
        let witnesses = Witnesses { undecided: 2, verdicts: [t(5), t(4), UnixTime::EPOCH] };
        record.throttle =
            Some(Throttle { until: t(9), failures: 2, credential: None, cause, since: t(5), witnesses });
        record
    }

    const FIELDS: &str = "epoch 1 1\ngeneration 1 1\ngrant 4 none\nthrottle_until 11 9.000000000\nthrottle_failures 1 2\n\
                          throttle_cause 13 misconfigured\nthrottle_text 7 refused\n\
                          +proven 45 0000000000000001 0000000000000002 3.000000000\n\
                          +refusals 67 9.000000000 5.000000000 5.000000000 4.000000000 0.000000000 2 401 1\n\
                          +subject 30 9.000000000 client-certificate\n";

    fn sealed(fields: &str) -> Vec<u8> {
        format!("wellspring record 4 {}\n{fields}", hex(&Sha256::digest(fields))).into_bytes()
    }

    #[test]
    fn the_bytes_of_these_fields_do_not_change() {
        let bytes = encode_record(&refused()).unwrap();
        assert_eq!(core::str::from_utf8(&bytes).unwrap(), core::str::from_utf8(&sealed(FIELDS)).unwrap());
        let read = decode_record(&bytes).unwrap().record;
        assert_eq!((read.throttle, read.proven), (refused().throttle, refused().proven));
    }

    #[test]
    fn what_belongs_to_another_pause_does_not_count() {
        let other = FIELDS.replace("throttle_until 11 9", "throttle_until 11 8");
        let read = decode_record(&sealed(&other)).unwrap().record;
        let throttle = read.throttle.unwrap();
        assert_eq!((throttle.cause.status, throttle.cause.subject), (None, None));
        assert_eq!(throttle.witnesses, Witnesses::default());
        assert_eq!(read.proven, refused().proven);
        let without_pause = &FIELDS[FIELDS.find("+proven").unwrap()..];
        let without_pause = format!("epoch 1 1\ngeneration 1 1\ngrant 4 none\n{without_pause}");
        assert!(decode_record(&sealed(&without_pause)).unwrap().record.throttle.is_none());
    }

    #[test]
    fn fields_that_are_not_as_written_are_errors() {
        for (old, new) in [
            ("+proven 45 0", "+proven 45 x"),
            ("2 401 1\n", "2 401 2\n"),
            ("+refusals 67", "+refusals 66"),
            ("401", "99999"),
            ("+subject 30 9", "+subject 30 x"),
            ("0 client-certificate", "0_client-certificate"),
        ] {
            assert!(decode_record(&sealed(&FIELDS.replace(old, new))).is_err(), "{new}");
        }
        // A subject that a later version has named.
        let later = FIELDS.replace("client-certificate", "something-newer-18");
        let throttle = decode_record(&sealed(&later)).unwrap().record.throttle.unwrap();
        assert_eq!((throttle.cause.subject, throttle.cause.status), (None, Some(401)));
    }
}
