//! The workspace's lints apply to every package, and every library forbids unsafe code.

use crate::workspace::Workspace;

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        let manifest = format!("{}/Cargo.toml", package.folder);
        let table: toml::Table =
            workspace.tree.text(&manifest).and_then(|text| text.parse().ok()).unwrap_or_default();
        let inherited = table.get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
        if inherited != Some(true) {
            found.push(format!("{manifest} lacks `[lints] workspace = true`: add it."));
        }
    }
    for package in workspace.packages.iter().filter(|package| package.library) {
        let root = format!("{}/src/lib.rs", package.folder);
        let text = workspace.tree.text(&root).unwrap_or_default();
        if !text.lines().any(|line| line == "#![forbid(unsafe_code)]") {
            found.push(format!("{root} lacks `#![forbid(unsafe_code)]`: add it."));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_opts_out_is_found() {
        let workspace = Workspace::of([
            ("crates/a/Cargo.toml", "[lints]\nworkspace = true\n"),
            ("crates/a/src/lib.rs", "//! A.\n#![forbid(unsafe_code)]\n"),
            ("crates/b/Cargo.toml", "[lints]\nworkspace = false\n"),
            ("crates/b/src/lib.rs", "// #![forbid(unsafe_code)]\n"),
        ])
        .library("a", "crates/a")
        .library("b", "crates/b");
        assert_eq!(
            findings(&workspace),
            [
                "crates/b/Cargo.toml lacks `[lints] workspace = true`: add it.",
                "crates/b/src/lib.rs lacks `#![forbid(unsafe_code)]`: add it."
            ]
        );
    }
}
