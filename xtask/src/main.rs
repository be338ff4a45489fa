//! The gates of this workspace: what must hold before a change is merged, and the measurements.
//!
//! `cargo xtask test` runs every gate, for every change. The other commands run one gate, a longer version of a test, or a
//! measurement. The measurements depend on the machine and are no gates.
#![forbid(unsafe_code)]

mod bench;
mod browser;
mod budget;
mod callbacks;
mod cargo;
mod clock;
mod crash;
mod crowd;
mod explore;
mod features;
mod first_program;
mod fit;
mod fleet;
mod fuzz;
mod gates;
mod interleavings;
mod lowest;
mod markdown;
mod million;
mod modules;
mod package;
mod paths;
mod programs;
mod rust;
mod size;
mod storm;
mod tidy;
mod tree;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
cargo xtask COMMAND

  test             every gate, in order; those that failed are listed at the end
  tidy             what no lint can check: dependencies, imports, tables, lists and words
  budget           how many crates each build depends on, and the program without std
  explore [--quick | --pin]
                   renewals, crashes and failing stores in every interleaving; --pin records the number of states
  browser          the sign-in page in Chromium, beside servers of other projects; installs those that are missing
  interleavings    the transports' threads under every schedule of their locks and wake-ups
  crash [--quick]  3,000 renewals in processes that are killed or stopped, whose store fails, or that reach one store by
                   two paths, and what is left in store and server: files, SQLite, Redis and Postgres; installs strace and
                   the servers if they are missing
  storm [--store files | redis | postgres] [--seconds N] [--seed N]
                   32 processes that share sessions at oidc-provider, stopped and killed at random, for two minutes;
                   installs Node.js, Redis and Postgres if they are missing
  crowd            a thousand sign-ins at once, and ten thousand users whose tokens expire at once: time and memory
  fleet [--keys N] a day of 10,000 instances with 20,000 keys, simulated: token calls a second through an outage, a
                   failover and a deployment, and the curve of the jitter; without --keys it draws the book's charts
  million [--keys N]
                   a pool of a million users: bytes for each, the look-up of a user, what the timer costs; each beside its limit
  callbacks        five million forged callbacks of a sign-in, each result compared with a model
  fit [--quick]    programs with sqlx, diesel, reqwest, session stores that add these crates: resolved, and with the oldest Rust;
                   without --quick also compiled and run
  size             a release build that gets one token, against bare ureq: bytes, and time from start to token
  fuzz [--seconds N] [TARGET ..]
                   each fuzz target for a minute; needs cargo-fuzz and a nightly toolchain
  package          each published crate, built from its own archive
  lowest           the published crates with the lowest versions that the manifests allow
  first-program    what a first program costs beside others: crates, lines, clean build, bytes
  bench            the benchmarks; compares each measured ratio with its limit
  table [--write]  the decision table, printed or written into the book
  quotes           writes the code of the examples into the pages that quote it
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let command: fn(&Workspace) -> Result<(), String> = match words.as_slice() {
        ["test"] => gates::run,
        ["tidy"] => tidy::run,
        ["budget"] => budget::run,
        ["explore"] => explore::run,
        ["explore", "--quick"] => explore::quick,
        ["explore", "--pin"] => explore::pin,
        ["browser"] => browser::run,
        ["interleavings"] => interleavings::run,
        ["crash"] => crash::run,
        ["crash", "--quick"] => crash::quick,
        ["crowd"] => crowd::run,
        ["callbacks"] => callbacks::run,
        ["fleet"] => fleet::run,
        ["fleet", words @ ..] => {
            return ended(Workspace::open().and_then(|workspace| fleet::run_with(&workspace, words)));
        }
        ["million"] => million::run,
        ["million", words @ ..] => {
            return ended(Workspace::open().and_then(|workspace| million::run_with(&workspace, words)));
        }
        ["storm"] => storm::run,
        ["storm", words @ ..] => {
            return ended(Workspace::open().and_then(|workspace| storm::run_with(&workspace, words)));
        }
        ["fuzz", words @ ..] => {
            return ended(Workspace::open().and_then(|workspace| fuzz::run_with(&workspace, words)));
        }
        ["package"] => package::run,
        ["lowest"] => lowest::run,
        ["fit"] => fit::run,
        ["fit", "--quick"] => fit::quick,
        ["size"] => size::run,
        ["first-program"] => first_program::run,
        ["bench"] => bench::run,
        ["table"] => tidy::print_table,
        ["table", "--write"] => tidy::write_table,
        ["quotes"] => tidy::write_quotes,
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    ended(Workspace::open().and_then(|workspace| command(&workspace)))
}

fn ended(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}
