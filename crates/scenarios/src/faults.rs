//! Scenarios without their faults: each fault must matter for the expectation.
//!
//! A fault is everything that makes a scenario's world differ from the published pages: a queued fault, a revocation, a cut
//! network, a changed wall clock, a wrong secret, the server's settings. If a scenario meets its expectation without one of
//! them, it does not test that fault.

use crate::scenario::{OauthApp, Provider, Scenario, Server};

/// Each fault of a scenario in words, with the scenario without that fault.
#[must_use]
pub fn each_taken_out(scenario: &Scenario) -> Vec<(String, Scenario)> {
    let mut all = Vec::new();
    let own_secret = |it: &mut Scenario| match &mut it.provider {
        Some(
            Provider::PixBacen { secret, .. }
            | Provider::Oauth2App(OauthApp { secret, .. })
            | Provider::HiveAuth { secret, .. },
        ) => secret.take(),
        None => None,
    };
    if own_secret(&mut scenario.clone()).is_some() {
        all.push(("the wrong secret".into(), with(scenario, |it| drop(own_secret(it)))));
    }
    for (n, step) in scenario.step.iter().enumerate() {
        let at = n + 1;
        for (nth, fault) in step.faults.iter().enumerate() {
            let healed = with(scenario, |it| drop(it.step[n].faults.remove(nth)));
            all.push((format!("step {at}: {fault}"), healed));
        }
        if step.revoke.is_some() {
            all.push((format!("step {at}: the revocation"), with(scenario, |it| it.step[n].revoke = None)));
        }
        if step.wall_clock.is_some() {
            all.push((
                format!("step {at}: the wall clock"),
                with(scenario, |it| it.step[n].wall_clock = None),
            ));
        }
        if step.plugged_in == Some(false) {
            all.push((
                format!("step {at}: the cut network"),
                with(scenario, |it| it.step[n].plugged_in = None),
            ));
        }
    }
    // With a fault the server's settings are only its set-up; without one they are the subject of the scenario.
    let settings = scenario.server.clone().unwrap_or_default();
    let plain = Server { latency: settings.latency, ..Server::default() };
    if settings != plain && all.is_empty() {
        all.push(("the server's settings".into(), with(scenario, |it| it.server = Some(plain))));
    }
    all
}

fn with(scenario: &Scenario, change: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = scenario.clone();
    change(&mut scenario);
    scenario
}
