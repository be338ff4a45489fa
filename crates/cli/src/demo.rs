//! `wellspring demo`: every provider, through both transports, in every situation a token gets into.
//!
//! A simulator plays the servers and a clock that is moved by hand plays the day, so it takes a moment and no
//! network. Nothing is claimed that was not seen: each line of the summary compares what the simulator's log says
//! with what it should say.

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

/// How the demo is to be.
#[derive(Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by this package's own binary and tests")]
pub struct Options {
    /// Whether to print in colour.
    pub colour: bool,
    /// What the simulator does wrong every time, and where: for the demo's own test.
    pub misbehave: Option<(Endpoint, Fault)>,
}

/// Plays everything and prints it; gives the lines that did not hold, each as one sentence.
///
/// # Errors
///
/// When nothing can be printed any more.
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
    Ok(summary.broken())
}

fn play(
    options: &Options,
    subject: Subject,
    transport: Transport,
    timeline: &mut Timeline<'_>,
    summary: &mut Summary,
) -> io::Result<()> {
    let stage = Stage::new(subject, transport, options.misbehave.as_ref());
    let mut stage = stage.map_err(|why| format!("there is no stage to play on: {why}"));
    for situation in Situation::ALL.into_iter().filter(|situation| situation.concerns(subject)) {
        let (held, rows) = match &mut stage {
            Ok(stage) => (situation.play(stage), stage.rows()),
            Err(why) => (Err(why.clone()), Vec::new()),
        };
        timeline.situation(situation, &held)?;
        timeline.rows(rows)?;
        summary.add(Line { subject, transport, situation, held });
    }
    Ok(())
}
