//! The canary test formats every public type and looks for the secret in it. This check keeps its list complete.

use crate::paths::imports;
use crate::rust::{code, has_word, public_types};
use crate::tree::Tree;
use crate::workspace::{Package, Workspace};

/// The canary test: the file and the folder of this name.
const TEST: &str = "crates/cli/tests/canary";

/// The secrets of these are made up, and their logs are for tests.
const EXEMPT: [&str; 2] = ["wellspring-simulator", "wellspring-test-servers"];

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
        .filter(|package| !EXEMPT.contains(&package.name.as_str()))
        .flat_map(|package| reachable(&workspace.tree, package))
        .filter(|(_, name)| !has_word(&list, name))
        .map(|(path, name)| {
            format!("{path}: the public type {name} is not in the canary test: add it there.")
        })
        .collect()
}

/// The types that users can name: those of the root, of public modules, and the re-exported ones, whether a macro declares
/// them or not.
fn reachable(tree: &Tree, package: &Package) -> Vec<(String, String)> {
    let sources = format!("{}/src", package.folder);
    let root = code(tree.text(&format!("{sources}/lib.rs")).unwrap_or_default());
    let (exported, _) = imports(&root);
    let is_exported =
        |name: &str| exported.iter().any(|import| import.public && import.path.ends_with(&[name.to_owned()]));
    let mut found = Vec::new();
    let mut all = String::new();
    for (path, text) in tree.ending(&sources, ".rs") {
        let module = path[sources.len() + 1..].split('/').next().unwrap_or_default().trim_end_matches(".rs");
        let open = module == "lib"
            || root.contains(&format!("pub mod {module};"))
            || exported.iter().any(|import| import.public && import.path == [module, "*"]);
        let types = public_types(text).into_iter();
        found.extend(types.filter(|name| open || is_exported(name)).map(|name| (path.to_owned(), name)));
    }
    // A macro of another crate may declare the name.
    for (_, text) in tree.ending("crates", ".rs").filter(|(path, _)| path.contains("/src/")) {
        all.push_str(&code(text));
    }
    let of_macros =
        exported.iter().filter(|import| import.public && root.contains(&format!("mod {};", import.path[0])));
    for name in of_macros.filter_map(|import| import.path.last()).filter(|name| is_camel_case(name)) {
        let is_type = ["trait", "type"].iter().all(|kind| !has_word(&all, &format!("pub {kind} {name}")));
        if is_type && !found.iter().any(|(_, known)| known == name) {
            found.push((format!("{sources}/lib.rs"), name.clone()));
        }
    }
    found
}

fn is_camel_case(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_type_that_the_canary_test_lacks_is_found() {
        let workspace = Workspace::of([
            (
                "crates/a/src/lib.rs",
                "mod inner;\npub mod open;\npub use inner::{\n    Known, New,\n};\npub use inner::Last;\npub use inner::{Made, Trait, make};\npub use other::Other;\npub struct Root;",
            ),
            (
                "crates/a/src/inner.rs",
                "pub struct Known;\npub enum New {\n}\npub struct Last;\npub struct Unnameable;\npub(crate) struct Own;\npub trait Trait {}\ntypes! { Made }",
            ),
            ("crates/a/src/open.rs", "pub struct Open;"),
            ("crates/cli/tests/canary/list.rs", "Known Root"),
        ])
        .library("a", "crates/a");
        assert_eq!(
            findings(&workspace),
            [
                "crates/a/src/inner.rs: the public type New is not in the canary test: add it there.",
                "crates/a/src/inner.rs: the public type Last is not in the canary test: add it there.",
                "crates/a/src/open.rs: the public type Open is not in the canary test: add it there.",
                "crates/a/src/lib.rs: the public type Made is not in the canary test: add it there."
            ]
        );
    }

    #[test]
    fn a_missing_canary_test_is_found() {
        assert_eq!(findings(&Workspace::default()).len(), 1);
    }
}
