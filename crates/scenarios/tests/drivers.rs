//! Every scenario on both drivers, over real HTTP.

use std::thread;

use wellspring_scenarios::scenario::Scenario;
use wellspring_scenarios::{Execution, catalogue, difference};

#[test]
fn every_scenario_is_as_expected_on_the_async_driver_and_as_on_the_bare_machine() {
    play_all(Execution::Async);
}

#[test]
fn every_scenario_is_as_expected_on_the_blocking_driver_and_as_on_the_bare_machine() {
    play_all(Execution::Blocking);
}

/// Plays several at a time: each has its own server, port and clock.
fn play_all(execution: Execution) {
    let scenarios = catalogue::scenarios().expect("the files are read");
    let share = scenarios.len().div_ceil(4);
    let failures: String = thread::scope(|scope| {
        let shares: Vec<_> = scenarios
            .chunks(share)
            .map(|share| {
                scope.spawn(move || share.iter().filter_map(|it| failure(execution, it)).collect::<String>())
            })
            .collect();
        shares.into_iter().map(|share| share.join().expect("no share panics")).collect()
    });
    assert!(failures.is_empty(), "\n{failures}");
}

fn failure(execution: Execution, scenario: &Scenario) -> Option<String> {
    let report = match (execution.play(scenario), Execution::Machine.play(scenario)) {
        (Err(error), _) | (_, Err(error)) => format!("  {error}\n"),
        (Ok(seen), Ok(on_machine)) => match difference(scenario, &seen) {
            Some(report) => report,
            // The ranges of an expectation are wider than the results, which seeds and clocks determine exactly.
            None if seen != on_machine => {
                format!("  on the driver\n{seen}  on the bare machine\n{on_machine}")
            }
            None => return None,
        },
    };
    Some(format!("{}\n{report}", scenario.name))
}
