//! The documents that a newcomer looks for exist and are not empty.

use crate::workspace::Workspace;

const DOCUMENTS: [&str; 9] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "DESIGN.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "docs/src/errors.md",
];

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let lacking = |path: &&str| workspace.tree.text(path).is_none_or(|text| text.trim().is_empty());
    DOCUMENTS.into_iter().filter(lacking).map(|path| format!("{path} is missing or empty.")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_document_and_an_empty_document_are_found() {
        let mut workspace = Workspace::default();
        for path in DOCUMENTS {
            workspace.tree.add(path, "Text.");
        }
        assert!(findings(&workspace).is_empty());
        workspace.tree.add("SECURITY.md", "\n");
        assert_eq!(findings(&workspace), ["SECURITY.md is missing or empty."]);
    }
}
