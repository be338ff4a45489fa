//! Scenarios without their faults: what goes wrong has to be what the expectation is about.
//!
//! A fault is whatever makes a scenario's world worse or other than the published pages: a fault in a queue, a
//! revocation, a cut network, a wall clock that is set, a wrong secret, the server's own settings. A scenario that is fulfilled
//! without one of them never needed it, and shows nothing of it.

use crate::scenario::{OauthApp, Provider, Scenario, Server};

/// Each fault of a scenario in words, with the scenario as it would be without it.
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
    // Beside a fault the server's settings are scenery; without one they are what the scenario is about.
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
