//! Walks through every interleaving of renewals, crashes and failing stores, on the code that is shipped.
//!
//! Built with `--cfg wellspring_explore`, which makes the machines' continuations comparable: a state of everything can
//! then be kept, recognized and gone on from in every possible way. `cargo xtask explore` does that. Without the flag
//! there is nothing to run.
//!
//! - `line`, `lines`, `fleet_lines`: what is explored; `mutants`, `cells`: deliberate mistakes
//! - `world`, `store_model`, `presence`, `server`, `provider`, `history`: one state of everything
//! - `action`, `fleet_action`, `apply`, `fleet`, `exchange`, `unnamed`, `watching`: what can happen, and the next state, as
//!   the drivers carry it out
//! - `invariants`, `pauses`, `obstacles`: what must hold
//! - `callers`: what waits for tokens and calls APIs, and what must hold for it
//! - `search`: visits every state
//! - `report`, `pins`, `clock`: the results
#![forbid(unsafe_code)]

#[cfg(wellspring_explore)]
mod action;
#[cfg(wellspring_explore)]
mod apply;
#[cfg(wellspring_explore)]
mod callers;
#[cfg(wellspring_explore)]
mod cells;
#[cfg(wellspring_explore)]
mod clock;
#[cfg(wellspring_explore)]
mod exchange;
#[cfg(wellspring_explore)]
mod fleet;
#[cfg(wellspring_explore)]
mod fleet_action;
#[cfg(wellspring_explore)]
mod fleet_lines;
#[cfg(wellspring_explore)]
mod history;
#[cfg(wellspring_explore)]
mod invariants;
#[cfg(wellspring_explore)]
mod line;
#[cfg(wellspring_explore)]
mod lines;
#[cfg(wellspring_explore)]
mod mutants;
#[cfg(wellspring_explore)]
mod obstacles;
#[cfg(wellspring_explore)]
mod pauses;
#[cfg(wellspring_explore)]
mod pins;
#[cfg(wellspring_explore)]
mod presence;
#[cfg(wellspring_explore)]
mod provider;
#[cfg(wellspring_explore)]
mod report;
#[cfg(wellspring_explore)]
mod search;
#[cfg(wellspring_explore)]
mod server;
#[cfg(wellspring_explore)]
mod store_model;
#[cfg(all(test, wellspring_explore))]
mod tests;
#[cfg(wellspring_explore)]
mod unnamed;
#[cfg(wellspring_explore)]
mod watching;
#[cfg(wellspring_explore)]
mod world;

use std::process::ExitCode;

#[cfg(wellspring_explore)]
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|given| given == word);
    let wanted = |line: &line::Line| words.iter().any(|word| line.name.contains(word.as_str()));
    let quick = || lines::QUICK.iter().chain(fleet_lines::QUICK).chain(callers::lines::QUICK).copied();
    let long = lines::LONG.iter().chain(fleet_lines::LONG).chain(callers::lines::LONG).copied();
    let all = quick().chain(long);
    if let Some(line) = all.clone().find(|line| has("--needless") && wanted(line)) {
        println!("{}", search::explore(line, usize::MAX).first_needless.unwrap_or_default());
        return ExitCode::SUCCESS;
    }
    let named = words.iter().any(|word| !word.starts_with("--"));
    let chosen: Vec<line::Line> = match (has("--quick"), named) {
        (_, true) => all.filter(wanted).collect(),
        (true, false) => quick().collect(),
        (false, false) => all.collect(),
    };
    let pins = std::sync::Mutex::new(pins::Pins::read());
    let mut failed = 0;
    if !has("--mutants") {
        failed += report::lines(&chosen, &pins, has("--pin"));
    }
    if !named || has("--mutants") {
        let wanted = |name: &str| !named || words.iter().any(|word| name.contains(word.as_str()));
        let mutants = [mutants::MUTANTS, callers::mutants::MUTANTS].into_iter().chain(cells::CELLS);
        failed += report::mutants(mutants.flatten(), wanted);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(not(wellspring_explore))]
fn main() -> ExitCode {
    eprintln!(
        "Run `cargo xtask explore`: it builds this, and what it stands on, so that states can be compared."
    );
    ExitCode::from(2)
}
