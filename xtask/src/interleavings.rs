//! The threads of the transports under every schedule, on the locks and threads of shuttle.

use crate::cargo::{cargo, output};
use crate::workspace::Workspace;

/// What is built with shuttle's types, and which of its tests know of schedules.
const PLAYS: [&[&str]; 2] = [
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

/// Builds in a folder of its own, because all that the transports stand on is built with the flag too.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    for play in PLAYS {
        let mut command = cargo(&workspace.root, ["test", "--quiet", "--target-dir"]);
        command.arg(workspace.target.join("interleavings")).args(play).args(["--", "--show-output"]);
        command.env("RUSTFLAGS", "--cfg wellspring_shuttle -D warnings");
        let plays = played(&output(command)?);
        if plays.is_empty() {
            return Err("no test has run a single schedule.".to_owned());
        }
        for line in plays {
            println!("  {line}");
        }
    }
    Ok(())
}

/// What each test says about the schedules that it has run.
fn played(printed: &str) -> Vec<String> {
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
    fn what_a_test_has_run_is_read_from_what_it_prints() {
        let printed = "running 2 tests\n..\nsuccesses:\n\n---- interleavings::twins::a stdout ----\n34 schedules, which is \
                       all of them\n\n---- b stdout ----\nother\n10000 schedules\n\nsuccesses:\n    a\n    b\n";
        assert_eq!(played(printed), ["a: 34 schedules, which is all of them", "b: 10000 schedules"]);
        assert!(played("running 0 tests\n").is_empty());
    }
}
