//! Runs the threads of the transports under every schedule, with shuttle's locks and threads.

use crate::cargo::{cargo, output};
use crate::workspace::Workspace;

/// The packages that are built with shuttle's types, and the names of the tests that use them.
const RUNS: [&[&str]; 2] = [
    &["--package", "wellspring-transport", "--test", "interleavings"],
    &[
        "--package",
        "wellspring-transport-async",
        "--package",
        "wellspring-transport-blocking",
        "--lib",
        "interleavings::",
    ],
];

/// Builds in a separate folder: the flag also applies to everything that the transports depend on.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    for run in RUNS {
        let mut command = cargo(&workspace.root, ["test", "--quiet", "--target-dir"]);
        command.arg(workspace.target.join("interleavings")).args(run).args(["--", "--show-output"]);
        command.env("RUSTFLAGS", "--cfg wellspring_shuttle -D warnings");
        let schedules = schedules(&output(command)?);
        if schedules.is_empty() {
            return Err("no test ran a schedule.".to_owned());
        }
        for line in schedules {
            println!("  {line}");
        }
    }
    Ok(())
}

/// What each test prints about the schedules that it ran.
fn schedules(printed: &str) -> Vec<String> {
    let mut name = "";
    let mut found = Vec::new();
    for line in printed.lines() {
        if let Some(heading) = line.strip_prefix("---- ") {
            let path = heading.trim_end_matches(" stdout ----");
            name = path.rsplit("::").next().unwrap_or(path);
        } else if line.ends_with(" schedules") || line.contains(" schedules, ") {
            found.push(format!("{name}: {line}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedules_of_each_test_are_read_from_its_output() {
        let printed = "running 2 tests\n..\nsuccesses:\n\n---- interleavings::twins::a stdout ----\n34 schedules, which is \
                       all of them\n\n---- b stdout ----\nother\n10000 schedules\n\nsuccesses:\n    a\n    b\n";
        assert_eq!(schedules(printed), ["a: 34 schedules, which is all of them", "b: 10000 schedules"]);
        assert!(schedules("running 0 tests\n").is_empty());
    }
}
