//! No secret, and no type with a secret in it, can be displayed or serialized.

use crate::rust::{code, has_word, identifier, public_types, secrets};
use crate::workspace::Workspace;

/// Types that hold a secret without saying so in their name.
const CARRIERS: [&str; 12] = [
    "Token",
    "TokenRef",
    "TokenResponse",
    "Member",
    "Members",
    "Attachments",
    "UnknownFields",
    "Header",
    "HttpRequest",
    "HttpResponse",
    "Record",
    "AuthorizationGrant",
];

/// The endings of secrets' names.
const ENDINGS: [&str; 6] = ["Secret", "SecretKey", "Password", "Verifier", "PrivateKey", "State"];

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let sources = || workspace.libraries().flat_map(|package| workspace.sources(package));
    let mut names: Vec<String> = CARRIERS.map(str::to_owned).into();
    for (_, text) in sources() {
        names.extend(secrets(text));
        // `GateState` and similar types are not secrets: `State` must be the whole name.
        names.extend(public_types(text).into_iter().filter(|name| {
            ENDINGS.iter().any(|ending| name.ends_with(ending))
                && (!name.ends_with("State") || name == "State")
        }));
    }
    sources().flat_map(|(path, text)| shown(path, text, &names)).collect()
}

fn shown(path: &str, text: &str, names: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut derived = None;
    for (n, line) in code(text).lines().map(str::trim).enumerate() {
        if line.starts_with("#[derive(") && ["Serialize", "Display"].iter().any(|it| has_word(line, it)) {
            derived = Some(n + 1);
        }
        let declared = line.split_once("struct ").or_else(|| line.split_once("enum "));
        if let Some((_, rest)) = declared {
            let name = identifier(rest);
            if let Some(at) = derived.take().filter(|_| names.iter().any(|secret| secret == name)) {
                found.push(format!("{path}:{at} shows the secret type {name}."));
            }
        }
        let implemented =
            line.starts_with("impl") && (has_word(line, "Display") || has_word(line, "Serialize"));
        if let Some((_, of)) = line.split_once(" for ").filter(|_| implemented) {
            let of = of.trim_start_matches('&');
            let name = identifier(of.rsplit("::").next().unwrap_or(of));
            if names.iter().any(|secret| secret == name) || name.is_empty() && has_word(text, "expose") {
                found.push(format!("{path}:{} shows the secret type {name}.", n + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_can_be_shown_is_found() {
        let source = "\
pub struct HiveSecretKey(String);
#[derive(Clone, serde::Serialize)]
pub struct Token(String);
#[derive(Serialize)]
pub struct Scope(String);
impl fmt::Display for Scope {}
impl fmt::Display for RefreshToken {}
impl serde::Serialize for crate::HiveSecretKey {}
";
        let workspace = Workspace::of([
            ("crates/a/src/lib.rs", source),
            ("crates/a/src/secret.rs", "\nsecrets! {\n    RefreshToken;\n}\n"),
        ])
        .library("a", "crates/a");
        assert_eq!(
            findings(&workspace),
            [
                "crates/a/src/lib.rs:2 shows the secret type Token.",
                "crates/a/src/lib.rs:7 shows the secret type RefreshToken.",
                "crates/a/src/lib.rs:8 shows the secret type HiveSecretKey."
            ]
        );
    }
}
