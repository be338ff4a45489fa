//! Every interleaving of renewals, crashes and failing stores, on the shipped code.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// Explores everything, including the parts that take too long for every change.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    explore(workspace, &[])
}

/// Explores the parts that run for every change.
pub(crate) fn quick(workspace: &Workspace) -> Result<(), String> {
    explore(workspace, &["--quick"])
}

/// Records how many states each part has.
pub(crate) fn pin(workspace: &Workspace) -> Result<(), String> {
    explore(workspace, &["--pin"])
}

/// Builds in a separate folder: the flag changes how core is built.
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
