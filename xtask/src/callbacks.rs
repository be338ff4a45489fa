//! Millions of forged callbacks, each result compared with a model; `cargo test` runs about ten thousand.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// A failing test prints what differed and the number of its world.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let arguments =
        ["test", "--quiet", "--release", "--package", "oauth2-app-axum", "--test", "forged", "--"];
    let mut command = cargo(&workspace.root, arguments);
    command.arg("--nocapture").env("WELLSPRING_CALLBACKS", "5000000");
    run_command(command)
}
