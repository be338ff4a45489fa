//! Runs the sign-in page's tests in a real browser, beside servers of other projects. Cargo can fetch none of them.

use crate::cargo::{cargo, run as run_command};
use crate::programs::{self, Program};
use crate::storm;
use crate::workspace::Workspace;

const PROGRAMS: [Program; 6] = [
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("nginx -v", "nginx"),
    ("redis-server", "redis-server"),
    ("node", "nodejs"),
    ("npm", "npm"),
];

/// An application as a user writes it, with its own lock file. Its processes are instances of a site in the browser's tests.
pub(crate) const APPLICATION: &str = "examples/web-app/Cargo.toml";

/// Runs the tests. Installs the programs that are missing if the process runs as root.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    programs::ensure(
        &PROGRAMS,
        "These tests drive Chromium and other servers",
        "Chromium and the ChromeDriver of the same version, nginx, Redis, and Node.js 20 or later with npm",
    )?;
    storm::install(workspace)?;
    // Beside the workspace's own: what both need is built once, and the browser's tests find the program there.
    let mut application = cargo(&workspace.root, ["test", "--manifest-path", APPLICATION, "--target-dir"]);
    application.arg(&workspace.target);
    run_command(application)?;
    // The same features as for all other tests, so that cargo builds nothing twice.
    let tests = ["test", "--workspace", "--all-features", "--test", "chromium"];
    run_command(cargo(&workspace.root, tests))
}
