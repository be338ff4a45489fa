//! Users rely on the names of the events: the book's table, the module's table and the calls must agree.

use std::collections::BTreeSet;

use crate::markdown::{rows, spans};
use crate::workspace::Workspace;

/// The modules that report events.
const SOURCES: [&str; 2] = ["crates/transport/src/events.rs", "crates/oauth2-app-axum/src/events.rs"];

/// The first column of the book's first table of events, which may be on any page. Other tables of events follow it there.
const HEAD: &str = "event";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    let mut reported = BTreeSet::new();
    for path in SOURCES {
        let Some(source) = workspace.tree.text(path) else {
            found.push(format!("{path} is missing."));
            continue;
        };
        let here: BTreeSet<&str> = source.split("event!(").skip(1).filter_map(name_of_call).collect();
        if here.is_empty() {
            found.push(format!("no event was found in {path}: this check looks for `event!(` calls."));
        }
        let header: String = source
            .lines()
            .filter_map(|line| line.strip_prefix("//! "))
            .map(|line| format!("{line}\n"))
            .collect();
        found.extend(differences(path, &here, &names(&rows(&header))));
        reported.extend(here);
    }
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
    let gone = listed.difference(reported).map(|name| format!("{path} lists {name}, which no code reports."));
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
        let web = "//! | name |\n//! |---|\n//! | `w.one` |\nfn one() { event!(info, \"w.one\", x); }\n";
        let page = "| other |\n|---|\n| `x` |\n\n| Event | level |\n|---|---|\n| `a.one` | info |\n| `a.three` | info |\n\n| Event of w |\n|---|\n| `w.one` |\n";
        let workspace =
            Workspace::of([(SOURCES[0], EVENTS), (SOURCES[1], web), ("docs/src/events.md", page)]);
        assert_eq!(
            findings(&workspace),
            [
                "docs/src/events.md does not list the event a.two.",
                "docs/src/events.md lists a.three, which no code reports."
            ]
        );
    }

    #[test]
    fn a_book_without_the_table_is_found() {
        // Nor is there the other module.
        assert_eq!(findings(&Workspace::of([(SOURCES[0], EVENTS)])).len(), 2);
    }
}
