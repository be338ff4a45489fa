//! What exists in one transport exists in the other, under the same name: sources and tests alike.

use std::collections::BTreeSet;

use crate::tree::Tree;
use crate::workspace::Workspace;

const ASYNC: (&str, &str) = ("crates/transport-async", "reqwest");
const BLOCKING: (&str, &str) = ("crates/transport-blocking", "ureq");

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["src", "tests"] {
        let of = |(folder, client)| files(&workspace.tree, &format!("{folder}/{part}"), client);
        let (one, other) = (of(ASYNC), of(BLOCKING));
        let shared = one.iter().filter(|path| !ASYNC_ALONE.contains(&path.as_str())).cloned().collect();
        let missing =
            |in_this: &BTreeSet<String>, from: &BTreeSet<String>, (folder, client): (&str, &str)| {
                from.difference(in_this)
                    .map(|path| format!("{folder}/{part}/{} is missing.", path.replace(ADAPTER, client)))
                    .collect::<Vec<_>>()
            };
        found.extend(missing(&one, &other, ASYNC));
        found.extend(missing(&other, &shared, BLOCKING));
    }
    found
}

/// What exists in async alone, source and tests: nothing in blocking code speaks tower.
const ASYNC_ALONE: [&str; 1] = ["tower.rs"];

/// Stands for the client's name, which is the one difference.
const ADAPTER: &str = "{client}";

fn files(tree: &Tree, folder: &str, client: &str) -> BTreeSet<String> {
    let relative = |(path, _): (&str, &str)| path[folder.len() + 1..].replace(client, ADAPTER);
    // What a client needs to be adapted is its own affair: only the adapters themselves are twins.
    let inside = format!("/{client}/");
    tree.ending(folder, ".rs").filter(|(path, _)| !path.contains(&inside)).map(relative).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_one_transport_lacks_is_found() {
        let workspace = Workspace::of([
            ("crates/transport-async/src/lib.rs", ""),
            ("crates/transport-async/src/reqwest.rs", ""),
            ("crates/transport-async/src/send.rs", ""),
            ("crates/transport-blocking/src/lib.rs", ""),
            ("crates/transport-blocking/src/ureq.rs", ""),
            ("crates/transport-blocking/tests/calls.rs", ""),
        ]);
        assert_eq!(
            findings(&workspace),
            [
                "crates/transport-blocking/src/send.rs is missing.",
                "crates/transport-async/tests/calls.rs is missing."
            ]
        );
    }

    #[test]
    fn tower_is_of_async_code_alone() {
        let mut workspace = Workspace::default();
        workspace.tree.add("crates/transport-async/src/tower.rs", "");
        workspace.tree.add("crates/transport-async/tests/tower.rs", "");
        assert!(findings(&workspace).is_empty());
        workspace.tree.add("crates/transport-async/src/tower/limit.rs", "");
        assert_eq!(findings(&workspace), ["crates/transport-blocking/src/tower/limit.rs is missing."]);
    }

    #[test]
    fn the_adapters_are_each_others_twins() {
        let workspace = Workspace::of([
            ("crates/transport-async/src/reqwest.rs", ""),
            ("crates/transport-blocking/src/ureq.rs", ""),
            ("crates/transport-blocking/src/ureq/connect.rs", ""),
        ]);
        assert!(findings(&workspace).is_empty());
    }
}
