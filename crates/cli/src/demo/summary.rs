//! The results of the checks, by provider, transport and situation.

use std::io;

use crate::arguments::Transport;
use crate::demo::situation::Situation;
use crate::demo::subject::Subject;
use crate::demo::timeline::{Style, Timeline};

/// The check of one situation of one provider on one transport.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) subject: Subject,
    pub(crate) transport: Transport,
    pub(crate) situation: Situation,
    pub(crate) result: Result<(), String>,
}

/// All checks.
#[derive(Debug, Default)]
pub(crate) struct Summary(Vec<Line>);

const TRANSPORTS: [Transport; 2] = [Transport::Async, Transport::Blocking];

impl Summary {
    pub(crate) fn add(&mut self, line: Line) {
        self.0.push(line);
    }

    /// The failed checks, each as one sentence.
    pub(crate) fn failed(&self) -> Vec<String> {
        let failed = self.0.iter().filter_map(|line| Some((line, line.result.as_ref().err()?)));
        let name = |(line, why): (&Line, &String)| {
            format!("{} · {} · {}: {why}", line.subject.name(), line.transport.name(), line.situation.title())
        };
        failed.map(name).collect()
    }

    /// The table: one row for each situation, two columns for each provider.
    pub(crate) fn print(&self, timeline: &mut Timeline<'_>) -> io::Result<()> {
        let mut names = format!("{:<32}", "");
        let mut transports = names.clone();
        for subject in Subject::ALL {
            names.push_str(&format!("{:<20}", subject.name()));
            for transport in TRANSPORTS {
                transports.push_str(&format!("{:<10}", transport.name()));
            }
        }
        timeline.line("")?;
        let names = timeline.paint(Style::Bold, names.trim_end());
        timeline.line(&names)?;
        let transports = timeline.paint(Style::Dim, transports.trim_end());
        timeline.line(&transports)?;
        for situation in Situation::ALL {
            self.row(situation, timeline)?;
        }
        let failed = self.failed();
        let last = if failed.is_empty() {
            timeline.paint(Style::Good, format!("All {} checks passed.", self.0.len()))
        } else {
            timeline.paint(Style::Bad, format!("{} of {} checks failed:", failed.len(), self.0.len()))
        };
        timeline.line(&format!("\n{last}"))?;
        failed.iter().try_for_each(|line| timeline.line(&format!("  {line}")))
    }

    fn row(&self, situation: Situation, timeline: &mut Timeline<'_>) -> io::Result<()> {
        let mut text = format!("{:<32}", situation.title());
        for subject in Subject::ALL {
            for transport in TRANSPORTS {
                let line = self.0.iter().find(|line| {
                    (line.subject, line.transport, line.situation) == (subject, transport, situation)
                });
                let (style, word) = match line.map(|line| &line.result) {
                    Some(Ok(())) => (Style::Good, "ok"),
                    Some(Err(_)) => (Style::Bad, "NO"),
                    None => (Style::Dim, "-"),
                };
                text.push_str(&timeline.paint(style, format!("{word:<10}")));
            }
        }
        timeline.line(text.trim_end())
    }
}
