//! A published crate says what a registry shows of it: its purpose, its repository, its page, its words, its licences.

use crate::package::published;
use crate::workspace::{Package, Workspace};

/// What a manifest must have, itself or from the workspace.
const KEYS: [&str; 8] =
    ["description", "version", "rust-version", "license", "repository", "readme", "keywords", "categories"];

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    published(workspace).flat_map(|package| of_package(workspace, package)).collect()
}

fn of_package(workspace: &Workspace, package: &Package) -> Vec<String> {
    let manifest = format!("{}/Cargo.toml", package.folder);
    let table: toml::Table =
        workspace.tree.text(&manifest).and_then(|text| text.parse().ok()).unwrap_or_default();
    let mut found = Vec::new();
    for key in KEYS {
        if table.get("package").and_then(|table| table.get(key)).is_none() {
            found.push(format!("{manifest} has no `{key}`: add it, or `publish = false`."));
        }
    }
    let all_features = table
        .get("package")
        .and_then(|package| package.get("metadata")?.get("docs")?.get("rs")?.get("all-features")?.as_bool());
    if all_features != Some(true) {
        found.push(format!("{manifest} has no `[package.metadata.docs.rs] all-features = true`."));
    }
    for licence in LICENCES {
        let path = format!("{}/{licence}", package.folder);
        if !workspace.tree.has(&path) {
            found.push(format!("{path} is missing: link it to the workspace's (`ln -s ../../{licence}`)."));
        }
    }
    let root = format!("{}/src/lib.rs", package.folder);
    if let Some(text) = workspace.tree.text(&root)
        && !has_program(text)
    {
        found.push(format!("{root}: the first page has no program that is tested and asserts."));
    }
    found
}

/// Whether the crate's page has a tested block of Rust that asserts.
fn has_program(root: &str) -> bool {
    // A fence may depend on a feature. What stands there without the feature is not tested.
    let attribute = |line: &'_ str| line.starts_with("#![cfg_attr(") && line.contains("doc = ");
    let page = root.lines().take_while(|line| line.starts_with("//!") || attribute(line));
    let page = page.filter(|line| !line.starts_with("#![cfg_attr(not(")).map(|line| {
        match line.split_once("doc = \"") {
            Some((_, doc)) if attribute(line) => doc.trim_end_matches(['"', ')', ']']),
            _ => line.trim_start_matches("//!"),
        }
    });
    let (mut tested, mut asserts) = (None, false);
    for line in page {
        match (tested, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => tested = Some(matches!(info, "" | "rust")),
            (Some(_), Some(_)) => tested = None,
            (Some(true), None) => asserts |= line.contains("assert"),
            _ => {}
        }
    }
    asserts
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nversion.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
        repository.workspace = true\nreadme.workspace = true\ndescription = \"d\"\nkeywords = []\ncategories = []\n\
        [package.metadata.docs.rs]\nall-features = true\n";
    const ROOT: &str = "//! A.\n//!\n//! ```\n//! assert!(true);\n//! ```\n\nmod a;\n";

    fn of(manifest: &str, root: &str) -> Vec<String> {
        let mut workspace = Workspace::of([
            ("crates/a/Cargo.toml", manifest),
            ("crates/a/src/lib.rs", root),
            ("crates/a/LICENSE-APACHE", "x"),
            ("crates/a/LICENSE-MIT", "x"),
        ])
        .library("a", "crates/a");
        workspace.packages[0].published = true;
        findings(&workspace)
    }

    #[test]
    fn what_a_registry_shows_and_a_crate_lacks_is_found() {
        assert_eq!(of(MANIFEST, ROOT), [""; 0]);
        let found = of(&MANIFEST.replace("readme.workspace = true\n", ""), ROOT);
        assert_eq!(found, ["crates/a/Cargo.toml has no `readme`: add it, or `publish = false`."]);
        let found = of(&MANIFEST.replace("all-features", "other"), ROOT);
        assert_eq!(found, ["crates/a/Cargo.toml has no `[package.metadata.docs.rs] all-features = true`."]);
    }

    #[test]
    fn a_first_page_without_a_tested_program_is_found() {
        for root in [
            ROOT.replace("assert!(true)", "let a = 1"),
            ROOT.replace("```\n//! assert", "```no_run\n//! assert"),
            ROOT.replace("//! ```", "//! "),
            format!("mod a;\n{ROOT}"),
        ] {
            let found = of(MANIFEST, &root);
            assert!(found.len() == 1 && found[0].contains("no program"), "{root}: {found:?}");
        }
    }

    #[test]
    fn a_program_behind_a_feature_counts() {
        let fence = "#![cfg_attr(feature = \"a\", doc = \"```\")]\n#![cfg_attr(not(feature = \"a\"), doc = \"```ignore\")]\n";
        let root = ROOT.replacen("//! ```\n", fence, 1);
        assert_eq!(of(MANIFEST, &root), [""; 0]);
        assert_eq!(of(MANIFEST, &root.replace("assert", "print")).len(), 1);
    }

    #[test]
    fn a_crate_without_its_licence_is_found() {
        let mut workspace = Workspace::of([("crates/b/Cargo.toml", MANIFEST), ("crates/b/src/lib.rs", ROOT)])
            .library("b", "crates/b");
        assert_eq!(findings(&workspace), [""; 0], "it is not published");
        workspace.packages[0].published = true;
        let found = findings(&workspace);
        assert!(found.len() == 2 && found[1].starts_with("crates/b/LICENSE-MIT is missing"), "{found:?}");
    }
}
