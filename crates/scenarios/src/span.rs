//! Durations in scenario files: `250ms`, `0.5s`, `10m`, `2h`, `30d`.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};

/// A duration that is read in any unit and displayed in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub(crate) Duration);

/// Each unit with its length in milliseconds; `ms` comes before `s`, which is its suffix.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || format!("{text:?} is not a duration: write a number and one of ms, s, m, h, d");
        let (number, unit) = UNITS
            .iter()
            .find_map(|(name, millis)| text.strip_suffix(name).map(|number| (number, *millis)))
            .ok_or_else(unreadable)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 3 {
            return Err(unreadable());
        }
        let thousandths = format!("{whole}{fraction:0<3}").parse::<u64>().map_err(|_| unreadable())?;
        Ok(Self(Duration::from_micros(thousandths.saturating_mul(unit))))
    }
}

/// Seconds, to the millisecond, without zeros at the end: `3600s`, `0.734s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0.as_secs(), self.0.subsec_millis());
        write!(f, "{}s", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_in_its_unit_and_shown_in_seconds() {
        for (text, shown) in
            [("250ms", "0.25s"), ("0.5s", "0.5s"), ("10m", "600s"), ("2h", "7200s"), ("30d", "2592000s")]
        {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), shown, "{text}");
        }
        for text in ["", "s", "-1s", "1", "1.s.", "1.2345s", "1 s", "99999999999999999999s"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
