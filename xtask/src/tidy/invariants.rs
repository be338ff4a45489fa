//! `ARCHITECTURE.md` lists the invariants, each with a test that fails if the invariant is broken.

use std::collections::BTreeSet;

use crate::markdown::spans;
use crate::rust;
use crate::workspace::Workspace;

const PAGE: &str = "ARCHITECTURE.md";
const COUNT: usize = 11;

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let Some(page) = workspace.tree.text(PAGE) else { return vec![format!("{PAGE} is missing.")] };
    let tests: BTreeSet<String> =
        workspace.tree.ending("", ".rs").flat_map(|(_, text)| rust::tests(text)).collect();
    let known = |name: &&str| tests.contains(name.rsplit("::").next().unwrap_or(name));
    let mut found = Vec::new();
    for number in 1..=COUNT {
        match item(page, number) {
            None => found.push(format!("{PAGE} does not list invariant {number}.")),
            Some(text) if !spans(&text).iter().any(known) => {
                found.push(format!("{PAGE} names no existing test for invariant {number}."));
            }
            Some(text) => {
                let gone = spans(&text).into_iter().filter(|name| name.matches('_').count() >= 3);
                let gone = gone.filter(|name| !known(name));
                found.extend(
                    gone.map(|name| format!("{PAGE}, invariant {number}: there is no test `{name}`.")),
                );
            }
        }
    }
    found
}

/// The list item or table row of this number, with the lines that belong to it. Only the section whose heading names
/// invariants counts: other lists have numbers too.
fn item(page: &str, number: usize) -> Option<String> {
    let section = page.split("\n#").find(|section| {
        section.lines().next().is_some_and(|title| title.to_lowercase().contains("invariant"))
    })?;
    let starts = |line: &str, number: usize| {
        [format!("{number}. "), format!("| {number} |"), format!("- **{number}"), format!("**{number}")]
            .iter()
            .any(|start| line.starts_with(start.as_str()))
    };
    let mut lines = section.lines().skip_while(|line| !starts(line, number));
    let first = lines.next()?;
    let rest = lines.take_while(|line| !starts(line, number + 1));
    Some(core::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = "#[test]\nfn one_permit_and_never_two() {}\n";

    fn page(change: impl Fn(usize) -> String) -> Vec<String> {
        let items: String = (1..=COUNT).map(change).collect();
        let page = format!("# A\n1. Other list.\n\n## Invariants\n{items}");
        findings(&Workspace::of([(PAGE, &page), ("a.rs", TESTS)]))
    }

    #[test]
    fn an_invariant_without_a_test_is_found() {
        assert!(page(|n| format!("{n}. Text:\n   `one_permit_and_never_two`.\n")).is_empty());
        let gone =
            |n| if n == 3 { "3. Text.\n".to_owned() } else { format!("{n}. `one_permit_and_never_two`\n") };
        assert_eq!(page(gone), ["ARCHITECTURE.md names no existing test for invariant 3."]);
    }

    #[test]
    fn a_test_that_does_not_exist_is_found() {
        let broken = page(|n| format!("{n}. `one_permit_and_never_two` `no_such_test_any_more`\n"));
        assert_eq!(broken.len(), COUNT);
    }

    #[test]
    fn a_missing_number_is_found() {
        let without = |n| if n == 11 { String::new() } else { format!("{n}. `one_permit_and_never_two`\n") };
        assert_eq!(page(without), ["ARCHITECTURE.md does not list invariant 11."]);
    }
}
