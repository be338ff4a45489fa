//! A day of a fleet, simulated on the shipped machines.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// Prints the numbers of the book and draws its charts.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    run_with(workspace, &[])
}

/// The same with other words, such as a number of keys; with words the charts of the book stay as they are.
pub(crate) fn run_with(workspace: &Workspace, words: &[&str]) -> Result<(), String> {
    let mut command =
        cargo(&workspace.root, ["run", "--quiet", "--release", "--package", "wellspring-fleet", "--"]);
    if words.is_empty() {
        command.arg("--charts").arg(workspace.root.join("docs/src"));
    }
    command.args(words);
    run_command(command)
}
