//! A thousand people who sign in at once, and ten thousand whose tokens end at one moment; `cargo test` plays a few.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// The trial prints how long it took and what memory, and fails where anybody saw an error.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let arguments = ["test", "--quiet", "--release", "--package", "oauth2-app-axum", "--test", "crowd", "--"];
    let mut command = cargo(&workspace.root, arguments);
    command.args(["1000", "10000"]);
    run_command(command)
}
