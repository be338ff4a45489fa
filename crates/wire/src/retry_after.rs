//! `Retry-After` ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).

use core::time::Duration;

use wellspring_core::{ResponseHead, UnixTime};

use crate::http_date::{date_of, http_date};

/// The pause that a response asks for: a number of seconds, or the time until a date.
///
/// A date counts from the `Date` field of the response, so that the server's clock may be wrong. Without that field it
/// counts from `now`. A past date is a pause of zero. An invalid value counts as missing.
#[must_use]
pub fn retry_after(head: &ResponseHead, now: UnixTime) -> Option<Duration> {
    let text = head.first("retry-after")?.trim_ascii();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit means the longest pause.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = http_date(text, now)?;
    Some(date.since(date_of(head, now).unwrap_or(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT

    fn pause(value: &str) -> Option<u64> {
        retry_after(&ResponseHead::new(503).header("Retry-After", value), NOW).map(|pause| pause.as_secs())
    }

    #[test]
    fn e19_retry_after_is_seconds_or_a_date_in_any_of_the_three_formats() {
        assert_eq!(pause("120"), Some(120));
        assert_eq!(pause("0"), Some(0));
        assert_eq!(pause(" 7 "), Some(7));
        assert_eq!(pause("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(pause("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(pause("Sunday, 06-Nov-94 08:50:37 GMT"), Some(60));
        assert_eq!(pause("Sun Nov  6 08:50:37 1994"), Some(60));
        assert_eq!(pause("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
    }

    #[test]
    fn e20_a_date_in_retry_after_counts_from_the_date_field() {
        let head = ResponseHead::new(503)
            .header("date", "Sun, 06 Nov 1994 10:00:00 GMT")
            .header("retry-after", "Sun, 06 Nov 1994 10:00:30 GMT");
        assert_eq!(retry_after(&head, NOW), Some(Duration::from_secs(30)));
        let head = ResponseHead::new(503)
            .header("date", "yesterday")
            .header("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(retry_after(&head, NOW), Some(Duration::from_secs(30)));
    }

    #[test]
    fn e21_an_invalid_retry_after_is_ignored() {
        for value in ["", "-1", "1.5", "soon", "12s", "+3", "١٢", "Sun, 99 Nov 1994 08:50:37 GMT"] {
            assert_eq!(pause(value), None, "{value}");
        }
    }
}
