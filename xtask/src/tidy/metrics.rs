//! Users build boards and alerts on the names of the metrics: the code, the book's page and the board must agree.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::markdown::{rows, spans};
use crate::workspace::Workspace;

/// The table of names.
const SOURCE: &str = "crates/transport/src/observer/instruments.rs";

/// The page with their units and labels, in a table whose first column is [`HEAD`].
const PAGE: &str = "docs/src/how-to/watch-it-run.md";

const HEAD: &str = "metric";

const BOARD: &str = "docs/grafana/wellspring.json";

const PREFIX: &str = "wellspring_";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    let mut text = |path: &str| {
        let text = workspace.tree.text(path);
        if text.is_none() {
            found.push(format!("{path} is missing."));
        }
        text.unwrap_or_default()
    };
    let (source, page, board) = (text(SOURCE), text(PAGE), text(BOARD));
    let code: BTreeSet<&str> =
        source.split('"').skip(1).step_by(2).filter(|text| text.starts_with(PREFIX)).collect();
    if code.is_empty() {
        found.push(format!("no metric was found in {SOURCE}: this check looks for names in quotes."));
    }
    found.extend(differences(PAGE, &code, &listed(page)));
    found.extend(unknown(PAGE, &code, &used(page)));
    match serde_json::from_str(board) {
        Ok(board) => {
            let queries = queries(&board).join("\n");
            found.extend(differences(BOARD, &code, &used(&queries)));
        }
        Err(error) => found.push(format!("{BOARD}: {error}.")),
    }
    found
}

/// The names in the first column of the page's table.
fn listed(page: &str) -> BTreeSet<&str> {
    let rows = rows(page);
    let table = rows.iter().skip_while(|row| row.first() != Some(&HEAD));
    table
        .filter_map(|row| spans(row.first()?).into_iter().next())
        .filter(|name| name.starts_with(PREFIX))
        .collect()
}

/// The metrics that a text names, without what Prometheus adds to the name of a histogram. A path of Rust is none.
fn used(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices(PREFIX) {
        let name = text[at..].split(|c| !is_part(c)).next().unwrap_or_default();
        let is_path = text[at + name.len()..].starts_with("::");
        if !text[..at].ends_with(is_part) && !is_path {
            let of_histogram = ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
            names.insert(of_histogram.unwrap_or(name));
        }
    }
    names
}

/// The queries of all panels and variables.
fn queries(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().flat_map(queries).collect(),
        Value::Object(members) => {
            let own = ["expr", "query", "definition"].iter().filter_map(|name| members.get(*name)?.as_str());
            own.chain(members.values().flat_map(queries)).collect()
        }
        _ => Vec::new(),
    }
}

fn unknown(path: &str, code: &BTreeSet<&str>, named: &BTreeSet<&str>) -> Vec<String> {
    named.difference(code).map(|name| format!("{path} names {name}, which no code measures.")).collect()
}

fn differences(path: &str, code: &BTreeSet<&str>, named: &BTreeSet<&str>) -> Vec<String> {
    let missing = code.difference(named).map(|name| format!("{path} does not show the metric {name}."));
    missing.chain(unknown(path, code, named)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "A: Counter, \"wellspring.a\", \"wellspring_a_total\";\nB: Histogram, \"wellspring.b\", \"wellspring_b_seconds\";";

    fn found(page: &str, board: &str) -> Vec<String> {
        findings(&Workspace::of([(SOURCE, CODE), (PAGE, page), (BOARD, board)]))
    }

    #[test]
    fn a_name_that_only_the_code_the_page_or_the_board_has_is_found() {
        let page = "`wellspring_transport::events`\n\n| metric | unit |\n|---|---|\n| `wellspring_a_total` | |\n| `wellspring_b_seconds` | s |\n\n`rate(wellspring_b_seconds_count[5m])`";
        let board = r#"{"panels": [{"targets": [{"expr": "rate(wellspring_a_total[5m])"}, {"expr": "wellspring_b_seconds_bucket"}]}]}"#;
        assert_eq!(found(page, board), Vec::<String>::new());
        assert_eq!(
            found(&page.replace("b_seconds", "c_seconds"), &board.replace("a_total", "d_total")),
            [
                "docs/src/how-to/watch-it-run.md does not show the metric wellspring_b_seconds.",
                "docs/src/how-to/watch-it-run.md names wellspring_c_seconds, which no code measures.",
                "docs/src/how-to/watch-it-run.md names wellspring_c_seconds, which no code measures.",
                "docs/grafana/wellspring.json does not show the metric wellspring_a_total.",
                "docs/grafana/wellspring.json names wellspring_d_total, which no code measures.",
            ]
        );
    }

    #[test]
    fn a_board_that_is_no_json_or_missing_is_found() {
        let page = "| metric |\n|---|\n| `wellspring_a_total` |\n| `wellspring_b_seconds` |";
        assert!(found(page, "{").iter().any(|finding| finding.starts_with("docs/grafana/wellspring.json: ")));
        assert!(findings(&Workspace::default()).len() >= 3);
    }
}
