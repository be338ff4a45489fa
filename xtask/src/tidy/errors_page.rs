//! Every error kind, and every reason to sign in again, has a row in the book: what it means and what to do.

use crate::markdown::{rows, spans};
use crate::rust::variants;
use crate::workspace::Workspace;

const SOURCE: &str = "crates/core/src/error.rs";
const PAGE: &str = "docs/src/errors.md";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let Some(source) = workspace.tree.text(SOURCE) else { return vec![format!("{SOURCE} is missing.")] };
    let Some(page) = workspace.tree.text(PAGE) else { return vec![format!("{PAGE} is missing.")] };
    let listed: Vec<&str> = rows(page)
        .into_iter()
        .filter_map(|row| spans(row.first()?).into_iter().next())
        .map(|name| name.rsplit("::").next().unwrap_or(name))
        .map(|name| name.split([' ', '{', '(']).next().unwrap_or(name))
        .collect();
    let known: Vec<(&str, String)> = ["ErrorKind", "LoginReason"]
        .into_iter()
        .flat_map(|kind| variants(source, kind).into_iter().map(move |variant| (kind, variant)))
        .collect();
    let mut found = Vec::new();
    for kind in ["ErrorKind", "LoginReason"] {
        if !known.iter().any(|(of, _)| *of == kind) {
            found.push(format!("{SOURCE} has no enum {kind}."));
        }
    }
    for (kind, variant) in &known {
        if !listed.contains(&variant.as_str()) {
            found.push(format!("{PAGE} has no row for `{kind}::{variant}`."));
        }
    }
    let camel = |name: &&&str| name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphabetic);
    for name in listed.iter().filter(camel) {
        if !known.iter().any(|(_, variant)| variant == name) {
            found.push(format!("{PAGE} has a row for `{name}`, which is not an error kind."));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_without_a_row_and_a_row_without_a_kind_are_found() {
        let source = "pub enum LoginReason {\n    Refused,\n}\npub enum ErrorKind {\n    LoginRequired {\n        reason: LoginReason,\n    },\n    Busy,\n}\n";
        let page = "| kind | what to do |\n|---|---|\n| `LoginRequired { reason }` | sign in |\n| `Gone` | x |\n\n| `LoginReason::Refused` | y |\n";
        let workspace = Workspace::of([(SOURCE, source), (PAGE, page)]);
        assert_eq!(
            findings(&workspace),
            [
                "docs/src/errors.md has no row for `ErrorKind::Busy`.",
                "docs/src/errors.md has a row for `Gone`, which is not an error kind."
            ]
        );
    }
}
