//! The decision table of the book is made from the one that the lifecycle looks its verbs up in.

use core::fmt::Write as _;
use std::fs;

use wellspring_core::{GateState, Holding, TABLE};

use crate::workspace::Workspace;

const START: &str = "<!-- decision table, written by `cargo xtask table --write` -->\n";
const END: &str = "<!-- end of the decision table -->";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let table = markdown();
    let mut pages = 0;
    let mut found = Vec::new();
    for (path, text) in workspace.tree.ending("docs", ".md").filter(|(_, text)| text.contains(START)) {
        pages += 1;
        if with_table(text, &table).as_deref() != Some(text) {
            found.push(format!(
                "{path}: the decision table is out of date: `cargo xtask table --write` writes it."
            ));
        }
    }
    if pages == 0 {
        found.push(format!(
            "No page in docs/ has the decision table between `{}` and `{END}`.",
            START.trim_end()
        ));
    }
    found
}

/// Prints the table.
#[expect(clippy::unnecessary_wraps, reason = "commands are all of one shape")]
pub(crate) fn print(_: &Workspace) -> Result<(), String> {
    print!("{}", markdown());
    Ok(())
}

/// Writes the table into every page that has a place for it.
pub(crate) fn write(workspace: &Workspace) -> Result<(), String> {
    let table = markdown();
    for (path, text) in workspace.tree.ending("docs", ".md").filter(|(_, text)| text.contains(START)) {
        let page = with_table(text, &table).ok_or(format!("{path} has no `{END}`."))?;
        fs::write(workspace.root.join(path), page).map_err(|error| format!("{path}: {error}."))?;
        println!("{path}");
    }
    Ok(())
}

fn with_table(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(START)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{START}{table}{END}{after}"))
}

fn markdown() -> String {
    let mut out = String::from("| token |");
    for (gate, _) in TABLE[0].1 {
        let gate = match gate {
            GateState::Open => "gate open",
            GateState::Busy => "gate busy: a renewal is under way",
            GateState::Shut => "gate shut: the last renewal failed, its pause has not ended",
            GateState::Closed => "gate closed: the source is closed, or the caller has nothing to renew on",
            GateState::PendingSave => "gate pending save: a token is in memory only until it is saved",
        };
        // Writing to a string cannot fail.
        let _ = write!(out, " {gate} |");
    }
    out.push_str("\n|---|---|---|---|---|---|\n");
    for (holding, row) in TABLE {
        let holding = match holding {
            Holding::Fresh => "fresh",
            Holding::Aging => "aging",
            Holding::Lacking => "none, expired, or not enough for the need",
        };
        let _ = write!(out, "| {holding} |");
        for (_, verb) in row {
            let _ = write!(out, " `{verb:?}` |");
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_drifted_is_found_and_written_anew() {
        let page = format!("# Decisions\n\n{START}{}{END}\nAfter.\n", markdown());
        assert!(findings(&Workspace::of([("docs/a.md", &page)])).is_empty());

        let drifted = page.replacen("`Use`", "`Wait`", 1);
        assert_eq!(findings(&Workspace::of([("docs/a.md", &drifted)])).len(), 1);
        assert_eq!(with_table(&drifted, &markdown()).as_deref(), Some(page.as_str()));
        assert_eq!(findings(&Workspace::default()).len(), 1);
    }

    #[test]
    fn the_table_has_a_row_for_each_holding() {
        assert_eq!(
            markdown().lines().last(),
            Some(
                "| none, expired, or not enough for the need | `Refresh` | `Wait` | `Fail` | `Fail` | `Fail` |"
            )
        );
    }
}
