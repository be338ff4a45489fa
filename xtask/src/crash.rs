//! Kills a thousand processes at the effects of their renewals; `cargo test` kills a few dozen.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// The trials print their table and each broken rule.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    run_command(cargo(&workspace.root, ["run", "--quiet", "--package", "wellspring-trials", "--", "crash"]))
}
