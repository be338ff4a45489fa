//! Durations for people, in their two largest units, and times.

use core::fmt;
use core::time::Duration;

use wellspring_core::UnixTime;

/// A duration, rounded down to its two largest units: "59m 30s", "29d 23h".
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds == 0 {
            return match self.0.as_millis() {
                0 => f.write_str("0s"),
                millis => write!(f, "{millis}ms"),
            };
        }
        let parts = [
            (seconds / 86_400, "d"),
            (seconds / 3_600 % 24, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
        ];
        let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(parts.len() - 1);
        let mut between = "";
        for (count, unit) in parts.iter().skip(first).take(2).filter(|(count, _)| *count > 0) {
            write!(f, "{between}{count}{unit}")?;
            between = " ";
        }
        Ok(())
    }
}

/// This time, rounded up to a second for people: nothing happens before it.
pub(crate) const fn rounded_up(time: UnixTime) -> UnixTime {
    UnixTime::from_secs(time.plus(Duration::from_nanos(999_999_999)).as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rounded_up_because_nothing_happens_before_it() {
        for (millis, text) in [(0, "1970-01-01T00:00:00Z"), (52_329_001, "1970-01-01T14:32:10Z")] {
            assert_eq!(rounded_up(UnixTime::after_epoch(Duration::from_millis(millis))).to_string(), text);
        }
    }

    #[test]
    fn a_span_is_shown_in_its_two_largest_units() {
        for (millis, text) in [
            (0, "0s"),
            (400, "400ms"),
            (1_999, "1s"),
            (60_000, "1m"),
            (3_570_000, "59m 30s"),
            (3_600_000, "1h"),
            (7_261_000, "2h 1m"),
            (86_400_000, "1d"),
            (86_430_000, "1d"),
            (2_588_400_000, "29d 23h"),
        ] {
            assert_eq!(Span(Duration::from_millis(millis)).to_string(), text);
        }
    }
}
