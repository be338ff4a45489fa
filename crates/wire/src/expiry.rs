//! The end of a token's life as a time: RFC 3339, or seconds or milliseconds since 1970.

use alloc::vec::Vec;
use core::time::Duration;

use wellspring_core::{Deviation, UnixTime};

use crate::http_date::moment;
use crate::json::{Json, Number};
use crate::lifetime::LONGEST_LIFETIME;

/// A larger number counts milliseconds. As seconds it is the year 5138.
const MOST_SECONDS: u64 = 99_999_999_999;

/// The time until the end that this member names, counted from `now`. Adds each deviation to `deviations`.
pub(crate) fn lifetime_until(
    value: Option<&Json>,
    now: UnixTime,
    deviations: &mut Vec<Deviation>,
) -> Option<Duration> {
    let value = value?;
    let Some(end) = time_of(value) else {
        deviations.push(Deviation::LifetimeUnreadable);
        return None;
    };
    let lifetime = end.since(now);
    if lifetime.is_zero() {
        deviations.push(Deviation::LifetimeIsOver);
    } else if lifetime > LONGEST_LIFETIME {
        deviations.push(Deviation::LifetimeIsCut);
    }
    Some(lifetime.min(LONGEST_LIFETIME))
}

/// The time that this value names.
fn time_of(value: &Json) -> Option<UnixTime> {
    match value {
        Json::Number(Number::Unsigned(number)) => Some(of_number(*number)),
        // The cast rounds down and saturates.
        Json::Number(Number::Float(number)) if *number >= 0.0 => Some(of_number(*number as u64)),
        Json::Text(text) => {
            let text = text.trim_ascii();
            text.parse().ok().map(of_number).or_else(|| rfc3339(text))
        }
        _ => None,
    }
}

fn of_number(number: u64) -> UnixTime {
    if number > MOST_SECONDS {
        UnixTime::after_epoch(Duration::from_millis(number))
    } else {
        UnixTime::from_secs(number)
    }
}

/// Reads a time with its offset, such as `2026-11-29T21:30:00.5-03:00`
/// ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)). A fraction of a second is left out. A time without an offset is not
/// read, because its zone is not known.
///
/// ```
/// use wellspring_wire::rfc3339;
///
/// assert_eq!(rfc3339("1970-01-01T01:00:01+01:00").map(|time| time.as_secs()), Some(1));
/// assert_eq!(rfc3339("1970-01-01T00:00:01"), None);
/// ```
#[must_use]
pub fn rfc3339(text: &str) -> Option<UnixTime> {
    let (date, rest) = (text.get(..10)?, text.get(11..)?);
    if !matches!(text.as_bytes()[10], b'T' | b't' | b' ') {
        return None;
    }
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    let mut parts = date.split('-');
    let mut next = |width| parts.next().filter(|part| part.len() == width).and_then(number);
    let (year, month, day) = (next(4)?, next(2)?, next(2)?);
    let clock = rest.get(..8)?;
    let offset = rest.get(8..)?;
    let offset = match offset.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => offset,
    };
    let time = moment(year, usize::try_from(month).ok()?.checked_sub(1)?, day, clock)?;
    if matches!(offset, "Z" | "z") {
        return Some(time);
    }
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = Duration::from_secs(hours * 3_600 + minutes * 60);
    match rest.as_bytes().iter().rev().nth(5)? {
        b'-' => Some(time.plus(offset)),
        b'+' => Some(UnixTime::after_epoch(time.since_epoch().saturating_sub(offset))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn an_end_is_rfc_3339_or_a_number_of_seconds_or_milliseconds() {
        let now = UnixTime::from_secs(1_795_987_800);
        let until = |end: &str| {
            let body = format!(r#"{{"end":{end}}}"#);
            let object = crate::json::Object::parse(body.as_bytes()).unwrap();
            let mut deviations = Vec::new();
            let lifetime = lifetime_until(object.get("end"), now, &mut deviations);
            (lifetime.map(|lifetime| lifetime.as_secs()), deviations)
        };
        for hour in [
            "\"2026-11-29T22:30:00Z\"",
            "\"2026-11-29t22:30:00.123z\"",
            "\"2026-11-29 22:30:00+00:00\"",
            "\"2026-11-29T19:30:00-03:00\"",
            "\"2026-11-30T04:00:00.5+05:30\"",
            "1795991400",
            "1795991400.0",
            "\"1795991400\"",
            "1795991400000",
            "\"1795991400000\"",
        ] {
            assert_eq!(until(hour), (Some(3_600), Vec::new()), "{hour}");
        }
        for over in ["0", "1795987800", "\"2026-11-29T21:30:00Z\"", "\"1999-01-01T00:00:00Z\""] {
            assert_eq!(until(over), (Some(0), Vec::from([Deviation::LifetimeIsOver])), "{over}");
        }
        for bad in [
            "true",
            "-1",
            "{}",
            "\"\"",
            "\"tomorrow\"",
            "\"2026-11-29T22:30:00\"",
            "\"2026-13-29T22:30:00Z\"",
            "\"2026-02-29T22:30:00Z\"",
            "\"2026-11-29T24:30:00Z\"",
            "\"2026-11-29T22:30:00+25:00\"",
            "\"2026-11-29T22:30:00*01:00\"",
            "\"2026-11-29T22:30:00é\"",
            "\"+026-11-29T22:30:00Z\"",
        ] {
            assert_eq!(until(bad), (None, Vec::from([Deviation::LifetimeUnreadable])), "{bad}");
        }
        let (cut, deviations) = until("\"9999-12-31T23:59:59Z\"");
        assert_eq!(
            (cut, deviations),
            (Some(LONGEST_LIFETIME.as_secs()), Vec::from([Deviation::LifetimeIsCut]))
        );
    }
}
