//! Moments as a person reads them, and as a certificate writes them.

use core::fmt;

use wellspring_core::UnixTime;

const DAY: u64 = 86_400;

/// A moment as `2026-11-30 14:32 UTC`.
pub(super) struct Date(pub(super) UnixTime);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (year, month, day) = civil(seconds / DAY);
        let (hour, minute) = (seconds % DAY / 3_600, seconds % 3_600 / 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
    }
}

/// The date of this day since 1970, in the Gregorian calendar.
const fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have the leap day at their end; 719,468 days lie between March of year 0 and 1970.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

/// The days from 1970 to this date.
const fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).saturating_sub(719_468)
}

/// Reads an ASN.1 `UTCTime` (`short`) or `GeneralizedTime`
/// ([RFC 5280 §4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5)). A moment before 1970 is 1970.
pub(super) fn read(text: &[u8], short: bool) -> Option<UnixTime> {
    let digits = text.strip_suffix(b"Z")?;
    let (year, rest) = digits.split_at_checked(if short { 2 } else { 4 })?;
    if !digits.iter().all(u8::is_ascii_digit) || !matches!(rest.len(), 8 | 10) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    let year = match number(year) {
        year if !short => year,
        year if year < 50 => year + 2_000,
        year => year + 1_900,
    };
    let field = |n: usize| rest.get(2 * n..2 * n + 2).map_or(0, number);
    let (month, day, hour, minute, second) = (field(0), field(1), field(2), field(3), field(4));
    let valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && year > 0;
    valid.then(|| UnixTime::from_secs(days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_and_shown_as_the_same_moment() {
        for (text, short, seconds, shown) in [
            ("700101000000Z", true, 0, "1970-01-01 00:00 UTC"),
            ("000229235959Z", true, 951_868_799, "2000-02-29 23:59 UTC"),
            ("261130143200Z", true, 1_796_049_120, "2026-11-30 14:32 UTC"),
            ("491231235959Z", true, 2_524_607_999, "2049-12-31 23:59 UTC"),
            ("20500101000000Z", false, 2_524_608_000, "2050-01-01 00:00 UTC"),
            ("99991231235959Z", false, 253_402_300_799, "9999-12-31 23:59 UTC"),
            ("500101000000Z", true, 0, "1970-01-01 00:00 UTC"),
            ("2611301432Z", true, 1_796_049_120, "2026-11-30 14:32 UTC"),
        ] {
            let read = read(text.as_bytes(), short).unwrap();
            assert_eq!((read.as_secs(), Date(read).to_string().as_str()), (seconds, shown), "{text}");
        }
        for bad in ["", "Z", "261330143200Z", "26113014320Z", "2611301432", "26113014320xZ", "260030143200Z"]
        {
            assert!(read(bad.as_bytes(), true).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_day_has_one_date() {
        for day in (0..200_000).step_by(7) {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
        }
    }
}
