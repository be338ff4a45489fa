//! The program of `cargo xtask crash`, and of its child processes.
#![forbid(unsafe_code)]

use core::time::Duration;
use std::process::ExitCode;

use wellspring_trials::storm::{self, Storm};
use wellspring_trials::{Part, child, clock, table};

const USAGE: &str = "\
wellspring-trials crash [KILLS]   kills this number of processes (default: 1000) during their renewals; prints the results
wellspring-trials storm SERVER [SECONDS [SEED]]
                                  32 processes, stopped and killed at random; SERVER is the certified server's folder
wellspring-trials child ..        runs one of the processes of `crash`
wellspring-trials member ..       runs one of the processes of `storm`
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.split_first() {
        Some((first, rest)) if first == "child" => Part::parse(rest).and_then(|part| child::play(&part)),
        Some((first, rest)) if first == "member" => storm::play(rest),
        Some((first, rest)) if first == "crash" => crash(rest),
        Some((first, rest)) if first == "storm" => a_storm(rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn crash(words: &[String]) -> Result<(), String> {
    let kills: u32 = match words {
        [] => 1_000,
        [word] => word.parse().map_err(|_| format!("{word} is not a number"))?,
        _ => return Err(USAGE.to_owned()),
    };
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let a_round: u32 = table::all(1).iter().map(|trial| trial.moment.kills()).sum();
    let rounds = kills.div_ceil(a_round);
    let (table, took) = clock::timed(|| table::play(&table::all(rounds.into()), &program));
    print!("{}", table.text());
    println!("  {} kills in {:.0} s", table.kills(), took.as_secs_f64());
    match table.broken() {
        [] if table.kills() >= kills => Ok(()),
        [] => Err(format!("there were fewer than {kills} kills")),
        broken => Err(format!("{} trials broke a guarantee, the first: {}", broken.len(), broken[0])),
    }
}

fn a_storm(words: &[String]) -> Result<(), String> {
    let (server, numbers) = words.split_first().ok_or(USAGE)?;
    let numbers: Result<Vec<u64>, _> = numbers.iter().map(|word| word.parse()).collect();
    let numbers = numbers.map_err(|_| USAGE)?;
    let seed = numbers.get(1).copied().unwrap_or_else(|| clock::unix().as_micros() as u64);
    let length = Duration::from_secs(numbers.first().copied().unwrap_or(120));
    println!("  seed {seed}");
    let storm = Storm { server: server.into(), length, seed, processes: 32, users: 8 };
    let report = storm.run(&std::env::current_exe().map_err(|error| error.to_string())?)?;
    print!("{}", report.text());
    match report.faults().as_slice() {
        [] => Ok(()),
        faults => Err(format!("the storm broke {} guarantees, the first: {}", faults.len(), faults[0])),
    }
}
