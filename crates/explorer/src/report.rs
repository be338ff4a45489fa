//! Runs lines and mutants and prints the results.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Mutex;

use wellspring_core::{drop_cell, drop_rule};

use crate::cells;
use crate::clock::timed;
use crate::line::{Line, Mutation};
use crate::mutants::{Mutant, Shows};
use crate::pins::Pins;
use crate::search::{Findings, explore};

/// More than any line has: memory for this many is what a machine of today has.
const LIMIT: usize = 30_000_000;

/// Explores these lines, two at a time, and says how many of them have failed.
pub(crate) fn lines(lines: &[Line], pins: &Mutex<Pins>, pin: bool) -> usize {
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    println!(
        "{:>9}  {:>7}  {:>8}  {:>6}  {:>6}  {:>7}  line",
        "states", "ends", "needless", "reused", "lost", "seconds"
    );
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(line) = lines.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (found, took) = timed(|| explore(*line, LIMIT));
                    let mut pins = pins.lock().expect("no thread panics while it holds the pins");
                    if pin {
                        pins.pin(line.name, &found).expect("the pins stand beside this program's sources");
                    }
                    let complaints = complaints(line, &found, &pins);
                    println!("{}", row(line, &found, took, &complaints));
                    failed.fetch_add(usize::from(!complaints.is_empty()), Ordering::Relaxed);
                }
            });
        }
    });
    failed.into_inner()
}

fn complaints(line: &Line, found: &Findings, pins: &Pins) -> Vec<String> {
    if let Some(broken) = &found.broken {
        return vec![broken.clone()];
    }
    let cut = (!found.exhausted).then(|| format!("not exhausted: more than {LIMIT} states"));
    cut.into_iter().chain(pins.complaint(line.name, found)).collect()
}

fn row(line: &Line, found: &Findings, took: Duration, complaints: &[String]) -> String {
    let exhausted = if found.exhausted { "all" } else { "NOT ALL" };
    let Findings { states, ends, needless, reused, lost, .. } = found;
    let seconds = took.as_secs_f64();
    let mut text = format!(
        "{states:>9}  {ends:>7}  {needless:>8}  {reused:>6}  {lost:>6}  {seconds:>7.1}  {}: {exhausted}",
        line.name
    );
    for complaint in complaints {
        text.push_str(&format!("\n  FAILED: {complaint}"));
    }
    text
}

/// Makes each mistake and says how many were not found. What a machine decides is switched for the whole process: one
/// at a time.
pub(crate) fn mutants<'a>(mutants: impl Iterator<Item = &'a Mutant>, wanted: impl Fn(&str) -> bool) -> usize {
    let mut missed = 0;
    println!("{:>9}  {:>7}  mistake: how it was found", "states", "seconds");
    for mutant in mutants.filter(|mutant| wanted(&name(mutant.mutation))) {
        let ((states, verdict), took) = timed(|| verdict(mutant));
        missed += usize::from(verdict.is_none());
        let verdict = verdict.unwrap_or_else(|| "NOT FOUND".to_owned());
        println!("{states:>9}  {:>7.1}  {}: {verdict}", took.as_secs_f64(), name(mutant.mutation));
    }
    missed
}

fn name(mutation: Mutation) -> String {
    match mutation {
        Mutation::Rule(rule) => format!("without {rule:?}"),
        Mutation::Cell(table, cell) => format!("{table:?}: {}", cells::name(table, cell)),
        other => format!("{other:?}"),
    }
}

/// How the mistake was found, if it was.
pub(crate) fn verdict(mutant: &Mutant) -> (usize, Option<String>) {
    let unharmed = Line { mutation: None, ..mutant.line };
    let before = if mutant.shows == Shows::Broken { Findings::default() } else { explore(unharmed, LIMIT) };
    make(Some(mutant.mutation));
    let found = explore(mutant.line, LIMIT);
    make(None);
    let more = |what: &str, was: usize, is: usize| {
        (found.broken.is_none() && is > was).then(|| format!("{was} ends with {what} became {is}"))
    };
    let verdict = match mutant.shows {
        Shows::Broken => found.broken.as_ref().and_then(|broken| broken.lines().next()).map(str::to_owned),
        Shows::Needless => more("a needless sign-in", before.needless, found.needless),
        Shows::Nothing(reason) => {
            let same = found.broken.is_none() && found.needless == before.needless;
            same.then(|| format!("shows in nothing: {reason}"))
        }
        Shows::Outlived => more("a session that outlives its logout", before.outlived, found.outlived),
    };
    (found.states, verdict)
}

/// Makes this mistake in the machine, if it is one of the machine's, and no other.
fn make(mutation: Option<Mutation>) {
    drop_rule(if let Some(Mutation::Rule(rule)) = mutation { Some(rule) } else { None });
    drop_cell(if let Some(Mutation::Cell(table, cell)) = mutation { Some((table, cell)) } else { None });
}
