//! Compares an observation with the expectation of its scenario.
//!
//! An expected line is compared word by word. A word `0.5s..1s` matches every duration in that range.

use core::fmt::Write as _;

use crate::observation::{Observation, Seen};
use crate::scenario::Scenario;
use crate::span::Span;

/// The differences between an observation and the expectation of its scenario; `None` if there are none.
#[must_use]
pub fn difference(scenario: &Scenario, seen: &Observation) -> Option<String> {
    let mut report = String::new();
    let nothing = Seen::default();
    for (n, step) in scenario.step.iter().enumerate() {
        let seen = seen.steps.get(n).unwrap_or(&nothing);
        let lists = [
            ("asked", &step.asked, &seen.asked),
            ("gives", &step.gives, &seen.gives),
            ("overlooks", &step.overlooks, &seen.overlooks),
        ];
        for (what, expected, seen) in lists {
            if !same(expected, seen) {
                let _ = writeln!(report, "  step {}, {what}:", n + 1);
                compare(&mut report, expected, seen);
            }
        }
    }
    if scenario.reuses != seen.reuses {
        let _ = writeln!(report, "  reuses: expected {}, seen {}", scenario.reuses, seen.reuses);
    }
    for fault in &seen.unused_faults {
        let _ = writeln!(report, "  no request met the fault {fault}");
    }
    (!report.is_empty()).then_some(report)
}

fn same(expected: &[String], seen: &[String]) -> bool {
    expected.len() == seen.len() && expected.iter().zip(seen).all(|(expected, seen)| fits(expected, seen))
}

fn compare(report: &mut String, expected: &[String], seen: &[String]) {
    for n in 0..expected.len().max(seen.len()) {
        match (expected.get(n), seen.get(n)) {
            (Some(expected), Some(seen)) if fits(expected, seen) => {
                let _ = writeln!(report, "      {seen}");
            }
            (expected, seen) => {
                for (sign, line) in [('-', expected), ('+', seen)] {
                    let _ = line.map(|line| writeln!(report, "    {sign} {line}"));
                }
            }
        }
    }
}

fn fits(expected: &str, seen: &str) -> bool {
    let (mut expected, mut seen) = (expected.split_whitespace(), seen.split_whitespace());
    loop {
        match (expected.next(), seen.next()) {
            (None, None) => return true,
            (Some(expected), Some(seen)) if expected == seen || within(expected, seen) == Some(true) => {}
            _ => return false,
        }
    }
}

fn within(expected: &str, seen: &str) -> Option<bool> {
    let (from, to) = expected.split_once("..")?;
    let read = |text: &str| text.parse::<Span>().ok();
    let seen = read(seen)?;
    Some(read(from)? <= seen && seen <= read(to)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_match_word_by_word_and_a_range_matches_every_value_in_it() {
        assert!(fits("unavailable retry 0.5s..1s", "unavailable retry 0.734s"));
        assert!(fits("a  b", "a b"));
        for (expected, seen) in
            [("0.5s..1s", "1.001s"), ("0.5s..1s", "soon"), ("a", "a b"), ("a b", "a"), ("a", "b")]
        {
            assert!(!fits(expected, seen), "{expected} / {seen}");
        }
    }
}
