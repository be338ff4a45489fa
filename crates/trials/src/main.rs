//! The program of `cargo xtask crash`, and of its child processes.
#![forbid(unsafe_code)]

use core::time::Duration;
use std::process::ExitCode;

use wellspring_trials::storm::{self, Storm};
use wellspring_trials::summary::Summary;
use wellspring_trials::{Kind, Part, child, clock, table};

const USAGE: &str = "\
wellspring-trials crash [quick]   kills, stops and disturbs processes during their renewals, 3,000 of them or a few hundred
wellspring-trials crash only TEXT makes the runs whose description has this text, to repeat what broke
wellspring-trials storm SERVER STORE [SECONDS [SEED]]
                                  32 processes, stopped and killed at random; SERVER is the certified server's folder,
                                  STORE is `files` (files and SQLite), `redis` or `postgres`
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

/// How many runs `crash` makes, a third of them kills.
const RUNS: u32 = 3_000;

/// How often `crash` makes each kill on each engine: each waits for the end of a lease.
const ON_ENGINES: u64 = 2;

/// About how many runs of each kind beside the kills `crash quick` makes.
const OF_EACH: usize = 120;

fn crash(words: &[String]) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let (quick, only) = match words {
        [] => (false, None),
        [word] if word == "quick" => (true, None),
        [word, text] if word == "only" => (false, Some(text)),
        _ => return Err(USAGE.to_owned()),
    };
    let (summary, took) = clock::timed(|| {
        if let Some(text) = only {
            let mut summary = Summary::default();
            summary.play_only(text, &program);
            return summary;
        }
        let a_round: u32 = table::all(Kind::ALL, 1).iter().map(|trial| trial.moment.kills()).sum();
        let rounds = (RUNS / 3).div_ceil(a_round);
        let mut trials = if quick { table::few(Kind::ALL) } else { table::all(Kind::ALL, rounds.into()) };
        trials.extend(if quick { table::few(Kind::ENGINES) } else { table::all(Kind::ENGINES, ON_ENGINES) });
        let table = table::play(&trials, &program);
        let mut summary = Summary::of(&table);
        if quick {
            summary.play_few(OF_EACH, &program);
        } else {
            print!("{}", table.text());
            summary.play_all(RUNS, &program);
        }
        summary
    });
    print!("{}", summary.text());
    println!("  {} runs in {:.0} s", summary.runs(), took.as_secs_f64());
    match summary.broken() {
        [] => Ok(()),
        broken => Err(format!("{} runs broke a guarantee, the first: {}", broken.len(), broken[0])),
    }
}

fn a_storm(words: &[String]) -> Result<(), String> {
    let [server, store, numbers @ ..] = words else { return Err(USAGE.to_owned()) };
    let kinds = match store.as_str() {
        "files" => Kind::ALL.to_vec(),
        "redis" => vec![Kind::Redis],
        "postgres" => vec![Kind::Postgres],
        _ => return Err(USAGE.to_owned()),
    };
    let numbers: Result<Vec<u64>, _> = numbers.iter().map(|word| word.parse()).collect();
    let numbers = numbers.map_err(|_| USAGE)?;
    let seed = numbers.get(1).copied().unwrap_or_else(|| clock::unix().as_micros() as u64);
    let length = Duration::from_secs(numbers.first().copied().unwrap_or(120));
    println!("  seed {seed}");
    let storm = Storm { server: server.into(), length, seed, kinds, processes: 32, users: 8 };
    let report = storm.run(&std::env::current_exe().map_err(|error| error.to_string())?)?;
    print!("{}", report.text());
    match report.faults().as_slice() {
        [] => Ok(()),
        faults => Err(format!("the storm broke {} guarantees, the first: {}", faults.len(), faults[0])),
    }
}
