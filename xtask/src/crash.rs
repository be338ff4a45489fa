//! Processes killed at each effect of a renewal, a thousand times; `cargo test` kills a few dozen.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// The trials print their table and say what was broken.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    run_command(cargo(&workspace.root, ["run", "--quiet", "--package", "wellspring-trials", "--", "crash"]))
}
