//! Every error kind, and every reason to sign in again, has a row in the book: what it means and what to do.

use crate::markdown::{rows, spans};
use crate::rust::variants;
use crate::workspace::Workspace;

const KINDS: [(&str, &str); 2] =
    [("ErrorKind", "crates/core/src/error.rs"), ("LoginReason", "crates/core/src/login_reason.rs")];
const PAGE: &str = "docs/src/errors.md";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let Some(page) = workspace.tree.text(PAGE) else { return vec![format!("{PAGE} is missing.")] };
    let listed: Vec<&str> = rows(page)
        .into_iter()
        .filter_map(|row| spans(row.first()?).into_iter().next())
        .map(|name| name.rsplit("::").next().unwrap_or(name))
        .map(|name| name.split([' ', '{', '(']).next().unwrap_or(name))
        .collect();
    let of_kind = |(kind, source)| {
        let text = workspace.tree.text(source).unwrap_or_default();
        variants(text, kind).into_iter().map(move |variant| (kind, variant))
    };
    let known: Vec<(&str, String)> = KINDS.into_iter().flat_map(of_kind).collect();
    let mut found = Vec::new();
    for (kind, source) in KINDS {
        if !known.iter().any(|(of, _)| *of == kind) {
            found.push(format!("{source} has no enum {kind}."));
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
        let reasons = "pub enum LoginReason {\n    Refused,\n}\n";
        let kinds =
            "pub enum ErrorKind {\n    LoginRequired {\n        reason: LoginReason,\n    },\n    Busy,\n}\n";
        let page = "| kind | what to do |\n|---|---|\n| `LoginRequired { reason }` | sign in |\n| `Gone` | x |\n\n| `LoginReason::Refused` | y |\n";
        let workspace = Workspace::of([(KINDS[0].1, kinds), (KINDS[1].1, reasons), (PAGE, page)]);
        assert_eq!(
            findings(&workspace),
            [
                "docs/src/errors.md has no row for `ErrorKind::Busy`.",
                "docs/src/errors.md has a row for `Gone`, which is not an error kind."
            ]
        );
    }
}
