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

#[test]
fn every_scenario_over_an_asynchronous_store_is_as_over_a_blocking_one() {
    play_each(|scenario| {
        let played = [Execution::AsyncOverStore, Execution::AsyncOverAsyncStore].map(|it| it.play(scenario));
        match played {
            [Ok(blocking), Ok(asynchronous)] if blocking != asynchronous => Some(format!(
                "{}\n  over a blocking store\n{blocking}  over an asynchronous store\n{asynchronous}\n",
                scenario.name
            )),
            [Ok(_), Err(error)] | [Err(error), Ok(_)] => Some(format!("{}\n  {error}\n", scenario.name)),
            // Some have a token of their own, which no store keeps.
            _ => None,
        }
    });
}

fn play_all(execution: Execution) {
    play_each(|scenario| failure(execution, scenario));
}

/// Plays several at a time: each has its own server, port and clock.
fn play_each(failure: impl Fn(&Scenario) -> Option<String> + Sync) {
    let scenarios = catalogue::scenarios().expect("the files are read");
    let share = scenarios.len().div_ceil(4);
    let failures: String = thread::scope(|scope| {
        let shares: Vec<_> = scenarios
            .chunks(share)
            .map(|share| {
                let failure = &failure;
                scope.spawn(move || share.iter().filter_map(failure).collect::<String>())
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
