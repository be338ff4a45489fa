//! Dates in header fields ([RFC 9110 §5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)), in the preferred
//! format and in both obsolete formats.

use wellspring_core::{ResponseHead, UnixTime};

/// The time in the `Date` field of a response; `None` without a valid one.
#[must_use]
pub fn date_of(head: &ResponseHead, now: UnixTime) -> Option<UnixTime> {
    http_date(head.first("date")?, now)
}

/// Reads a date. `now` determines the century of a year with two digits.
#[must_use]
pub fn http_date(text: &str, now: UnixTime) -> Option<UnixTime> {
    let text = text.trim_ascii();
    if let Some((weekday, rest)) = text.split_once(", ") {
        return if weekday.len() == 3 { imf_fixdate(rest) } else { rfc850_date(rest, now) };
    }
    asctime_date(text)
}

/// `06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &str) -> Option<UnixTime> {
    let [day, month, year, clock, "GMT"] = words(text)? else { return None };
    unix_time(digits(year, 4)?, month, digits(day, 2)?, clock)
}

/// `06-Nov-94 08:49:37 GMT`
fn rfc850_date(text: &str, now: UnixTime) -> Option<UnixTime> {
    let [date, clock, "GMT"] = words(text)? else { return None };
    let (day, rest) = date.split_once('-')?;
    let (month, year) = rest.split_once('-')?;
    let this_year = year_of(now);
    // A year more than fifty years in the future means the latest past year with these digits.
    let mut year = this_year - this_year % 100 + digits(year, 2)?;
    if year > this_year + 50 {
        year -= 100;
    }
    unix_time(year, month, digits(day, 2)?, clock)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime_date(text: &str) -> Option<UnixTime> {
    let [_weekday, month, day, clock, year] = words(text)?;
    unix_time(digits(year, 4)?, month, digits(day, day.len().clamp(1, 2))?, clock)
}

/// The `N` words of the text, separated by spaces.
fn words<const N: usize>(text: &str) -> Option<[&str; N]> {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let mut found = [""; N];
    for slot in &mut found {
        *slot = words.next()?;
    }
    words.next().is_none().then_some(found)
}

fn digits(text: &str, width: usize) -> Option<u64> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn unix_time(year: u64, month: &str, day: u64, clock: &str) -> Option<UnixTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    moment(year, MONTHS.iter().position(|name| *name == month)?, day, clock)
}

/// The time in UTC of a day and a clock such as `08:49:37`. Months count from zero.
pub(crate) fn moment(year: u64, month: usize, day: u64, clock: &str) -> Option<UnixTime> {
    const LENGTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = u64::from(is_leap(year));
    if year < 1970 || month > 11 || day < 1 || day > LENGTHS[month] + if month == 1 { leap } else { 0 } {
        return None;
    }
    let (hour, rest) = clock.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    // A leap second is valid and equals the next second.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let earlier_months = LENGTHS[..month].iter().sum::<u64>() + if month > 1 { leap } else { 0 };
    let days = days_before(year) + earlier_months + day - 1;
    Some(UnixTime::from_secs(days * 86_400 + hour * 3_600 + minute * 60 + second))
}

const fn is_leap(year: u64) -> bool {
    year % 4 == 0 && year % 100 != 0 || year % 400 == 0
}

/// Days from 1970-01-01 to the first of January of this year, which must not be before 1970.
const fn days_before(year: u64) -> u64 {
    let past = year - 1;
    (year - 1970) * 365 + (past / 4 - past / 100 + past / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400)
}

fn year_of(time: UnixTime) -> u64 {
    let days = time.as_secs() / 86_400;
    // A year has 365.2425 days on average, so the estimate is off by at most one year.
    let estimate = 1970 + (u128::from(days) * 10_000 / 3_652_425) as u64;
    let estimate = estimate.min(9_999);
    if days < days_before(estimate) {
        estimate - 1
    } else if days >= days_before(estimate + 1) {
        estimate + 1
    } else {
        estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    const NOW: UnixTime = UnixTime::from_secs(1_760_000_000); // 2025-10-09

    #[test]
    fn the_three_formats_mean_the_same_second() {
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(http_date(text, NOW), Some(UnixTime::from_secs(784_111_777)), "{text}");
        }
    }

    #[test]
    fn leap_years_and_month_ends_are_counted() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Thu, 29 Feb 2024 23:59:60 GMT", 1_709_251_200),
            ("Wed, 31 Dec 2025 23:59:59 GMT", 1_767_225_599),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ] {
            assert_eq!(http_date(text, NOW).map(UnixTime::as_secs), Some(seconds), "{text}");
        }
    }

    #[test]
    fn a_year_of_two_digits_is_at_most_fifty_years_ahead() {
        let year = |digits| http_date(&format!("Sunday, 01-Jan-{digits} 00:00:00 GMT"), NOW).map(year_of);
        assert_eq!(year("75"), Some(2075));
        assert_eq!(year("76"), Some(1976));
        assert_eq!(year("00"), Some(2000));
        assert_eq!(year("71"), Some(2071));
    }

    #[test]
    fn an_invalid_date_is_none() {
        for text in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 31 Feb 2024 00:00:00 GMT",
            "Wed, 29 Feb 2023 00:00:00 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 99999 08:49:37 GMT",
            "Sun, 06 Nov 1960 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun Nov 006 08:49:37 1994",
            "2025-01-01T00:00:00Z",
            "Sunday, 06-Nov-é4 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_has_its_year() {
        for day in 0..146_097_u64 {
            let time = UnixTime::from_secs(day * 86_400);
            let year = year_of(time);
            assert!(days_before(year) <= day && day < days_before(year + 1), "{day}");
        }
        assert_eq!(year_of(UnixTime::from_secs(u64::MAX)), 10_000);
    }
}
