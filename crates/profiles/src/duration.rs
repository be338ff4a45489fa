//! Durations in the file: a whole number and `ms`, `s`, `m` or `h`.

use core::time::Duration;

/// Ten years: a limit that keeps arithmetic on instants from overflowing.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Reads a duration as in the file: "500ms", "30s", "10m" or "1h".
///
/// # Errors
///
/// If the text is not such a duration. The error continues a sentence that begins with the setting's name.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let millis_each: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(unreadable()),
    };
    let number: u64 = number.parse().map_err(|_| unreadable())?;
    let duration = number.checked_mul(millis_each).map(Duration::from_millis);
    duration.filter(|duration| *duration <= LONGEST).ok_or_else(|| "is more than ten years".to_owned())
}

fn unreadable() -> String {
    "is not a duration; write a whole number and ms, s, m or h, such as 30s".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        for (text, millis) in
            [("500ms", 500), ("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000), ("0s", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "30", "s", "1.5s", "-1s", "+1s", "30 s", "1h30m", "30S", "99999999999999999999s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_duration("18446744073709551615h"), Err("is more than ten years".to_owned()));
    }
}
