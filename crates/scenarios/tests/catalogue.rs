//! Rules for all scenarios together: there are many, each has a unique name, and together they cover every decision.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use wellspring_scenarios::catalogue;

/// Every decision about the wire, and every quirk of the three providers' pages.
fn ids() -> BTreeSet<String> {
    let decisions = fs::read_to_string(crates().join("wire/DECISIONS.md")).expect("it exists");
    let rows = decisions.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    let is_id = |cell: &&str| cell.len() > 1 && cell[1..].bytes().all(|byte| byte.is_ascii_digit());
    let mut ids: BTreeSet<String> = rows.map(|(id, _)| id).filter(is_id).map(String::from).collect();
    assert!(ids.len() > 90, "the decisions are read: {}", ids.len());
    for (quirk, count) in [("P", 9), ("A", 26), ("H", 9)] {
        ids.extend((1..=count).map(|n| format!("{quirk}{n}")));
    }
    ids
}

/// The ids in the scenarios' `covers`.
fn named() -> BTreeSet<String> {
    let scenarios = catalogue::scenarios().expect("the files are read");
    scenarios.into_iter().flat_map(|scenario| scenario.covers).collect()
}

/// The covered decisions and quirks. The problems of other libraries have their own list.
fn covered() -> BTreeSet<String> {
    named().into_iter().filter(|id| !id.starts_with("PAIN")).collect()
}

#[test]
fn every_problem_of_other_libraries_is_listed_and_has_a_scenario() {
    let list = fs::read_to_string(crates().join("scenarios/PAINS.md")).expect("it exists");
    let listed = list.lines().filter_map(|line| line.strip_prefix("| PAIN")?.split_once(" |"));
    let listed: BTreeSet<String> = listed.map(|(number, _)| format!("PAIN{number}")).collect();
    let shown: BTreeSet<String> = named().into_iter().filter(|id| id.starts_with("PAIN")).collect();
    assert_eq!(listed, shown);
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates").to_owned()
}

#[test]
fn there_are_many_scenarios_and_each_has_a_unique_name() {
    let scenarios = catalogue::scenarios().unwrap();
    assert!(scenarios.len() >= 80, "{} scenarios", scenarios.len());
    let names: BTreeSet<_> = scenarios.iter().map(|scenario| &scenario.name).collect();
    assert_eq!(names.len(), scenarios.len(), "two scenarios have one name");
}

#[test]
fn every_scenario_covers_an_id_and_expects_a_result() {
    for scenario in catalogue::scenarios().unwrap() {
        assert!(!scenario.covers.is_empty(), "{} covers nothing", scenario.name);
        let expects = |what: &[String]| !what.is_empty();
        let seen = scenario.step.iter().any(|step| expects(&step.asked) || expects(&step.gives));
        assert!(seen, "{} expects nothing", scenario.name);
    }
}

#[test]
fn every_id_has_a_scenario_or_says_why_not() {
    let (ids, covered) = (ids(), covered());
    let untestable = catalogue::list("untestable").unwrap();
    let elsewhere = catalogue::list("tested-elsewhere").unwrap();
    for id in &ids {
        let places = [covered.contains(id), untestable.contains_key(id), elsewhere.contains_key(id)];
        assert_eq!(
            places.iter().filter(|place| **place).count(),
            1,
            "{id}: scenario, untestable, elsewhere {places:?}"
        );
    }
    for id in covered.iter().chain(untestable.keys()).chain(elsewhere.keys()) {
        assert!(ids.contains(id), "unknown id {id}");
    }
}

#[test]
fn every_test_that_replaces_a_scenario_exists() {
    for (id, named) in catalogue::list("tested-elsewhere").unwrap() {
        let (package, test) = named.split_once(": ").unwrap();
        let folder = crates().join(package.trim_start_matches("wellspring-"));
        assert!(contains(&folder, &format!("fn {test}(")), "{id}: {package} has no test {test}");
    }
}

fn contains(folder: &Path, text: &str) -> bool {
    let mut entries = fs::read_dir(folder).expect("it exists").filter_map(|entry| Some(entry.ok()?.path()));
    entries.any(|path| {
        if path.is_dir() {
            return contains(&path, text);
        }
        path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path).is_ok_and(|source| source.contains(text))
    })
}
