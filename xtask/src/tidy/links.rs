//! Every link inside the repository leads to an existing file, and to an existing heading if it names one.

use crate::markdown::{anchors, links};
use crate::tree::Tree;
use crate::workspace::Workspace;

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let tree = &workspace.tree;
    let mut found = Vec::new();
    for (path, text) in tree.ending("", ".md") {
        for target in links(text) {
            if let Some(fault) = fault(tree, path, &target) {
                found.push(format!("{path}: the link to {target} {fault}."));
            }
        }
    }
    found
}

fn fault(tree: &Tree, from: &str, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { from.to_owned() } else { resolve(from, file)? };
    if !path.is_empty() && !tree.has(&path) {
        return Some("has no target");
    }
    let heading = anchor.is_empty()
        || !path.ends_with(".md")
        || tree.text(&path).is_some_and(|text| anchors(text).iter().any(|found| found == anchor));
    (!heading).then_some("names a heading that does not exist")
}

/// The path from the root; `None` if it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_without_a_target_is_found() {
        let page = "[a](../README.md) [b](gone.md) [c](#here) [d](#there) [e](https://example.com/x) [f](../docs)\n\n# Here\n";
        let workspace = Workspace::of([("docs/page.md", page), ("README.md", "[r](docs/page.md#here)")]);
        assert_eq!(
            findings(&workspace),
            [
                "docs/page.md: the link to gone.md has no target.",
                "docs/page.md: the link to #there names a heading that does not exist."
            ]
        );
    }
}
