//! `Retry-After` ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).

use core::time::Duration;

use wellspring_core::{ResponseHead, UnixTime};

use crate::{date_of, http_date};

/// The pause that the answer asks for: seconds, or the time until a date.
///
/// A date counts from the answer's own `Date` where it names one, so that the server's clock does not matter, and
/// from `now` where not; a date that has passed asks for no pause. Anything else is as good as no field at all.
#[must_use]
pub fn retry_after(head: &ResponseHead, now: UnixTime) -> Option<Duration> {
    let text = head.first("retry-after")?.trim_ascii();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Digits that do not fit are too many, not wrong.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let when = http_date(text, now)?;
    Some(when.since(date_of(head, now).unwrap_or(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT

    fn asked(value: &str) -> Option<u64> {
        retry_after(&ResponseHead::new(503).header("Retry-After", value), NOW).map(|pause| pause.as_secs())
    }

    #[test]
    fn e19_retry_after_is_seconds_or_a_date_in_any_of_the_three_formats() {
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("0"), Some(0));
        assert_eq!(asked(" 7 "), Some(7));
        assert_eq!(asked("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(asked("Sunday, 06-Nov-94 08:50:37 GMT"), Some(60));
        assert_eq!(asked("Sun Nov  6 08:50:37 1994"), Some(60));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
    }

    #[test]
    fn e20_retry_after_counts_from_the_answers_own_date() {
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
    fn e21_a_retry_after_that_makes_no_sense_is_ignored() {
        for value in ["", "-1", "1.5", "soon", "12s", "+3", "١٢", "Sun, 99 Nov 1994 08:50:37 GMT"] {
            assert_eq!(asked(value), None, "{value}");
        }
    }
}
