//! `wellspring demo`: runs each provider through both transports in every situation of a token's life.
//!
//! A simulator stands in for the servers and a manual clock for the time, so the demo takes a moment and needs no
//! network. Each line of the summary is a check: it compares the log of the simulator with the expected requests.

mod row;
mod situation;
mod stage;
mod subject;
mod summary;
mod timeline;

use std::io::{self, Write};

use wellspring_simulator::{Endpoint, Fault};

use crate::arguments::Transport;
use crate::demo::situation::Situation;
use crate::demo::stage::Stage;
use crate::demo::subject::Subject;
use crate::demo::summary::{Line, Summary};
use crate::demo::timeline::Timeline;

/// The options of the demo.
#[derive(Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by this package's own binary and tests")]
pub struct Options {
    /// Whether to print in colour.
    pub colour: bool,
    /// A fault that the simulator answers with every time, and its endpoint: for the demo's own tests.
    pub misbehave: Option<(Endpoint, Fault)>,
}

/// Runs and prints the demo. Returns the failed checks, each as one sentence.
///
/// # Errors
///
/// If writing to `out` fails.
pub fn run(options: &Options, out: &mut dyn Write) -> io::Result<Vec<String>> {
    let mut timeline = Timeline::new(out, options.colour);
    let mut summary = Summary::default();
    timeline.opening()?;
    for subject in Subject::ALL {
        for transport in [Transport::Async, Transport::Blocking] {
            timeline.scene(subject, transport)?;
            play(options, subject, transport, &mut timeline, &mut summary)?;
        }
    }
    summary.print(&mut timeline)?;
    Ok(summary.failed())
}

fn play(
    options: &Options,
    subject: Subject,
    transport: Transport,
    timeline: &mut Timeline<'_>,
    summary: &mut Summary,
) -> io::Result<()> {
    let stage = Stage::new(subject, transport, options.misbehave.as_ref());
    let mut stage = stage.map_err(|why| format!("cannot set up the simulator and the source: {why}"));
    for situation in Situation::ALL.into_iter().filter(|situation| situation.concerns(subject)) {
        let (result, rows) = match &mut stage {
            Ok(stage) => (situation.play(stage), stage.rows()),
            Err(why) => (Err(why.clone()), Vec::new()),
        };
        timeline.situation(situation, &result)?;
        timeline.rows(rows)?;
        summary.add(Line { subject, transport, situation, result });
    }
    Ok(())
}
