//! The published crates: each builds from its own archive, as a user gets it.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::{Package, Workspace};

/// Packs every published crate and builds it from the archive. The crates find each other in the archives.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let mut command = cargo(&workspace.root, ["package", "--allow-dirty", "--quiet"]);
    for package in published(workspace) {
        println!("  {}", package.name);
        command.args(["--package", &package.name]);
    }
    run_command(command)
}

/// The members that are published.
pub(crate) fn published(workspace: &Workspace) -> impl Iterator<Item = &Package> {
    workspace.packages.iter().filter(|package| package.published)
}
