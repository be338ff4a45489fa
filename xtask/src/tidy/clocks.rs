//! Clocks are read only in `clock.rs`, so that a test controls every clock.

use crate::rust::code;
use crate::workspace::Workspace;

const READS: [&str; 5] =
    ["Instant::now", "SystemTime::now", "clock_gettime", "UNIX_EPOCH.elapsed", "thread::sleep"];

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.libraries() {
        for (path, text) in workspace.sources(package) {
            if path.ends_with("/clock.rs") {
                continue;
            }
            for (n, line) in code(text).lines().enumerate() {
                let read = READS.iter().find(|read| line.contains(*read));
                found.extend(
                    read.map(|read| format!("{path}:{} has `{read}`: move that to clock.rs.", n + 1)),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_read_elsewhere_is_found() {
        let workspace = Workspace::of([
            ("crates/a/src/clock.rs", "Instant::now()"),
            ("crates/a/src/other.rs", "// Instant::now\nlet t = std::time::Instant::now();"),
        ])
        .library("a", "crates/a");
        assert_eq!(
            findings(&workspace),
            ["crates/a/src/other.rs:2 has `Instant::now`: move that to clock.rs."]
        );
    }
}
