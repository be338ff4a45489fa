//! The types of an HTTP client appear only in the adapter with the client's name.

use crate::rust::{code, has_word};
use crate::workspace::Workspace;

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.libraries() {
        for (path, text) in workspace.sources(package) {
            for client in ["hyper", "hyper_util", "reqwest", "ureq"] {
                let home = path.split('/').any(|part| client.starts_with(part.trim_end_matches(".rs")));
                if home || path.ends_with("/lib.rs") {
                    continue;
                }
                let foreign = |line: &str| {
                    line.match_indices(&format!("{client}::")).any(|(at, _)| {
                        let own =
                            ["crate::", "super::", "self::"].iter().any(|own| line[..at].ends_with(own));
                        !own && has_word(&line[at..], client)
                    })
                };
                for (n, _) in code(text).lines().enumerate().filter(|(_, line)| foreign(line)) {
                    found.push(format!(
                        "{path}:{} names a type of {client}: move that to {client}.rs.",
                        n + 1
                    ));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_type_outside_its_adapter_is_found() {
        let workspace = Workspace::of([
            ("crates/t/src/lib.rs", "pub use reqwest::Adapter;"),
            ("crates/t/src/reqwest.rs", "use reqwest::Client;"),
            (
                "crates/t/src/source.rs",
                "use crate::reqwest::Adapter;\n// reqwest::Client\nfn f(c: ::reqwest::Client) {}",
            ),
        ])
        .library("t", "crates/t");
        assert_eq!(
            findings(&workspace),
            ["crates/t/src/source.rs:3 names a type of reqwest: move that to reqwest.rs."]
        );
    }
}
