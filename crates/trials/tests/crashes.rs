//! A process is killed at each effect of a renewal, and another takes over.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

use std::path::Path;

use wellspring_trials::{Kind, table};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wellspring-trials");

#[test]
fn another_process_takes_over_after_a_kill_at_any_effect() {
    let table = table::play(&table::few(Kind::ALL), Path::new(PROGRAM));
    println!("{}", table.text());
    assert_eq!(table.broken(), [""; 0]);
    assert!(table.kills() >= 50, "{} kills", table.kills());
}
