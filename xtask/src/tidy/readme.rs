//! The README's first example is, byte for byte, the example that the tests compile and run.
//!
//! The tested example is in a source file, between lines with `ANCHOR: readme` and `ANCHOR_END: readme`. The indentation
//! that its lines share does not count.

use crate::markdown::first_fence;
use crate::rust::has_word;
use crate::workspace::Workspace;

const PAGE: &str = "README.md";
const START: &str = "ANCHOR: readme";
const END: &str = "ANCHOR_END: readme";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let Some(page) = workspace.tree.text(PAGE) else { return vec![format!("{PAGE} is missing.")] };
    let Some(shown) = first_fence(page, "rust") else { return vec![format!("{PAGE} has no Rust example.")] };
    let tested: Vec<(&str, String)> = workspace
        .tree
        .ending("", ".rs")
        .filter(|(path, _)| !path.starts_with("xtask/"))
        .filter_map(|(path, text)| Some((path, anchored(text)?)))
        .collect();
    match tested.as_slice() {
        [] => vec![format!("No source file has the README's example between `{START}` and `{END}`.")],
        [(path, example)] => {
            let mut found = Vec::new();
            if example != shown {
                found.push(format!(
                    "{PAGE}: the first example is not the example in {path}.{}",
                    first_difference(shown, example)
                ));
            }
            if !["assert", "assert_eq", "assert_ne"].iter().any(|word| has_word(shown, word)) {
                found.push(format!("{PAGE}: the first example asserts nothing."));
            }
            found
        }
        [_, (path, _), ..] => vec![format!("{path} has a second `{START}`.")],
    }
}

fn anchored(source: &str) -> Option<String> {
    let lines: Vec<&str> = source
        .lines()
        .skip_while(|line| !line.contains(START))
        .skip(1)
        .take_while(|line| !line.contains(END))
        .collect();
    let indentation = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()?;
    Some(lines.iter().map(|line| format!("{}\n", line.get(indentation..).unwrap_or_default())).collect())
}

fn first_difference(shown: &str, tested: &str) -> String {
    let (mut shown, mut tested) = (shown.lines(), tested.lines());
    loop {
        match (shown.next(), tested.next()) {
            (None, None) => return String::new(),
            (one, other) if one == other => {}
            (one, other) => {
                let quote =
                    |line: Option<&str>| line.map_or("nothing".to_owned(), |line| format!("`{line}`"));
                return format!(" It has {} where that has {}.", quote(one), quote(other));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "fn main() {\n    // ANCHOR: readme\n    let a = 1;\n\n    assert_eq!(a, 1);\n    // ANCHOR_END: readme\n}\n";

    #[test]
    fn an_example_that_drifted_is_found() {
        let same = "```rust\nlet a = 1;\n\nassert_eq!(a, 1);\n```\n";
        let of = |page: &str| findings(&Workspace::of([(PAGE, page), ("examples/a/src/main.rs", EXAMPLE)]));
        assert!(of(same).is_empty());
        assert_eq!(
            of(&same.replace("a = 1", "a = 2")),
            [
                "README.md: the first example is not the example in examples/a/src/main.rs. It has `let a = 2;` where that has `let a = 1;`."
            ]
        );
        assert_eq!(of("no example").len(), 1);
    }

    #[test]
    fn an_example_without_a_test_is_found() {
        assert_eq!(findings(&Workspace::of([(PAGE, "```rust\nassert!(true);\n```\n")])).len(), 1);
    }
}
