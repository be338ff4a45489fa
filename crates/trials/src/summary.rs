//! The summary of `cargo xtask crash`: a row for each kind of run.

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::ending::Ending;
use crate::engine::Engine;
use crate::parallel::at_once;
use crate::place::Kind;
use crate::runs::{self, Run};
use crate::table::Table;

/// The counts of one kind of run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    runs: u32,
    /// Sessions that ended, each by a kill between the sending and the save.
    lost: u32,
    reuses: u64,
    /// What broke.
    broken: Broken,
}

/// Broken runs, by what their sentences say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Broken {
    all: u32,
    reuses: u32,
    logins: u32,
    hangs: u32,
    panics: u32,
}

impl Broken {
    fn add(&mut self, sentence: &str) {
        let has = |words| u32::from(sentence.contains(words));
        self.all += 1;
        self.reuses += has("reused: ").saturating_sub(has("reused: 0"));
        self.logins += has("LoginRequired");
        self.hangs += has("hangs");
        self.panics += has("panicked");
    }
}

/// The results of many runs.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    rows: BTreeMap<&'static str, Row>,
    sentences: Vec<String>,
}

/// The name of the row of kills, which a [`Table`] shows in detail.
const KILLS: &str = "killed at each effect";

impl Summary {
    /// The kills of this table.
    #[must_use]
    pub fn of(table: &Table) -> Self {
        let mut row =
            Row { runs: table.kills(), lost: table.lost(), reuses: table.reuses(), broken: <_>::default() };
        table.broken().iter().for_each(|sentence| row.broken.add(sentence));
        Self { rows: [(KILLS, row)].into(), sentences: table.broken().to_vec() }
    }

    /// Plays all other runs again and again until there are this many in all.
    pub fn play_all(&mut self, at_least: u32, program: &Path) {
        for round in 0.. {
            self.play(&runs::all(round), program);
            if self.runs() >= at_least {
                return;
            }
        }
    }

    /// Plays about this number of the other runs of each kind.
    pub fn play_few(&mut self, of_each: usize, program: &Path) {
        self.play(&runs::few(of_each), program);
    }

    /// Plays the other runs whose description has this text.
    pub fn play_only(&mut self, text: &str, program: &Path) {
        let mut runs = runs::all(0);
        runs.retain(|run| format!("{run:?}").contains(text));
        self.play(&runs, program);
    }

    fn play(&mut self, runs: &[Run], program: &Path) {
        // Runs that follow one another share a server too.
        let _engines = Kind::ENGINES.map(Engine::shared);
        let shared = Mutex::new(core::mem::take(self));
        at_once(runs, |run| {
            let played = run.play(program);
            shared.lock().unwrap_or_else(PoisonError::into_inner).add(run.kind(), played);
        });
        *self = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    fn add(&mut self, kind: &'static str, played: Result<Ending, String>) {
        let row = self.rows.entry(kind).or_default();
        match played {
            Ok(ending) => {
                row.runs += u32::from(ending != Ending::Missed);
            }
            Err(sentence) => {
                eprintln!("  BROKEN {sentence}");
                row.runs += 1;
                row.broken.add(&sentence);
                self.sentences.push(sentence);
            }
        }
    }

    /// The number of runs.
    #[must_use]
    pub fn runs(&self) -> u32 {
        self.rows.values().map(|row| row.runs).sum()
    }

    /// A sentence about each broken guarantee.
    #[must_use]
    pub fn broken(&self) -> &[String] {
        &self.sentences
    }

    /// The summary as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let header = ["runs", "lost", "reuses", "other reuses", "wrong login", "hangs", "panics", "broken"];
        line(&mut text, "", &header.map(str::to_owned));
        for (kind, Row { runs, lost, reuses, broken }) in &self.rows {
            let Broken { all, reuses: other, logins, hangs, panics } = broken;
            let counts = [*runs, *lost, u32::try_from(*reuses).unwrap_or(u32::MAX)];
            let counts = counts.into_iter().chain([*other, *logins, *hangs, *panics, *all]);
            line(&mut text, kind, &counts.map(|count| count.to_string()).collect::<Vec<_>>());
        }
        text.push_str(
            "  Lost, with a reuse: the kill came between the sending and the save, and no store can help.\n",
        );
        text
    }
}

fn line(text: &mut String, kind: &str, cells: &[String]) {
    let mut line = format!("  {kind:<42}");
    for cell in cells {
        write!(line, " {cell:>12}").expect("writing to a String does not fail");
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_run_is_counted_as_what_its_sentence_says() {
        let mut summary = Summary::default();
        summary.add("k", Ok(Ending::Whole));
        summary.add("k", Ok(Ending::Missed));
        summary.add("k", Err("the child hangs".to_owned()));
        summary.add(
            "k",
            Err("got LoginRequired(\"Rejected\"): Seen { asked: 2, reused: 1, revoked: 1 }".to_owned()),
        );
        summary.add("k", Err("panicked: Seen { asked: 2, reused: 0, revoked: 0 }".to_owned()));
        let broken = Broken { all: 3, reuses: 1, logins: 1, hangs: 1, panics: 1 };
        assert_eq!(summary.rows["k"], Row { runs: 4, lost: 0, reuses: 0, broken });
        assert_eq!(summary.broken().len(), 3);
    }
}
