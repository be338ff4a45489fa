//! A pool of a million users: bytes for each, the look-up of a user, and what the timer costs.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// The program prints its figures beside their limits, and fails if one is above.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    run_with(workspace, &[])
}

/// The same with so many users: `--keys N`.
pub(crate) fn run_with(workspace: &Workspace, words: &[&str]) -> Result<(), String> {
    let keys = match words {
        [] => "1000000",
        ["--keys", keys] if keys.parse::<usize>().is_ok_and(|keys| keys > 0) => keys,
        _ => return Err("usage: cargo xtask million [--keys N]".to_owned()),
    };
    let words = ["run", "--quiet", "--release", "--package", "benches", "--bin", "million", "--"];
    let mut command = cargo(&workspace.root, words);
    command.arg(keys);
    run_command(command)
}
