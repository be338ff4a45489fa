//! What no lint can hold: directions, twins, tables, lists and words.
//!
//! Each check looks at one idea, lives in a file of its own with a test that shows it fail, and says where it
//! found what and what to do about it.

mod adapters;
mod blocking_tree;
mod canary;
mod clocks;
mod coverage;
mod dependencies;
mod documents;
mod errors_page;
mod events;
mod invariants;
mod length;
mod links;
mod lints;
mod readme;
mod reasons;
mod secrets;
mod table;
mod twins;
mod words;

use crate::workspace::Workspace;

pub(crate) use table::{print as print_table, write as write_table};

type Check = fn(&Workspace) -> Vec<String>;

const CHECKS: [(&str, Check); 19] = [
    ("dependencies point one way", dependencies::findings),
    ("no runtime in a blocking tree", blocking_tree::findings),
    ("both transports have the same files and tests", twins::findings),
    ("a client's types stay in its adapter", adapters::findings),
    ("lints and `forbid(unsafe_code)` everywhere", lints::findings),
    ("clocks are read in clock.rs", clocks::findings),
    ("secrets are neither displayed nor serialized", secrets::findings),
    ("every public type is in the canary test", canary::findings),
    ("every decision and quirk has its test", coverage::findings),
    ("every invariant has its test", invariants::findings),
    ("the book's decision table is the code's", table::findings),
    ("every error kind has its row in the book", errors_page::findings),
    ("the book's events are the code's", events::findings),
    ("the README's example is the tested one", readme::findings),
    ("every dependency has its reason", reasons::findings),
    ("the documents are there", documents::findings),
    ("links lead somewhere", links::findings),
    ("no file is too long", length::findings),
    ("nothing is left over", words::findings),
];

/// Runs every check and reports all there is to report.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let mut total = 0;
    for (rule, check) in CHECKS {
        let findings = check(workspace);
        println!("  {} {rule}", if findings.is_empty() { "ok    " } else { "BROKEN" });
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
