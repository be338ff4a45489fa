//! The oldest Rust has no `let` chains, and a newer compiler accepts them without a word: no published crate uses one.

use crate::package::published;
use crate::rust;
use crate::workspace::Workspace;

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in published(workspace) {
        for (path, text) in workspace.sources(package) {
            let code = rust::code(text);
            for line in chains(&code) {
                found.push(format!(
                    "{path}:{line} has a `let` chain, which the oldest Rust does not know: nest it."
                ));
            }
        }
    }
    found
}

/// The lines on which a condition with a `let` and a `&&` begins.
fn chains(code: &str) -> Vec<usize> {
    let mut starts: Vec<usize> = ["if let ", "while let ", "&& let "]
        .iter()
        .flat_map(|word| code.match_indices(word))
        .map(|(at, _)| at)
        .collect();
    starts.sort_unstable();
    let line_of = |at: usize| code[..at].matches('\n').count() + 1;
    starts.into_iter().filter(|at| is_chain(&code[*at..])).map(line_of).collect()
}

/// Whether the condition that begins here is joined to another. A struct's pattern may have braces of its own, before the `=`.
fn is_chain(code: &str) -> bool {
    if code.starts_with("&&") {
        return true;
    }
    let (mut depth, mut in_pattern) = (0_u32, true);
    for (at, letter) in code.char_indices() {
        match letter {
            '{' if depth == 0 && !in_pattern => return false,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '=' if depth == 0 => in_pattern = false,
            '&' if depth == 0 && !in_pattern && code[at..].starts_with("&& ") => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_found_in_each_place_and_a_nested_condition_is_not_one() {
        for chain in [
            "if let Some(a) = b && c {\n",
            "if a\n    && let Some(b) = c\n{\n",
            "while let Foo { a, .. } = b\n    && a > 2\n{\n",
            "} else if let Some(a) = b(c, || d) && e {\n",
        ] {
            assert_eq!(chains(chain).len(), 1, "{chain}");
        }
        for fine in [
            "if let Some(a) = b {\n    c && d\n}\n",
            "if let Foo { a, .. } = b { a && c }",
            "if let Some(a) = b.filter(|b| b.c && b.d) {\n",
            "let a = b && c;",
        ] {
            assert_eq!(chains(fine), [0_usize; 0], "{fine}");
        }
        let text = "\nfn f() {\n    if let Some(a) = b && c {\n    }\n}\n";
        let mut workspace = Workspace::of([("crates/a/src/lib.rs", text), ("xtask/src/lib.rs", text)])
            .library("a", "crates/a")
            .library("xtask", "xtask");
        workspace.packages[0].published = true;
        let expected =
            "crates/a/src/lib.rs:3 has a `let` chain, which the oldest Rust does not know: nest it.";
        assert_eq!(findings(&workspace), [expected]);
    }
}
