//! Kills, stops and disturbs real processes during their renewals; a few hundred runs for every change.

use crate::cargo::{cargo, run as run_command};
use crate::programs::{self, Program, SERVERS};
use crate::workspace::Workspace;

const PROGRAMS: [Program; 1] = [("strace", "strace")];

/// The runs print their summary and each broken guarantee.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    crash(workspace, &[])
}

/// A few hundred runs, with each kind of them.
pub(crate) fn quick(workspace: &Workspace) -> Result<(), String> {
    crash(workspace, &["quick"])
}

fn crash(workspace: &Workspace, words: &[&str]) -> Result<(), String> {
    programs::ensure(&PROGRAMS, "The faults of system calls come from strace", "strace, on Linux")?;
    programs::ensure(&SERVERS, "Processes on several hosts share a server", "Redis and PostgreSQL")?;
    let mut command =
        cargo(&workspace.root, ["run", "--quiet", "--package", "wellspring-trials", "--", "crash"]);
    command.args(words);
    run_command(command)
}
