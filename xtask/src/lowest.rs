//! The lowest versions of the dependencies that the manifests allow: a user whose lock file has them can build ours.
//!
//! Cargo chooses them in a copy of the checkout, because the choice changes the lock file. The option is unstable, so cargo
//! runs as a nightly for that command only.

use std::fs;
use std::path::PathBuf;

use crate::cargo::{cargo, run as run_command};
use crate::package::published;
use crate::workspace::Workspace;

/// Builds every published crate with the lowest versions. What is not committed to the index is not seen.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let copy = resolve(workspace)?;
    let mut check = cargo(&copy, ["check", "--quiet", "--locked", "--all-features"]);
    for package in published(workspace) {
        check.args(["--package", &package.name]);
    }
    // What both builds need in the same version is built once.
    check.arg("--target-dir").arg(&workspace.target);
    run_command(check)
}

/// Chooses the lowest versions, and says where. One that a dependency cannot take is found without a build.
pub(crate) fn resolve(workspace: &Workspace) -> Result<PathBuf, String> {
    let copy = workspace.target.join("lowest");
    fs::create_dir_all(&copy).map_err(|error| format!("{}: {error}.", copy.display()))?;
    let mut export = std::process::Command::new("git");
    export.args(["checkout-index", "--all", "--force"]).current_dir(&workspace.root);
    export.arg(format!("--prefix={}/", copy.display()));
    run_command(export)?;

    let mut choose = cargo(&copy, ["update", "--quiet", "-Z", "direct-minimal-versions"]);
    choose.env("RUSTC_BOOTSTRAP", "1");
    run_command(choose)?;
    Ok(copy)
}
