//! The program of `cargo xtask crash`, and of its child processes.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use wellspring_trials::{Part, child, clock, table};

const USAGE: &str = "\
wellspring-trials crash [KILLS]   kills this number of processes (default: 1000) during their renewals; prints the results
wellspring-trials child ..        runs one of those processes
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.split_first() {
        Some((first, rest)) if first == "child" => Part::parse(rest).and_then(|part| child::play(&part)),
        Some((first, rest)) if first == "crash" => crash(rest),
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
