//! The book's numbers of states are those that `crates/explorer/pins.txt` pins.

use std::collections::BTreeSet;

use crate::workspace::Workspace;

const PINS: &str = "crates/explorer/pins.txt";
const PAGE: &str = "docs/src/numbers.md";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let pins = workspace.tree.text(PINS).unwrap_or_default();
    let pinned: BTreeSet<&str> = pins.lines().filter_map(|line| line.split(' ').next()).collect();
    let page = workspace.tree.text(PAGE).unwrap_or_default();
    let mut found = Vec::new();
    for (line, text) in page.lines().enumerate().filter(|(_, text)| text.contains("`cargo xtask explore")) {
        for number in states(text).filter(|number| !pinned.contains(number.as_str())) {
            found.push(format!(
                "{PAGE}:{}: {number} states are in no line of {PINS}: run the explorer.",
                line + 1
            ));
        }
    }
    found
}

/// The numbers of states in a row of the table: those before `states` or a mode in brackets, or else the row's first.
fn states(row: &str) -> impl Iterator<Item = String> {
    let words: Vec<&str> = row.split_ascii_whitespace().collect();
    let number = |word: &str| {
        let digits = word.replace(',', "");
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
    };
    let marked = |pair: &[&str]| {
        let before = pair[1].starts_with("states") || pair[1].starts_with("(`");
        before.then(|| number(pair[0])).flatten()
    };
    let mut states: Vec<String> = words.windows(2).filter_map(marked).collect();
    if states.is_empty() {
        states.extend(words.iter().find_map(|word| number(word)));
    }
    states.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_pinned_is_found_in_both_kinds_of_row() {
        let page = "| two, one fault | 7,555 states (`Never`) and 7,939 (`OwnerDead`), all of them | `cargo xtask explore` |\n\
                    | `Never`, one fault | 79,539 | 2,230 | 544 | `cargo xtask explore --quick` |\n\
                    | 1,032 processes killed | nothing lost | `cargo xtask crash` |\n";
        let pins =
            "7555 171 28 never, two users\n7939 171 0 owner dead, two users\n79539 2230 544 never, fleet\n";
        assert_eq!(findings(&Workspace::of([(PAGE, page), (PINS, pins)])), [""; 0]);
        let pins = "7555 171 28 never, two users\n7938 171 0 owner dead, two users\n2230 1 1 never, fleet\n";
        let found = findings(&Workspace::of([(PAGE, page), (PINS, pins)]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains(":1: 7939 states") && found[1].contains(":2: 79539 states"), "{found:?}");
    }
}
