//! A thousand users who sign in at once, and ten thousand whose tokens expire at once; `cargo test` runs fewer.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// The trial prints its time and its memory, and fails if a user gets an error.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let arguments = ["test", "--quiet", "--release", "--package", "oauth2-app-axum", "--test", "crowd", "--"];
    let mut command = cargo(&workspace.root, arguments);
    command.args(["1000", "10000"]);
    run_command(command)
}
