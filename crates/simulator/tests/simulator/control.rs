//! The control endpoints, over a socket, as a program in another language uses them.

use serde_json::json;
use wellspring_simulator::{Endpoint, Fault, Request, SimClock, Simulator};

use crate::exchange::exchange;

const CREDENTIALS: &str = r#"{"clientId":"your-client-id","clientSecret":"your-client-secret"}"#;

fn token(simulator: &Simulator) -> String {
    let seen = exchange(simulator, &Request::post("/oauth/token").with_json(CREDENTIALS)).unwrap();
    seen.json()["access_token"].as_str().unwrap().to_owned()
}

fn balances(simulator: &Simulator, token: &str) -> u16 {
    exchange(simulator, &Request::get("/accounts/balances").with_bearer(token)).unwrap().status
}

fn control(simulator: &Simulator, method: &str, name: &str, body: &str) -> (u16, serde_json::Value) {
    let request = Request::new(method, &format!("/__sim/{name}")).with_json(body);
    let seen = exchange(simulator, &request).unwrap();
    (seen.status, seen.json())
}

#[test]
fn the_log_shows_decisions_and_no_secret() {
    let simulator = Simulator::builder().clock(SimClock::manual(1_700_000_000)).start().unwrap();
    let token = token(&simulator);
    balances(&simulator, &token);
    let (status, log) = control(&simulator, "GET", "log", "");
    assert_eq!((status, log.as_array().unwrap().len()), (200, 2));
    assert_eq!(log[0]["decision"], "token issued");
    assert_eq!(
        (&log[1]["n"], &log[1]["at"], &log[1]["status"]),
        (&json!(2), &json!(1_700_000_000.0), &json!(200))
    );
    assert_eq!(log[0]["secrets"]["issued access_token"], log[1]["secrets"]["sent authorization Bearer"]);
    let shown = log.to_string();
    assert!(!shown.contains(&token) && !shown.contains("your-client-secret"));
    assert_eq!(control(&simulator, "GET", "counters", "").1["pix_tokens"], 1);
}

#[test]
fn faults_are_queued_listed_and_removed() {
    let simulator = Simulator::start().unwrap();
    let queue = |body: &str| control(&simulator, "POST", "faults", body).0;
    assert_eq!(queue(r#"{"fault":"unavailable","endpoint":"pix-token","times":2}"#), 200);
    assert_eq!(queue(r#"{"fault":"status=418"}"#), 200);
    for wrong in
        ["{}", r#"{"fault":"x"}"#, r#"{"fault":"bom","endpoint":"x"}"#, r#"{"fault":"bom","times":-1}"#]
    {
        assert_eq!(queue(wrong), 400, "{wrong}");
    }
    let (_, faults) = control(&simulator, "GET", "faults", "");
    assert_eq!(faults["queued"][0], json!({"endpoint": "pix-token", "fault": "unavailable", "times": 2}));
    assert_eq!(faults["queued"][1]["endpoint"], "token");
    assert_eq!(faults["known"].as_object().unwrap().len(), Fault::all_names().count());
    let ask = Request::post("/oauth/token").with_json(CREDENTIALS);
    let status = || exchange(&simulator, &ask).unwrap().status;
    assert_eq!([status(), status(), status(), status()], [503, 503, 418, 200]);
    assert_eq!(queue(r#"{"fault":"unavailable"}"#), 200);
    assert_eq!(control(&simulator, "DELETE", "faults", "").0, 200);
    assert_eq!(exchange(&simulator, &ask).unwrap().status, 200);
}

#[test]
fn the_clock_is_moved_and_tokens_are_revoked() {
    let clock = SimClock::manual(1_700_000_000);
    let simulator = Simulator::builder().clock(clock.clone()).start().unwrap();
    let first = token(&simulator);
    assert_eq!(control(&simulator, "POST", "clock", r#"{"advance":3599.5}"#).0, 200);
    assert_eq!(control(&simulator, "GET", "clock", "").1["unix"], 1_700_003_599.5);
    assert_eq!(balances(&simulator, &first), 200);
    assert_eq!(control(&simulator, "POST", "clock", r#"{"unix":1700003600}"#).0, 200);
    assert_eq!((balances(&simulator, &first), clock.now().as_secs()), (401, 1_700_003_600));
    for wrong in ["{}", r#"{"advance":-1}"#, r#"{"advance":1,"unix":2}"#] {
        assert_eq!(control(&simulator, "POST", "clock", wrong).0, 400, "{wrong}");
    }
    let (second, third) = (token(&simulator), token(&simulator));
    assert_eq!(control(&simulator, "POST", "revoke", &json!({"token": second}).to_string()).0, 200);
    assert_eq!((balances(&simulator, &second), balances(&simulator, &third)), (401, 200));
    assert_eq!(control(&simulator, "POST", "revoke", r#"{"what":"access"}"#).0, 200);
    assert_eq!(balances(&simulator, &third), 401);
    for what in ["refresh", "families"] {
        assert_eq!(control(&simulator, "POST", "revoke", &json!({"what": what}).to_string()).0, 200);
    }
    assert_eq!(control(&simulator, "POST", "revoke", r#"{"what":"x"}"#).0, 400);
    assert_eq!(control(&simulator, "GET", "x", "").0, 404);
}

#[test]
fn a_request_may_name_its_own_fault() {
    let simulator = Simulator::start().unwrap();
    let ask = Request::post("/oauth/token").with_json(CREDENTIALS);
    let faulty = ask.clone().with_header("X-Sandbox-Scenario", "too-many-requests-seconds");
    assert_eq!(exchange(&simulator, &faulty).unwrap().header("retry-after"), Some("7"));
    assert_eq!(exchange(&simulator, &ask).unwrap().status, 200);
    assert_eq!(simulator.requests(Endpoint::Token)[0].fault.as_deref(), Some("too-many-requests-seconds"));
}
