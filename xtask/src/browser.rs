//! Runs the sign-in page's tests in a real browser, which cargo cannot fetch.

use crate::cargo::{cargo, run as run_command};
use crate::programs::{self, Program};
use crate::workspace::Workspace;

const PROGRAMS: [Program; 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// Runs the tests. Installs the browser if it is missing and the process runs as root.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    programs::ensure(
        &PROGRAMS,
        "These tests drive Chromium",
        "Chromium and the ChromeDriver of the same version",
    )?;
    // The same features as for all other tests, so that cargo builds nothing twice.
    let tests = ["test", "--workspace", "--all-features", "--test", "chromium"];
    run_command(cargo(&workspace.root, tests))
}
