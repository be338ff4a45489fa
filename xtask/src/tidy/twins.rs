//! Both transports have the same files, sources and tests alike.

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
        let shared = one.iter().filter(|path| !ONLY_ASYNC.contains(&path.as_str())).cloned().collect();
        let missing =
            |in_this: &BTreeSet<String>, from: &BTreeSet<String>, (folder, client): (&str, &str)| {
                from.difference(in_this)
                    .map(|path| {
                        format!(
                            "{folder}/{part}/{} is missing: the other transport has it.",
                            path.replace(ADAPTER, client)
                        )
                    })
                    .collect::<Vec<_>>()
            };
        found.extend(missing(&one, &other, ASYNC));
        found.extend(missing(&other, &shared, BLOCKING));
    }
    found
}

/// Files that only the async transport has: tower has no blocking form.
const ONLY_ASYNC: [&str; 1] = ["tower.rs"];

/// Takes the place of the client's name, the only difference.
const ADAPTER: &str = "{client}";

fn files(tree: &Tree, folder: &str, client: &str) -> BTreeSet<String> {
    let relative = |(path, _): (&str, &str)| path[folder.len() + 1..].replace(client, ADAPTER);
    // Each client needs other files below its adapter: only the adapters themselves must match.
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
                "crates/transport-blocking/src/send.rs is missing: the other transport has it.",
                "crates/transport-async/tests/calls.rs is missing: the other transport has it."
            ]
        );
    }

    #[test]
    fn only_the_async_transport_has_tower() {
        let mut workspace = Workspace::default();
        workspace.tree.add("crates/transport-async/src/tower.rs", "");
        workspace.tree.add("crates/transport-async/tests/tower.rs", "");
        assert!(findings(&workspace).is_empty());
        workspace.tree.add("crates/transport-async/src/tower/limit.rs", "");
        assert_eq!(
            findings(&workspace),
            ["crates/transport-blocking/src/tower/limit.rs is missing: the other transport has it."]
        );
    }

    #[test]
    fn the_adapters_of_the_two_clients_match() {
        let workspace = Workspace::of([
            ("crates/transport-async/src/reqwest.rs", ""),
            ("crates/transport-blocking/src/ureq.rs", ""),
            ("crates/transport-blocking/src/ureq/connect.rs", ""),
        ]);
        assert!(findings(&workspace).is_empty());
    }
}
