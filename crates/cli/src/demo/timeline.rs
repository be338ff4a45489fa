//! Prints the timeline of the demo: titles, rows and colours.

use core::fmt::Display;
use std::io::{self, Write};

use crate::arguments::Transport;
use crate::demo::row::{Row, clock, span};
use crate::demo::situation::Situation;
use crate::demo::subject::Subject;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Bold,
    Dim,
    Good,
    Bad,
    Title,
}

/// The output that the rows are written to.
pub(crate) struct Timeline<'o> {
    out: &'o mut dyn Write,
    colour: bool,
}

impl<'o> Timeline<'o> {
    pub(crate) fn new(out: &'o mut dyn Write, colour: bool) -> Self {
        Self { out, colour }
    }

    pub(crate) fn opening(&mut self) -> io::Result<()> {
        self.line("A simulator stands in for the servers, and the clock is manual. Secrets are shown as fingerprints.")
    }

    pub(crate) fn scene(&mut self, subject: Subject, transport: Transport) -> io::Result<()> {
        let title = self.paint(Style::Title, format!("{} · {}", subject.name(), transport.name()));
        self.line(&format!("\n{title}"))?;
        let heads = columns("clock", "caller", "request", "response", "result");
        let heads = self.paint(Style::Dim, &heads);
        self.line(&heads)
    }

    pub(crate) fn situation(&mut self, situation: Situation, result: &Result<(), String>) -> io::Result<()> {
        let verdict = match result {
            Ok(()) => self.paint(Style::Good, "ok"),
            Err(why) => self.paint(Style::Bad, format!("failed: {why}")),
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
