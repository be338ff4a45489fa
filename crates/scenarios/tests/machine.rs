//! Every scenario on the bare machine.

use wellspring_scenarios::{Execution, catalogue, difference, each_taken_out};

#[test]
fn every_scenario_is_as_expected_on_the_bare_machine() {
    let mut failures = String::new();
    for scenario in catalogue::scenarios().unwrap() {
        let report = match Execution::Machine.play(&scenario) {
            Ok(seen) => difference(&scenario, &seen),
            Err(error) => Some(format!("  {error}\n")),
        };
        failures.extend(report.map(|report| format!("{}\n{report}", scenario.name)));
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn no_scenario_is_as_expected_without_one_of_its_faults() {
    let mut failures = String::new();
    for scenario in catalogue::scenarios().unwrap() {
        for (fault, healed) in each_taken_out(&scenario) {
            // A scenario that cannot be played to its end without the fault does not meet its expectation either.
            let fulfilled =
                Execution::Machine.play(&healed).is_ok_and(|seen| difference(&scenario, &seen).is_none());
            if fulfilled {
                failures.push_str(&format!("{}\n  needs no {fault}\n", scenario.name));
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}
