//! Every interleaving of renewals, crashes and failing stores, on the code that is shipped.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// Everything: minutes for the lines of every change, and some more for those that take longer.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    explore(workspace, &[])
}

/// What every change is measured by.
pub(crate) fn quick(workspace: &Workspace) -> Result<(), String> {
    explore(workspace, &["--quick"])
}

/// Writes down how many states there are.
pub(crate) fn pin(workspace: &Workspace) -> Result<(), String> {
    explore(workspace, &["--pin"])
}

/// Builds in a folder of its own, because core is built with the flag too.
fn explore(workspace: &Workspace, words: &[&str]) -> Result<(), String> {
    for what in ["test", "run"] {
        let arguments = [what, "--quiet", "--release", "--package", "wellspring-explorer", "--target-dir"];
        let mut command = cargo(&workspace.root, arguments);
        command.arg(workspace.target.join("explore"));
        if what == "run" {
            command.arg("--").args(words);
        }
        command.env("RUSTFLAGS", "--cfg wellspring_explore -D warnings");
        run_command(command)?;
    }
    Ok(())
}
