//! What happened, row by row, as a person likes to read it.

use core::fmt::{Display, Write as _};
use core::time::Duration;
use std::io::{self, Write};

use wellspring_simulator::Entry;

use crate::arguments::Transport;
use crate::demo::situation::Situation;
use crate::demo::subject::Subject;

/// One row.
#[derive(Debug)]
pub(crate) enum Row {
    /// Somebody asked, and got something; nothing or one request went over the wire for it.
    Action { at: Duration, who: String, wire: String, server: String, handed_out: String },
    /// Time passes.
    Passes(Duration),
    /// Something happens by itself.
    Happens(String),
}

impl Row {
    /// The rows of one caller: one for each request, or one that says `nothing`, with what was handed out beside
    /// the last.
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

/// The request, and the secret that matters most in it, as a fingerprint.
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

/// What the server answered and issued.
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

/// A path without most of a long id.
fn shortened(path: &str) -> String {
    path.get(..14).filter(|_| path.len() > 24).map_or_else(|| path.to_owned(), |start| format!("{start}.."))
}

/// A time that people say: "59 min 30 s", "24 h".
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds == 0 {
        return format!("{} ms", time.as_millis());
    }
    let parts = [(seconds / 3_600, "h"), (seconds % 3_600 / 60, "min"), (seconds % 60, "s")];
    let said: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    said.join(" ")
}

/// A day's time; after midnight with the days that have gone by.
fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    let time = format!("{:02}:{:02}:{:02}", seconds % 86_400 / 3_600, seconds % 3_600 / 60, seconds % 60);
    match seconds / 86_400 {
        0 => time,
        days => format!("{time} +{days}d"),
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Bold,
    Dim,
    Good,
    Bad,
    Title,
}

/// Where the rows go.
pub(crate) struct Timeline<'o> {
    out: &'o mut dyn Write,
    colour: bool,
}

impl<'o> Timeline<'o> {
    pub(crate) fn new(out: &'o mut dyn Write, colour: bool) -> Self {
        Self { out, colour }
    }

    pub(crate) fn opening(&mut self) -> io::Result<()> {
        let what = "A simulator plays the servers and a clock moved by hand plays the day. Secrets are fingerprints.";
        self.line(what)
    }

    pub(crate) fn scene(&mut self, subject: Subject, transport: Transport) -> io::Result<()> {
        let title = self.paint(Style::Title, format!("{} · {}", subject.name(), transport.name()));
        self.line(&format!("\n{title}"))?;
        let heads = columns("clock", "who asked", "over the wire", "the server saw", "handed out");
        let heads = self.paint(Style::Dim, &heads);
        self.line(&heads)
    }

    pub(crate) fn situation(&mut self, situation: Situation, held: &Result<(), String>) -> io::Result<()> {
        let verdict = match held {
            Ok(()) => self.paint(Style::Good, "ok"),
            Err(why) => self.paint(Style::Bad, format!("did not hold: {why}")),
        };
        let title = self.paint(Style::Bold, situation.title());
        self.line(&format!("  {title} · {verdict}"))
    }

    pub(crate) fn rows(&mut self, rows: Vec<Row>) -> io::Result<()> {
        for row in rows {
            let text = match row {
                Row::Action { at, who, wire, server, handed_out } => {
                    columns(&clock(at), &who, &wire, &server, &handed_out)
                }
                Row::Passes(time) => self.paint(
                    Style::Dim,
                    columns("", &format!(".. {} later", span(time)), "", "", "").trim_end(),
                ),
                Row::Happens(what) => self.paint(Style::Dim, format!("    ! {what}")),
            };
            self.line(text.trim_end())?;
        }
        Ok(())
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    pub(crate) fn paint(&self, style: Style, text: impl Display) -> String {
        let code = match style {
            _ if !self.colour => return text.to_string(),
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Good => "32",
            Style::Bad => "1;31",
            Style::Title => "1;36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

fn columns(clock: &str, who: &str, wire: &str, server: &str, handed_out: &str) -> String {
    format!("    {clock:<12} {who:<12} {wire:<41} {server:<20} {handed_out}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        for (seconds, said) in [(3_600, "1 h"), (3_570, "59 min 30 s"), (90_061, "25 h 1 min 1 s")] {
            assert_eq!(span(Duration::from_secs(seconds)), said);
        }
        assert_eq!(span(Duration::from_millis(734)), "734 ms");
        assert_eq!(clock(Duration::from_secs(9 * 3_600)), "09:00:00");
        assert_eq!(clock(Duration::from_secs(2 * 86_400 + 61)), "00:01:01 +2d");
    }
}
