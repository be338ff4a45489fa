//! Users rely on the names of the events: the book's table, the module's table and the calls must agree.

use std::collections::BTreeSet;

use crate::markdown::{rows, spans};
use crate::workspace::Workspace;

const SOURCE: &str = "crates/transport/src/events.rs";

/// The first column of the book's table, which may be on any page.
const HEAD: &str = "event";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let Some(source) = workspace.tree.text(SOURCE) else { return vec![format!("{SOURCE} is missing.")] };
    let reported: BTreeSet<&str> = source.split("event!(").skip(1).filter_map(name_of_call).collect();
    if reported.is_empty() {
        return vec![format!("no event was found in {SOURCE}: this check looks for `event!(` calls.")];
    }
    let header: String =
        source.lines().filter_map(|line| line.strip_prefix("//! ")).map(|line| format!("{line}\n")).collect();
    let mut found = differences(SOURCE, &reported, &names(&rows(&header)));
    let page = workspace.tree.ending("docs", ".md").find_map(|(path, text)| {
        let rows = rows(text);
        let start =
            rows.iter().position(|row| row.first().is_some_and(|cell| cell.eq_ignore_ascii_case(HEAD)))?;
        Some((path, names(&rows[start..])))
    });
    match page {
        Some((path, listed)) => found.extend(differences(path, &reported, &listed)),
        None => found.push(format!("docs/ has no table that begins with the column `{HEAD}`.")),
    }
    found
}

/// The name in `level, "name", ..`, which may span lines.
fn name_of_call(call: &str) -> Option<&str> {
    let (level, rest) = call.split_once(',')?;
    level.trim().bytes().all(|b| b.is_ascii_lowercase()).then_some(())?;
    rest.trim_start().strip_prefix('"')?.split('"').next()
}

fn names<'a>(rows: &[Vec<&'a str>]) -> BTreeSet<&'a str> {
    rows.iter()
        .filter_map(|row| row.first()?.starts_with('`').then(|| spans(row[0])).into_iter().flatten().next())
        .collect()
}

fn differences(path: &str, reported: &BTreeSet<&str>, listed: &BTreeSet<&str>) -> Vec<String> {
    let missing = reported.difference(listed).map(|name| format!("{path} does not list the event {name}."));
    let gone = listed
        .difference(reported)
        .map(|name| format!("{path} lists {name}, which {SOURCE} does not report."));
    missing.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = "\
//! | name | level |
//! |---|---|
//! | `a.one` | info |
//! | `a.two` | info |
macro_rules! event {}
fn one() { event!(info, \"a.one\", x); }
fn two() { event!(
    info,
    \"a.two\",
    x
); }
";

    #[test]
    fn an_event_that_is_only_in_the_code_or_only_in_the_book_is_found() {
        let page = "| other |\n|---|\n| `x` |\n\n| Event | level |\n|---|---|\n| `a.one` | info |\n| `a.three` | info |\n";
        let workspace = Workspace::of([(SOURCE, EVENTS), ("docs/src/events.md", page)]);
        assert_eq!(
            findings(&workspace),
            [
                "docs/src/events.md does not list the event a.two.",
                "docs/src/events.md lists a.three, which crates/transport/src/events.rs does not report."
            ]
        );
    }

    #[test]
    fn a_book_without_the_table_is_found() {
        assert_eq!(findings(&Workspace::of([(SOURCE, EVENTS)])).len(), 1);
    }
}
