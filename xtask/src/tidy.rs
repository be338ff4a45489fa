//! What no lint can check: dependencies, imports, the two transports, tables, lists and words.
//!
//! Each check has one idea and its own file, with a test that shows it fail. A finding says what is wrong, where, and what
//! to do.

mod adapters;
mod blocking_tree;
mod canary;
mod circles;
mod clocks;
mod coverage;
mod dependencies;
mod documents;
mod errors_page;
mod events;
mod invariants;
mod length;
mod let_chains;
mod links;
mod lints;
mod metrics;
mod published;
mod quotes;
mod reasons;
mod repeats;
mod secrets;
mod states;
mod table;
mod twins;
mod words;

use crate::workspace::Workspace;

pub(crate) use quotes::write as write_quotes;
pub(crate) use table::{print as print_table, write as write_table};

type Check = fn(&Workspace) -> Vec<String>;

const CHECKS: [(&str, Check); 25] = [
    ("dependencies point one way", dependencies::findings),
    ("no runtime in a blocking tree", blocking_tree::findings),
    ("no files import each other in a circle", circles::findings),
    ("both transports have the same files and tests", twins::findings),
    (repeats::RULE, repeats::findings),
    ("a client's types stay in its adapter", adapters::findings),
    ("lints and `forbid(unsafe_code)` everywhere", lints::findings),
    ("no published crate needs a newer Rust for its conditions", let_chains::findings),
    ("clocks are read only in clock.rs", clocks::findings),
    ("secrets are neither displayed nor serialized", secrets::findings),
    ("every public type is in the canary test", canary::findings),
    ("every decision and quirk has its test", coverage::findings),
    ("every invariant has its test", invariants::findings),
    ("the book's decision table is the code's", table::findings),
    ("every error kind has its row in the book", errors_page::findings),
    ("the book's events are the code's", events::findings),
    ("the metrics of the book and of the board are the code's", metrics::findings),
    ("the book's numbers of states are those that are pinned", states::findings),
    ("the code in the README and the book is that of the examples", quotes::findings),
    ("what is published is ready for a registry", published::findings),
    ("every dependency has its reason", reasons::findings),
    ("the documents are there", documents::findings),
    ("every link has a target", links::findings),
    ("no file is too long", length::findings),
    ("nothing is left over, no word or name is retired", words::findings),
];

/// Runs every check and prints all findings.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let mut total = 0;
    for (rule, check) in CHECKS {
        let findings = check(workspace);
        let number =
            if rule == repeats::RULE { format!(": {}", repeats::measured(workspace)) } else { String::new() };
        println!("  {} {rule}{number}", if findings.is_empty() { "ok    " } else { "BROKEN" });
        for finding in &findings {
            println!("           {finding}");
        }
        total += findings.len();
    }
    match total {
        0 => Ok(()),
        1 => Err("tidy has one finding.".to_owned()),
        _ => Err(format!("tidy has {total} findings.")),
    }
}
