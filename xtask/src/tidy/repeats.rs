//! Code that both transports need is written once, in `crates/transport`: few lines are in both transports.
//!
//! The check counts the lines below the async transport's `src` that are also in the blocking transport's. A line that is
//! twice in both counts twice. Comments, items that only tests compile, and lines without a letter or a digit do not count;
//! `use` lines do. Before it compares lines, the check removes `async` and `.await` and folds white space.

use std::collections::BTreeMap;

use crate::modules::shipped;
use crate::rust::{without_comments, without_tests};
use crate::tree::Tree;
use crate::workspace::Workspace;

pub(super) const RULE: &str = "few lines are in both transports";

const ASYNC: &str = "crates/transport-async/src";
const BLOCKING: &str = "crates/transport-blocking/src";
const MOST_LINES: usize = 450;

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    over(MOST_LINES, &workspace.tree)
}

/// How many lines are in both transports, to be printed beside the rule.
pub(super) fn measured(workspace: &Workspace) -> String {
    let (all, repeated) = (lines(&workspace.tree, ASYNC).len(), repeats(&workspace.tree).len());
    format!("{repeated} of {all}, at most {MOST_LINES}")
}

fn over(most: usize, tree: &Tree) -> Vec<String> {
    let repeated = repeats(tree);
    if repeated.len() <= most {
        return Vec::new();
    }
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &repeated {
        *files.entry(path).or_default() += 1;
    }
    let (path, lines) = files.into_iter().max_by_key(|(_, lines)| *lines).unwrap_or_default();
    vec![format!(
        "{} lines of {ASYNC} are also in {BLOCKING}, more than {most}: write them once, in crates/transport. Most are \
         in {path}: {lines}.",
        repeated.len()
    )]
}

/// For each line that is in both transports, its file in the async transport.
fn repeats(tree: &Tree) -> Vec<&str> {
    let mut blocking: BTreeMap<String, usize> = BTreeMap::new();
    for (_, line) in lines(tree, BLOCKING) {
        *blocking.entry(line).or_default() += 1;
    }
    let mut take = |line: &str| match blocking.get_mut(line) {
        None | Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
    };
    lines(tree, ASYNC).into_iter().filter(|(_, line)| take(line)).map(|(path, _)| path).collect()
}

/// Every line that counts, with its file.
fn lines<'a>(tree: &'a Tree, sources: &str) -> Vec<(&'a str, String)> {
    let mut found = Vec::new();
    for (path, text) in shipped(tree, sources).into_values() {
        let text = without_tests(&without_comments(text));
        let lines = text.lines().map(blocking_form).filter(|line| line.contains(char::is_alphanumeric));
        found.extend(lines.map(|line| (path, line)));
    }
    found
}

/// The line as blocking code has it.
fn blocking_form(line: &str) -> String {
    let line = line.replace(".await", "");
    line.split_whitespace().filter(|word| *word != "async").collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
//! The same header.
#[cfg(all(test, wellspring_shuttle))]
mod interleavings;
use crate::clock::wait;

/// The same comment.
pub async fn close(&self) -> Result<(), Error> { // the same
    self.wait( end )?.await;
    self.wait(end)?;
    only_here();
}

#[cfg(test)]
mod tests {
    same();
}
";

    fn tree() -> Tree {
        Tree::from([
            ("crates/transport-async/src/lib.rs", SOURCE),
            ("crates/transport-async/src/interleavings.rs", "same();\n"),
            (
                "crates/transport-blocking/src/lib.rs",
                "#[cfg(test)]\nmod tests;\nuse crate::clock::wait;\nself.wait(end)?;\nself.wait( end )?;\n}\nsame();\n",
            ),
            (
                "crates/transport-blocking/src/other.rs",
                "pub fn close(&self) -> Result<(), Error> {\nself.wait(end)?;",
            ),
            ("crates/transport-blocking/src/tests.rs", "only_here();\n"),
        ])
    }

    #[test]
    fn a_line_counts_as_often_as_it_is_in_both_transports() {
        let counted: Vec<String> = lines(&tree(), ASYNC).into_iter().map(|(_, line)| line).collect();
        assert_eq!(
            counted,
            [
                "use crate::clock::wait;",
                "pub fn close(&self) -> Result<(), Error> {",
                "self.wait( end )?;",
                "self.wait(end)?;",
                "only_here();"
            ]
        );
        assert_eq!(repeats(&tree()).len(), 4);
        assert_eq!(measured(&Workspace { tree: tree(), ..Workspace::default() }), "4 of 5, at most 450");
    }

    #[test]
    fn too_many_repeated_lines_are_found() {
        assert!(over(4, &tree()).is_empty());
        let found = over(3, &tree());
        assert!(found[0].starts_with("4 lines of crates/transport-async/src are also in"), "{found:?}");
        assert!(found[0].ends_with("Most are in crates/transport-async/src/lib.rs: 4."), "{found:?}");
    }
}
