//! Durations for people, in their two largest units, and times of a day.

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

/// A time of this day in UTC, rounded up to a second: "14:32:10 UTC".
pub(crate) struct TimeOfDay(pub(crate) UnixTime);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.plus(Duration::from_nanos(999_999_999)).as_secs();
        let (hours, minutes) = (seconds / 3_600 % 24, seconds / 60 % 60);
        write!(f, "{hours:02}:{minutes:02}:{:02} UTC", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_rounded_up_because_nothing_happens_before_it() {
        for (millis, text) in
            [(0, "00:00:00 UTC"), (52_329_001, "14:32:10 UTC"), (172_800_000, "00:00:00 UTC")]
        {
            assert_eq!(TimeOfDay(UnixTime::after_epoch(Duration::from_millis(millis))).to_string(), text);
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
