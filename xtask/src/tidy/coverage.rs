//! Every decision about the wire format and every quirk of a provider has a scenario or a test.
//!
//! An id is covered by a scenario (`covers = ["L1"]` in its file), by a row of a Markdown table whose first cell is
//! the id and which names an existing test function, by a test function whose name begins with the id (`l01_..`), or
//! by a test function under a `// covers: L1` line. An id that cannot be tested is in `crates/scenarios/untestable.toml` with
//! the reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::markdown::{rows, spans};
use crate::rust;
use crate::tree::Tree;
use crate::workspace::Workspace;

/// The decisions, a row for each.
const DECISIONS: &str = "crates/wire/DECISIONS.md";

/// The quirks of the three providers: each provider's letter and how many quirks it has.
const QUIRKS: [(&str, u32); 3] = [("P", 9), ("A", 26), ("H", 9)];

/// Known problems of other systems. A scenario may cover them; none must be covered.
const PAINS: (&str, u32) = ("PAIN", 15);

const UNTESTABLE: &str = "crates/scenarios/untestable.toml";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let tree = &workspace.tree;
    let Some(decisions) = tree.text(DECISIONS) else { return vec![format!("{DECISIONS} is missing.")] };
    let mut ids: BTreeSet<String> = rows(decisions).into_iter().filter_map(|row| id(row.first()?)).collect();
    let mut found = Vec::new();
    if ids.is_empty() {
        found.push(format!("{DECISIONS} has no row that begins with an id."));
    }
    ids.extend(QUIRKS.into_iter().flat_map(numbered));
    let pains: Vec<String> = numbered(PAINS).collect();

    let mut covered = scenarios(tree, &mut found);
    covered.extend(named_tests(tree, &ids, &mut found));
    for (id, place) in covered.iter().filter(|(id, _)| !ids.contains(*id) && !pains.contains(id)) {
        found.push(format!("{place} covers {id}, which is neither a decision nor a quirk."));
    }
    let untestable = untestable(tree, &mut found);
    for id in &untestable {
        if !ids.contains(id) {
            found.push(format!("{UNTESTABLE} names {id}, which is neither a decision nor a quirk."));
        } else if let Some(place) = covered.get(id) {
            found.push(format!("{UNTESTABLE} names {id}, which {place} covers."));
        }
    }
    let open = ids.iter().filter(|id| !covered.contains_key(*id) && !untestable.contains(*id));
    found.extend(open.map(|id| format!("{id} has neither a scenario nor a test.")));
    found
}

fn numbered((letters, count): (&str, u32)) -> impl Iterator<Item = String> {
    (1..=count).map(move |n| format!("{letters}{n}"))
}

/// The id that the whole text is: letters and a number. `l1` and `L01` are `L1`.
fn id(text: &str) -> Option<String> {
    let text = text.trim_matches(['`', '*']);
    let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = text[..text.len() - digits.len()].to_ascii_uppercase();
    let number: u32 = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    (!letters.is_empty()).then(|| format!("{letters}{number}"))
}

fn scenarios(tree: &Tree, found: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut covered = BTreeMap::new();
    let files = tree
        .ending("", ".toml")
        .filter(|(path, _)| path.contains("scenarios/") && !path.ends_with("Cargo.toml"));
    for (path, text) in files {
        match text.parse::<toml::Table>() {
            Ok(table) => {
                let mut ids = Vec::new();
                covers(&toml::Value::Table(table), &mut ids);
                covered.extend(ids.into_iter().map(|id| (id, path.to_owned())));
            }
            Err(error) => found.push(format!("{path} is not TOML: {}.", error.message())),
        }
    }
    covered
}

/// The ids of every `covers` in this value: a file may have several scenarios.
fn covers(value: &toml::Value, ids: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            let named = table.get("covers").and_then(toml::Value::as_array).into_iter().flatten();
            ids.extend(
                named.filter_map(toml::Value::as_str).map(|text| id(text).unwrap_or_else(|| text.to_owned())),
            );
            table.values().for_each(|value| covers(value, ids));
        }
        toml::Value::Array(values) => values.iter().for_each(|value| covers(value, ids)),
        _ => {}
    }
}

fn named_tests(tree: &Tree, ids: &BTreeSet<String>, found: &mut Vec<String>) -> BTreeMap<String, String> {
    let tests: BTreeSet<String> = tree.ending("", ".rs").flat_map(|(_, text)| rust::tests(text)).collect();
    let mut covered = BTreeMap::new();
    for (path, text) in tree.ending("", ".md") {
        for row in rows(text) {
            let Some(id) = row.first().and_then(|cell| id(cell)).filter(|id| ids.contains(id)) else {
                continue;
            };
            let names = row[1..].iter().flat_map(|cell| spans(cell));
            for name in names.map(|name| name.rsplit("::").next().unwrap_or(name)) {
                if tests.contains(name) {
                    covered.insert(id.clone(), path.to_owned());
                } else if looks_like_a_test(name) {
                    found.push(format!("{path}: {id} names the test `{name}`, which does not exist."));
                }
            }
        }
    }
    for (path, text) in tree.ending("", ".rs") {
        let tests = rust::tests(text);
        let begins = tests.iter().flat_map(|test| test.split('_').map_while(id));
        covered.extend(begins.filter(|id| ids.contains(id)).map(|id| (id, path.to_owned())));
        covered.extend(marked_tests(text).into_iter().map(|id| (id, path.to_owned())));
    }
    covered
}

/// A sentence with underscores in it.
fn looks_like_a_test(name: &str) -> bool {
    name.matches('_').count() >= 3
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The ids of `// covers: L1, B2` lines above a test.
fn marked_tests(text: &str) -> Vec<String> {
    let (mut marked, mut pending) = (Vec::new(), Vec::new());
    let mut attributed = false;
    for line in text.lines().map(str::trim) {
        if let Some(ids) = line.strip_prefix("// covers: ") {
            pending.extend(ids.split(',').map(|text| id(text.trim()).unwrap_or_else(|| text.to_owned())));
        } else if line.starts_with("#[") {
            attributed |= rust::is_test_attribute(line);
        } else if !line.starts_with("//") {
            if attributed && rust::function(line).is_some() {
                marked.append(&mut pending);
            }
            pending.clear();
            attributed = false;
        }
    }
    marked
}

fn untestable(tree: &Tree, found: &mut Vec<String>) -> BTreeSet<String> {
    let Some(text) = tree.text(UNTESTABLE) else { return BTreeSet::new() };
    match text.parse::<toml::Table>() {
        Ok(table) => {
            let without =
                table.iter().filter(|(_, reason)| reason.as_str().is_none_or(|it| it.trim().is_empty()));
            found.extend(without.map(|(id, _)| format!("{UNTESTABLE} gives no reason for {id}.")));
            table.keys().cloned().collect()
        }
        Err(error) => {
            found.push(format!("{UNTESTABLE} is not TOML: {}.", error.message()));
            BTreeSet::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(extra: &[(&str, &str)]) -> Vec<String> {
        let quirks: String = QUIRKS
            .iter()
            .flat_map(|(letter, count)| (1..=*count).map(move |n| format!("\"{letter}{n}\",")))
            .collect();
        let all = format!("covers = [{quirks}]");
        let mut files = vec![("crates/scenarios/scenarios/quirks.toml", all.as_str())];
        files.extend(extra);
        let mut workspace = Workspace::default();
        for (path, text) in files {
            workspace.tree.add(path, text);
        }
        findings(&workspace)
    }

    const TEST: (&str, &str) = ("a.rs", "#[test]\nfn a_known_test_by_name() {}\n");

    #[test]
    fn a_decision_without_a_test_is_found() {
        assert_eq!(of(&[(DECISIONS, "| L1 | text |\n")]), ["L1 has neither a scenario nor a test."]);
        let row = (DECISIONS, "| L1 | text | `a_known_test_by_name` |\n");
        assert!(of(&[row, TEST]).is_empty());
        assert_eq!(of(&[row]).len(), 2, "the test does not exist");
    }

    #[test]
    fn a_marked_test_covers_and_a_marked_function_does_not() {
        let row = (DECISIONS, "| L1 | text |\n");
        assert!(of(&[row, ("a.rs", "// covers: L1, A2\n#[test]\nfn a() {}\n")]).is_empty());
        assert_eq!(of(&[row, ("a.rs", "// covers: L1\nfn a() {}\n#[test]\nfn b() {}\n")]).len(), 1);
    }

    #[test]
    fn each_scenario_of_a_file_covers_its_own_ids() {
        let decisions = (DECISIONS, "| L1 | text |\n| L2 | text |\n");
        let scenarios = "[[scenario]]\ncovers = [\"L1\"]\n[[scenario]]\ncovers = [\"L02\"]\n";
        assert!(of(&[decisions, ("x/scenarios/s.toml", scenarios)]).is_empty());
    }

    #[test]
    fn a_test_named_after_an_id_covers_it() {
        let row = (DECISIONS, "| L1 | text |\n");
        assert!(of(&[row, ("a.rs", "#[test]\nfn a2_l01_holds() {}\n")]).is_empty());
        assert_eq!(of(&[row, ("a.rs", "fn l1_holds() {}\n#[test]\nfn l11_holds() {}\n")]).len(), 1);
    }

    #[test]
    fn unknown_ids_are_found() {
        let row = (DECISIONS, "| L1 | text | `a_known_test_by_name` |\n");
        assert_eq!(of(&[row, TEST, ("x/scenarios/s.toml", "covers = [\"L9\"]")]).len(), 1);
        assert_eq!(of(&[row, TEST, (UNTESTABLE, "Z1 = \"because\"")]).len(), 1);
        assert_eq!(of(&[row, TEST, (UNTESTABLE, "L1 = \"because\"")]).len(), 1, "covered and untestable");
    }

    #[test]
    fn an_untestable_id_needs_a_reason() {
        let row = (DECISIONS, "| L1 | text |\n");
        assert!(of(&[row, (UNTESTABLE, "L1 = \"a matter of wording\"")]).is_empty());
        assert_eq!(
            of(&[row, (UNTESTABLE, "L1 = \" \"")]),
            ["crates/scenarios/untestable.toml gives no reason for L1."]
        );
    }

    #[test]
    fn a_quirk_without_a_test_is_found() {
        let workspace = Workspace::of([(DECISIONS, "| L1 | `a_known_test_by_name` |\n"), TEST]);
        assert_eq!(findings(&workspace).len(), 44);
    }
}
