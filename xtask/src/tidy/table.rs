//! The tables of the book are made from those that the machines look their answers up in.

mod faults;
mod grid;
mod presets;
mod renewal;

use std::fs;

use wellspring_core::{GateState, Holding, REFUSALS, Refusal, RefusedToken, TABLE, Verb};

use crate::workspace::Workspace;

use grid::markdown;

/// A table of the book.
struct Printed {
    name: &'static str,
    markdown: fn(&Workspace) -> String,
}

const TABLES: [Printed; 8] = [
    Printed { name: "decision table", markdown: |_| acquire() },
    Printed { name: "table of loads", markdown: |_| renewal::loaded() },
    Printed { name: "table of replays", markdown: |_| renewal::replay() },
    Printed { name: "table of conflicts", markdown: |_| renewal::conflict() },
    Printed { name: "table of refusals", markdown: |_| refusal() },
    Printed { name: "table of faults", markdown: |_| faults::faults() },
    Printed { name: "table of presets", markdown: presets::presets },
    Printed { name: "table of banks", markdown: presets::banks },
];

impl Printed {
    fn start(&self) -> String {
        format!("<!-- {}, written by `cargo xtask table --write` -->\n", self.name)
    }

    fn end(&self) -> String {
        format!("<!-- end of the {} -->", self.name)
    }

    /// The page with this table as it is now; `None` where the page has no end of the table.
    fn written_into(&self, workspace: &Workspace, page: &str) -> Option<String> {
        let (start, end) = (self.start(), self.end());
        let (before, rest) = page.split_once(&start)?;
        let (_, after) = rest.split_once(&end)?;
        Some([before, &start, &(self.markdown)(workspace), &end, after].concat())
    }
}

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    TABLES.iter().flat_map(|table| findings_of(workspace, table)).collect()
}

fn findings_of(workspace: &Workspace, table: &Printed) -> Vec<String> {
    let (mut pages, start) = (0, table.start());
    let mut found = Vec::new();
    for (path, text) in workspace.tree.ending("docs", ".md").filter(|(_, text)| text.contains(&start)) {
        pages += 1;
        if table.written_into(workspace, text).as_deref() != Some(text) {
            found.push(format!(
                "{path}: the {} is out of date: `cargo xtask table --write` writes it.",
                table.name
            ));
        }
    }
    if pages == 0 {
        found.push(format!(
            "No page in docs/ has the {} between `{}` and `{}`.",
            table.name,
            start.trim_end(),
            table.end()
        ));
    }
    found
}

/// Prints the tables.
#[expect(clippy::unnecessary_wraps, reason = "commands are all of one shape")]
pub(crate) fn print(workspace: &Workspace) -> Result<(), String> {
    for table in TABLES {
        println!("{}", (table.markdown)(workspace));
    }
    Ok(())
}

/// Writes the tables into every page that has a place for them.
pub(crate) fn write(workspace: &Workspace) -> Result<(), String> {
    for (path, text) in workspace.tree.ending("docs", ".md") {
        let mut page = text.to_owned();
        for table in TABLES.iter().filter(|table| text.contains(&table.start())) {
            page = table.written_into(workspace, &page).ok_or(format!("{path} has no `{}`.", table.end()))?;
        }
        if page != *text {
            fs::write(workspace.root.join(path), page).map_err(|error| format!("{path}: {error}."))?;
            println!("{path}");
        }
    }
    Ok(())
}

fn acquire() -> String {
    let holding = |holding| match holding {
        Holding::Fresh => "fresh",
        Holding::Aging => "aging",
        Holding::Lacking => "none, expired, or not enough for the need",
    };
    let verb = |verb| match verb {
        Verb::Use => "`Use`",
        Verb::UseAndRefresh => "`UseAndRefresh`",
        Verb::Refresh => "`Refresh`",
        Verb::Wait => "`Wait`",
        Verb::Fail => "`Fail`",
    };
    markdown("token", &TABLE, holding, gate, verb)
}

fn refusal() -> String {
    let token = |token| match token {
        RefusedToken::Gone => "no token in force",
        RefusedToken::Replaced => "a token of another generation: the refusal is late",
        RefusedToken::Current => "the refused token",
        RefusedToken::Suspended => {
            "the refused token, refused soon after its issue, during the pause that an earlier refusal opened"
        }
    };
    let refusal = |refusal| match refusal {
        Refusal::UseOther => "`Replaced`",
        Refusal::Discard => "`Renew`",
        Refusal::DiscardAndKeep => "`KeepResponse`, discard",
        Refusal::Keep => "`KeepResponse`",
    };
    markdown("the lifecycle holds", &REFUSALS, token, gate, refusal)
}

const fn gate(gate: GateState) -> &'static str {
    match gate {
        GateState::Open => "gate open",
        GateState::Busy => "gate busy: a renewal is under way",
        GateState::Shut => "gate shut: the last renewal failed, its pause has not ended",
        GateState::Closed => "gate closed: the source is closed, or the caller has nothing to renew on",
        GateState::PendingSave => "gate pending save: a token is in memory only until it is saved",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_drifted_is_found_and_written_anew() {
        let tables: String = TABLES
            .iter()
            .map(|table| {
                [table.start(), (table.markdown)(&Workspace::default()), table.end(), "\n".into()].concat()
            })
            .collect();
        let page = format!("# Decisions\n\n{tables}After.\n");
        assert!(findings(&Workspace::of([("docs/a.md", &page)])).is_empty());

        for (right, wrong, table) in [
            ("`Use`", "`Wait`", 0),
            ("watch the record", "do not", 1),
            ("send it", "keep it", 2),
            ("done", "undone", 3),
            ("`Renew`", "`Keep`", 4),
            ("on the way", "at the server", 5),
        ] {
            let drifted = page.replacen(right, wrong, 1);
            assert_eq!(findings(&Workspace::of([("docs/a.md", &drifted)])).len(), 1, "{wrong}");
            assert_eq!(
                TABLES[table].written_into(&Workspace::default(), &drifted).as_deref(),
                Some(page.as_str())
            );
        }
        assert_eq!(findings(&Workspace::default()).len(), TABLES.len());
    }

    #[test]
    fn the_table_has_a_row_for_each_holding() {
        assert_eq!(
            acquire().lines().last(),
            Some(
                "| none, expired, or not enough for the need | `Refresh` | `Wait` | `Fail` | `Fail` | `Fail` |"
            )
        );
    }
}
