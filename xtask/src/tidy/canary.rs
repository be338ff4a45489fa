//! The canary test formats every public type and looks for the secret in it; here its list is held complete.

use crate::rust::{code, has_word, public_types};
use crate::tree::Tree;
use crate::workspace::{Package, Workspace};

/// The canary test: this file, and the folder of this name where it is split.
const TEST: &str = "crates/cli/tests/canary";

/// Its secrets are made up and its log is for tests.
const EXEMPT: &str = "wellspring-simulator";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let list: String = workspace
        .tree
        .below("")
        .filter(|(path, _)| path.starts_with(TEST) && path.ends_with(".rs"))
        .map(|(_, text)| text)
        .collect();
    if list.is_empty() {
        return vec![format!("{TEST}.rs, the canary test, is missing.")];
    }
    workspace
        .libraries()
        .filter(|package| package.name != EXEMPT)
        .flat_map(|package| reachable(&workspace.tree, package))
        .filter(|(_, name)| !has_word(&list, name))
        .map(|(path, name)| format!("{path}: the public type {name} is not in the canary test."))
        .collect()
}

/// The types that users can name: those of the root, of public modules, and those re-exported.
fn reachable<'a>(tree: &'a Tree, package: &Package) -> Vec<(&'a str, String)> {
    let sources = format!("{}/src", package.folder);
    let root = code(tree.text(&format!("{sources}/lib.rs")).unwrap_or_default());
    let exported: String = root.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next()).collect();
    let mut found = Vec::new();
    for (path, text) in tree.ending(&sources, ".rs") {
        let module = path[sources.len() + 1..].split('/').next().unwrap_or_default().trim_end_matches(".rs");
        let open = module == "lib"
            || root.contains(&format!("pub mod {module};"))
            || exported.contains(&format!("{module}::*"));
        let types = public_types(text).into_iter();
        found.extend(types.filter(|name| open || has_word(&exported, name)).map(|name| (path, name)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_type_that_the_canary_test_forgot_is_found() {
        let workspace = Workspace::of([
            (
                "crates/a/src/lib.rs",
                "mod inner;\npub mod open;\npub use inner::{\n    Known, New,\n};\npub struct Root;",
            ),
            (
                "crates/a/src/inner.rs",
                "pub struct Known;\npub enum New {\n}\npub struct Unnameable;\npub(crate) struct Own;",
            ),
            ("crates/a/src/open.rs", "pub struct Open;"),
            ("crates/cli/tests/canary/list.rs", "Known Root"),
        ])
        .library("a", "crates/a");
        assert_eq!(
            findings(&workspace),
            [
                "crates/a/src/inner.rs: the public type New is not in the canary test.",
                "crates/a/src/open.rs: the public type Open is not in the canary test."
            ]
        );
    }

    #[test]
    fn a_missing_canary_test_is_found() {
        assert_eq!(findings(&Workspace::default()).len(), 1);
    }
}
