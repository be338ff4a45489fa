//! The code in the README and in the book stands in the page itself, and is the code of an example that the tests compile
//! and run.
//!
//! A comment before a fenced block says where the code comes from: `<!-- code of FILE: NAME, NAME -->`, for the lines of
//! the file between `ANCHOR: NAME` and `ANCHOR_END: NAME`; without a name, the whole file. The indentation that the lines
//! share does not count.

use std::fs;

use crate::markdown::first_fence;
use crate::rust::has_word;
use crate::tree::Tree;
use crate::workspace::Workspace;

const MARK: &str = "<!-- code of ";
const MARK_END: &str = " -->";
const FENCE: &str = "```";
const FIRST_PAGE: &str = "README.md";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let tree = &workspace.tree;
    let mut found = Vec::new();
    for (path, text) in pages(tree) {
        match with_code(tree, text) {
            Ok(page) if page == text => {}
            Ok(page) => found.push(format!(
                "{path}: its code is not that of the example: `cargo xtask quotes` writes it.{}",
                first_difference(text, &page)
            )),
            Err(fault) => found.push(format!("{path}: {fault}.")),
        }
        found.extend(unquoted(text).map(|line| {
            format!("{path}: line {line}: nothing compiles this code: quote an example with `{MARK}FILE: NAME{MARK_END}`.")
        }));
        if text.contains("{{#") {
            found.push(format!(
                "{path}: a forge shows `{{{{#` as it is: quote the code with `{MARK}FILE: NAME{MARK_END}`."
            ));
        }
    }
    found.extend(of_first_page(tree.text(FIRST_PAGE).unwrap_or_default()));
    found
}

/// The lines of the Rust blocks that are not quotes, or that a renderer is told to ignore.
fn unquoted(page: &str) -> impl Iterator<Item = usize> {
    let before = core::iter::once("").chain(page.lines());
    let lines = page.lines().zip(before).enumerate();
    lines.filter_map(|(n, (line, before))| {
        let language = line.strip_prefix(FENCE)?.split_once(',').unwrap_or((&line[FENCE.len()..], ""));
        (language.0 == "rust" && !(before.starts_with(MARK) && language.1.is_empty())).then_some(n + 1)
    })
}

/// The first example that a newcomer sees asserts what it says.
fn of_first_page(page: &str) -> Option<String> {
    let Some(example) = first_fence(page, "rust") else {
        return Some(format!("{FIRST_PAGE} has no Rust example."));
    };
    let asserts = ["assert", "assert_eq", "assert_ne"].iter().any(|word| has_word(example, word));
    let is_quote = page
        .split_once(&format!("{FENCE}rust\n"))
        .is_some_and(|(before, _)| before.lines().next_back().is_some_and(|line| line.starts_with(MARK)));
    match (asserts, is_quote) {
        (false, _) => Some(format!("{FIRST_PAGE}: the first example asserts nothing.")),
        (true, false) => Some(format!(
            "{FIRST_PAGE}: no test runs the first example: put `{MARK}FILE: NAME{MARK_END}` before it."
        )),
        (true, true) => None,
    }
}

/// Writes the code of the examples into every page that quotes it.
pub(crate) fn write(workspace: &Workspace) -> Result<(), String> {
    for (path, text) in pages(&workspace.tree) {
        let page = with_code(&workspace.tree, text).map_err(|fault| format!("{path}: {fault}."))?;
        if page != *text {
            fs::write(workspace.root.join(path), page).map_err(|error| format!("{path}: {error}."))?;
            println!("{path}");
        }
    }
    Ok(())
}

fn pages(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.ending("docs", ".md").chain(tree.text(FIRST_PAGE).map(|text| (FIRST_PAGE, text)))
}

/// The page with the code of its examples as it is now.
fn with_code(tree: &Tree, page: &str) -> Result<String, String> {
    let mut out = String::with_capacity(page.len());
    let mut lines = page.split_inclusive('\n');
    while let Some(line) = lines.next() {
        out.push_str(line);
        let Some(quoted) = line.trim_end().strip_prefix(MARK).and_then(|rest| rest.strip_suffix(MARK_END))
        else {
            continue;
        };
        let open = lines.next().filter(|line| line.starts_with(FENCE));
        out.push_str(open.ok_or_else(|| format!("no fenced block follows `{}`", line.trim_end()))?);
        out.push_str(&code(tree, quoted)?);
        let close = lines.by_ref().find(|line| line.trim_end() == FENCE);
        out.push_str(close.ok_or_else(|| format!("the block after `{}` has no end", line.trim_end()))?);
    }
    Ok(out)
}

/// The code that `FILE` or `FILE: NAME, NAME` stands for.
fn code(tree: &Tree, quoted: &str) -> Result<String, String> {
    let (file, names) = quoted.split_once(": ").map_or((quoted, None), |(file, names)| (file, Some(names)));
    let source = tree.text(file).ok_or_else(|| format!("it quotes {file}, which does not exist"))?;
    let Some(names) = names else { return Ok(source.to_owned()) };
    let lines = |name| {
        anchored(source, name)
            .ok_or_else(|| format!("{file} has no line between `ANCHOR: {name}` and its end"))
    };
    let parts = names.split(", ").map(lines).collect::<Result<Vec<_>, _>>()?;
    let indentation = |line: &&str| line.len() - line.trim_start().len();
    let filled = parts.iter().flatten().filter(|line| !line.trim().is_empty());
    let shared = filled.map(indentation).min().unwrap_or_default();
    let lines = parts.iter().flatten();
    Ok(lines.map(|line| format!("{}\n", line.get(shared..).unwrap_or_default())).collect())
}

/// The lines between the two marks of this name, without marks of other names.
fn anchored<'a>(source: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let (start, end) = (format!("ANCHOR: {name}"), format!("ANCHOR_END: {name}"));
    let lines: Vec<&str> = source
        .lines()
        .skip_while(|line| !line.trim_end().ends_with(&start))
        .skip(1)
        .take_while(|line| !line.trim_end().ends_with(&end))
        .filter(|line| !line.contains("ANCHOR: ") && !line.contains("ANCHOR_END: "))
        .collect();
    (!lines.is_empty()).then_some(lines)
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
                return format!(" The page has {} where the example has {}.", quote(one), quote(other));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "examples/a/src/main.rs";
    const EXAMPLE: &str = "fn main() {\n    // ANCHOR: start\n    let a = 1;\n\n    // ANCHOR: rest\n    assert_eq!(a, 1);\n    // ANCHOR_END: rest\n    // ANCHOR_END: start\n}\n";
    const PAGE: &str = "Text.\n\n<!-- code of examples/a/src/main.rs: start -->\n```rust\nlet a = 1;\n\nassert_eq!(a, 1);\n```\n";

    fn of(path: &str, page: &str) -> Vec<String> {
        findings(&Workspace::of([(FIRST_PAGE, PAGE), (path, page), (SOURCE, EXAMPLE)]))
    }

    #[test]
    fn code_that_is_not_that_of_the_example_is_found_and_written() {
        assert_eq!(of("docs/src/a.md", PAGE), [""; 0]);
        let found = of("docs/src/a.md", &PAGE.replace("a = 1", "a = 2"));
        assert_eq!(
            found,
            [
                "docs/src/a.md: its code is not that of the example: `cargo xtask quotes` writes it. The page has `let a = 2;` \
              where the example has `let a = 1;`."
            ]
        );
        let tree = Tree::from([(SOURCE, EXAMPLE)]);
        assert_eq!(with_code(&tree, &PAGE.replace("let a = 1;\n", "")).as_deref(), Ok(PAGE));
        assert_eq!(code(&tree, &format!("{SOURCE}: rest")).as_deref(), Ok("assert_eq!(a, 1);\n"));
        assert_eq!(code(&tree, SOURCE).as_deref(), Ok(EXAMPLE));
    }

    #[test]
    fn a_quote_without_a_source_or_without_a_block_and_an_include_are_found() {
        for (page, part) in [
            (PAGE.replace("a/src", "b/src"), "which does not exist"),
            (PAGE.replace(": start", ": gone"), "no line between `ANCHOR: gone`"),
            (PAGE.replace("```rust\n", "\n"), "no fenced block follows"),
            (PAGE.replace("```\n", "\n"), "has no end"),
            (format!("{PAGE}{{{{#include x}}}}\n"), "a forge shows"),
        ] {
            let found = of("docs/src/a.md", &page);
            assert!(found.len() == 1 && found[0].contains(part), "{part}: {found:?}");
        }
    }

    #[test]
    fn code_that_no_test_compiles_is_found() {
        for page in ["Text.\n\n```rust\nlet a = 1;\n```\n", &PAGE.replace("```rust", "```rust,ignore")] {
            let found = of("docs/src/a.md", page);
            assert!(found.len() == 1 && found[0].contains("nothing compiles this code"), "{found:?}");
        }
        assert_eq!(unquoted("```toml\na = 1\n```\n```rust,ignore\n```\n").collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn a_first_example_that_asserts_nothing_or_is_not_tested_is_found() {
        let silent = PAGE.replace("code of", "code from").replace("assert_eq!(a, 1);", "let b = a;");
        assert_eq!(of_first_page(&silent).unwrap(), "README.md: the first example asserts nothing.");
        let untested = PAGE.replace("code of", "code from");
        assert!(of_first_page(&untested).unwrap().contains("no test runs the first example"));
        assert_eq!(of(FIRST_PAGE, "no example"), ["README.md has no Rust example."]);
    }
}
