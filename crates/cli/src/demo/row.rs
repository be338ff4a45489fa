//! One row of the timeline: a request and its answer, time that passes, or an event.

use core::fmt::Write as _;
use core::time::Duration;

use wellspring_simulator::Entry;

/// A row of the timeline.
#[derive(Debug)]
pub(crate) enum Row {
    /// A caller asked for a token or made a call; at most one request went over the wire for this row.
    Action { at: Duration, who: String, wire: String, server: String, handed_out: String },
    /// The test clock moved forward.
    Passes(Duration),
    /// An event that no caller caused.
    Happens(String),
}

impl Row {
    /// The rows of one caller: one for each request, or a single row with the text `nothing`. The last row says what
    /// the caller got.
    pub(crate) fn of(
        at: Duration,
        who: &str,
        entries: &[Entry],
        nothing: &str,
        handed_out: String,
    ) -> Vec<Self> {
        let row = |wire: String, server: String| Self::Action {
            at,
            who: who.to_owned(),
            wire,
            server,
            handed_out: String::new(),
        };
        let mut rows: Vec<_> = entries.iter().map(|entry| row(wire(entry), server(entry))).collect();
        if rows.is_empty() {
            rows.push(row(nothing.into(), "-".into()));
        }
        if let Some(Self::Action { handed_out: last, .. }) = rows.last_mut() {
            *last = handed_out;
        }
        rows
    }
}

/// The request and the fingerprint of its most important secret.
fn wire(entry: &Entry) -> String {
    const SHOWN: [(&str, &str); 6] = [
        ("sent refresh_token", "refresh"),
        ("sent code", "code"),
        ("sent authorization Bearer", "Bearer"),
        ("sent clientSecret", "secret"),
        ("sent secretKey", "secret"),
        ("sent client_secret", "secret"),
    ];
    let mut text = format!("{} {}", entry.method, shortened(&entry.path));
    let shown = SHOWN.iter().find_map(|(what, name)| {
        let secret = entry.secrets.iter().find(|secret| secret.what == *what)?;
        Some((name, &secret.print))
    });
    if let Some((name, print)) = shown {
        let _ = write!(text, "  {name} {print}");
    }
    text
}

/// The status of the response and the access token that it issued.
fn server(entry: &Entry) -> String {
    let mut text = entry.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    match entry.secrets.iter().find(|secret| secret.what == "issued access_token") {
        Some(issued) => {
            let _ = write!(text, " issued {}", issued.print);
        }
        None => {
            let _ = write!(text, " {}", entry.decision);
        }
    }
    text
}

/// A path with long ids cut short.
fn shortened(path: &str) -> String {
    path.get(..14).filter(|_| path.len() > 24).map_or_else(|| path.to_owned(), |start| format!("{start}.."))
}

/// A duration with every unit that is not zero: "59 min 30 s", "24 h".
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds == 0 {
        return format!("{} ms", time.as_millis());
    }
    let parts = [(seconds / 3_600, "h"), (seconds % 3_600 / 60, "min"), (seconds % 60, "s")];
    let words: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    words.join(" ")
}

/// The time of day, with the number of days after the first midnight.
pub(crate) fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    let time = format!("{:02}:{:02}:{:02}", seconds % 86_400 / 3_600, seconds % 3_600 / 60, seconds % 60);
    match seconds / 86_400 {
        0 => time,
        days => format!("{time} +{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_times_of_day_are_readable() {
        for (seconds, text) in [(3_600, "1 h"), (3_570, "59 min 30 s"), (90_061, "25 h 1 min 1 s")] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
        assert_eq!(span(Duration::from_millis(734)), "734 ms");
        assert_eq!(clock(Duration::from_secs(9 * 3_600)), "09:00:00");
        assert_eq!(clock(Duration::from_secs(2 * 86_400 + 61)), "00:01:01 +2d");
    }
}
