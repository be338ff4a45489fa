//! Wall-clock times as text ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)), in UTC.

use core::fmt;

use crate::time::UnixTime;

/// The last second that RFC 3339 can write: 9999-12-31T23:59:59Z. A later time is written, and handed out, as this one.
pub(crate) const LAST: u64 = 253_402_300_799;

/// `2026-11-29T21:30:00Z`, without fractions of a second.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(*self, f)?;
        f.write_str("Z")
    }
}

/// As `Display`, with the fraction of the second.
impl fmt::Debug for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(*self, f)?;
        match self.since_epoch().subsec_nanos() {
            0 => f.write_str("Z"),
            nanos => write!(f, ".{nanos:09}Z"),
        }
    }
}

fn write_seconds(time: UnixTime, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let seconds = time.as_secs().min(LAST);
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The date so many days after 1970-01-01: years begin in March, so the leap day is the last one of its year.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_FOUR_CENTURIES: u64 = 146_097;
    let since_march_of_year_0 = days + 719_468;
    let day = since_march_of_year_0 % DAYS_OF_FOUR_CENTURIES;
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let year = year + 400 * (since_march_of_year_0 / DAYS_OF_FOUR_CENTURIES) + u64::from(month > 9);
    (year, if month > 9 { month - 9 } else { month + 3 }, day - (153 * month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use std::format;

    #[test]
    fn times_are_written_as_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_987_800, "2026-11-29T21:30:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (LAST, "9999-12-31T23:59:59Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(format!("{}", UnixTime::from_secs(seconds)), text);
            assert_eq!(format!("{:?}", UnixTime::from_secs(seconds)), text);
        }
    }

    #[test]
    fn only_debug_writes_the_fraction_of_a_second() {
        let time = UnixTime::after_epoch(Duration::from_millis(1_050));
        assert_eq!(format!("{time} {time:?}"), "1970-01-01T00:00:01Z 1970-01-01T00:00:01.050000000Z");
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut before = (1969, 12, 31);
        for days in 0..146_097 {
            let today = date(days);
            let (year, month, day) = before;
            let follows = [(year, month, day + 1), (year, month + 1, 1), (year + 1, 1, 1)];
            assert!(follows.contains(&today) && today.2 <= 31, "{before:?} {today:?}");
            before = today;
        }
        assert_eq!(before, (2369, 12, 31));
    }
}
