//! Millions of forged callbacks against a model of what may come of them; `cargo test` makes some ten thousand.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// The test says what it was that went wrong, and in which of its worlds.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let arguments =
        ["test", "--quiet", "--release", "--package", "oauth2-app-axum", "--test", "forged", "--"];
    let mut command = cargo(&workspace.root, arguments);
    command.arg("--nocapture").env("WELLSPRING_CALLBACKS", "5000000");
    run_command(command)
}
