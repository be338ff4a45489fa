//! The simulation itself has to be able to fail.

use core::time::Duration;

use crate::fleet::live_on;
use crate::plan::{DAY, Grant, Plan, minutes};
use crate::tally::peak_and_mean;

const KEYS: u64 = 200;

fn sum(seconds: &[u32]) -> u64 {
    seconds.iter().map(|count| u64::from(*count)).sum()
}

#[test]
fn a_day_is_the_same_on_any_number_of_threads() {
    let plan = Plan::eventful(KEYS, true, Grant::Rotating);
    assert_eq!(live_on(&plan, 1), live_on(&plan, 3));
}

#[test]
fn with_a_store_a_key_is_renewed_once_for_all_its_instances() {
    let alone = live_on(&Plan::quiet(KEYS, false, Grant::Credentials), 2);
    let shared = live_on(&Plan::quiet(KEYS, true, Grant::Credentials), 2);
    // A token lives for an hour and is renewed after 50 to 55 minutes: 27 times a day, or 28.
    assert!((26 * KEYS..=29 * KEYS).contains(&shared.granted), "{}", shared.granted);
    assert!((52 * KEYS..=58 * KEYS).contains(&alone.granted), "{}", alone.granted);
    assert!(shared.adopted > 0 && alone.adopted == 0);
    assert_eq!(
        (shared.granted, alone.granted),
        (sum(&shared.calls), sum(&alone.calls)),
        "each call is answered"
    );
}

#[test]
fn a_quiet_day_ends_no_session_and_no_token_runs_dry() {
    let day = live_on(&Plan::quiet(KEYS, true, Grant::Rotating), 2);
    assert_eq!((day.ended, day.reused, day.without), (0, 0, 0));
}

#[test]
fn an_outage_is_met_with_pauses_that_double_and_ends_without_a_session_lost() {
    let mut plan = Plan::quiet(KEYS, true, Grant::Rotating);
    let outage = minutes(6 * 60)..minutes(6 * 60 + 10);
    plan.outage = Some(outage.clone());
    let day = live_on(&plan, 2);
    assert_eq!((day.ended, day.reused), (0, 0));
    let (_, quiet) = peak_and_mean(&day.calls, minutes(60)..outage.start);
    let (_, down) = peak_and_mean(&day.calls, outage.clone());
    assert!(down > quiet, "those that are due ask again and again: {down} {quiet}");
    // A key that is due all the time asks 1, 2, 4 .. 60 s apart: at most 7 times, and then every half minute.
    let most = 7 + 600 / 30;
    assert!(down * 600.0 < Duration::from_secs(KEYS * most).as_secs_f64(), "{down}");
    let (_, after) = peak_and_mean(&day.calls, outage.end + minutes(5)..outage.end + minutes(30));
    assert!(after < quiet * 2.0, "{after} {quiet}");
}

#[test]
fn a_failover_ends_only_sessions_whose_last_save_it_lacks() {
    let mut plan = Plan::quiet(KEYS, true, Grant::Rotating);
    plan.failover = Some(minutes(12 * 60)..minutes(12 * 60 + 1));
    plan.lag = Duration::ZERO;
    let nothing_lost = live_on(&plan, 2);
    assert_eq!((nothing_lost.ended, nothing_lost.reused), (0, 0));
    plan.lag = minutes(10);
    let lacking = live_on(&plan, 2);
    // In ten minutes of 53 about a fifth of the keys are renewed.
    assert!(lacking.ended > KEYS / 10 && lacking.ended < KEYS / 3, "{}", lacking.ended);
}

#[test]
fn instances_that_start_anew_find_their_tokens_in_the_store() {
    let deployment = minutes(18 * 60)..minutes(18 * 60 + 10);
    let calls = |stored| {
        let mut plan = Plan::quiet(KEYS, stored, Grant::Credentials);
        plan.deployment = Some(deployment.clone());
        let day = live_on(&plan, 2);
        peak_and_mean(&day.calls, deployment.clone()).1 * 600.0
    };
    let keys = Duration::from_secs(KEYS).as_secs_f64();
    assert!(calls(false) > 1.9 * keys && calls(true) < 0.6 * keys, "{} {}", calls(false), calls(true));
    assert_eq!(DAY, minutes(1_440));
}
