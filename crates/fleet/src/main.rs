//! A day of a fleet in about a minute: 10,000 instances and their keys, on the machines that are shipped, with virtual
//! clocks and without I/O. `cargo xtask fleet` runs it.
//!
//! - `plan`: the fleet, its keys, and what goes wrong when
//! - `day`, `source`, `shared_store`, `endpoint`, `random`: one key's day, event by event
//! - `fleet`: the days of all keys, on all processors
//! - `tally`, `report`, `chart`, `clock`: the results
#![forbid(unsafe_code)]

mod chart;
mod clock;
mod day;
mod endpoint;
mod fleet;
mod plan;
mod random;
mod report;
mod shared_store;
mod source;
mod tally;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

/// Keys do not depend on each other, so the counts of a million are fifty times as large.
const KEYS: u64 = 20_000;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1)?.parse::<u64>().ok()
    };
    let keys = number("--keys").unwrap_or(KEYS);
    let folder = words.iter().position(|word| word == "--charts").and_then(|place| words.get(place + 1));
    match report::run(keys, folder.map(std::path::Path::new)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}
