//! `wellspring call`.

use wellspring_simulator::{Endpoint, Fault};

use crate::command::stage;

const TRANSPORTS: [&str; 2] = ["async", "blocking"];

#[test]
fn a_call_sends_the_token_and_the_body_and_prints_the_response_body() {
    let (simulator, folder) = stage();
    folder.write("charge.json", r#"{"valor":{"original":"12.50"}}"#);
    let url = format!("{}/cob/7978c0c97ea847e78e8849634473c1f1", simulator.url());
    for transport in TRANSPORTS {
        let arguments = ["call", "shop", "PUT", &url, "--data", "@charge.json", "--header", "X-Trace: 1"];
        let ran = folder.run(&[&arguments[..], &["--transport", transport]].concat());
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{transport}");
        assert!(serde_json::from_str::<serde_json::Value>(&ran.stdout).is_ok(), "{}", ran.stdout);
    }
    for request in simulator.received(Endpoint::PixApi) {
        assert_eq!(request.text(), r#"{"valor":{"original":"12.50"}}"#);
        assert_eq!(request.header("x-trace"), Some("1"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert!(request.header("authorization").unwrap().starts_with("Bearer eyJ"));
    }
}

#[test]
fn a_401_is_renewed_and_retried_once() {
    let (simulator, folder) = stage();
    let url = format!("{}/api/oauth2/userinfo", simulator.url());
    for transport in TRANSPORTS {
        let (tokens, calls) = (simulator.asked(Endpoint::Token), simulator.asked(Endpoint::Api));
        simulator.fault(Endpoint::Api, Fault::parse("challenge-invalid-token").unwrap());
        let ran = folder.run(&["call", "app", "GET", &url, "--transport", transport]);
        assert!(simulator.asked(Endpoint::Token) - tokens == 2, "{ran:?}");
        assert_eq!(simulator.asked(Endpoint::Api) - calls, 2);
    }
}

#[test]
fn a_failed_response_sets_the_exit_status_and_its_body_is_printed() {
    let (simulator, folder) = stage();
    let url = format!("{}/service/v1/ping", simulator.url());
    for (fault, status, advice) in [
        ("nest-403", 4, "403 Forbidden; the token lacks a permission"),
        ("api-401-invalid", 4, "401 Unauthorized; a new token did not help"),
        ("status=404", 4, "404 Not Found; correct the request"),
        ("redirect-302=http://127.0.0.1:1/", 4, "302 Found; redirects are not followed"),
        ("too-many-requests", 5, "429 Too Many Requests; try again later"),
        ("unavailable", 5, "503 Service Unavailable; try again later"),
    ] {
        for transport in TRANSPORTS {
            simulator.fault_times(Endpoint::Api, Fault::parse(fault).unwrap(), 2);
            let ran = folder.run(&["call", "chain", "GET", &url, "--transport", transport]);
            simulator.clear_faults();
            assert_eq!(ran.status, status, "{fault} {transport}: {}", ran.stderr);
            assert!(ran.stderr.contains(advice), "{fault} {transport}: {}", ran.stderr);
            let bare = fault.contains('=') || fault == "unavailable";
            assert!(bare || !ran.stdout.is_empty(), "{fault} {transport}");
        }
    }
}

#[test]
fn the_token_goes_only_to_the_origins_of_the_profile() {
    let (simulator, folder) = stage();
    for (url, why) in [
        ("https://example.com/", "the token may not go to https://example.com:443; to allow it, add"),
        ("http://example.com/", "the request cannot be sent: the URL must use https"),
        ("example.com", "the request cannot be sent: the URL must start with https://"),
    ] {
        let ran = folder.run(&["call", "shop", "GET", url]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0, "no token is requested for a call that cannot be sent");
}

#[test]
fn errors_in_the_arguments_are_reported_before_any_request() {
    let (simulator, folder) = stage();
    let url = format!("{}/service/v1/ping", simulator.url());
    for (arguments, why) in [
        (&["GE T", &url][..], "\"GE T\" is not an HTTP method"),
        (&["GET", &url, "--data", "{}"], "--data takes a file; write --data @FILE"),
        (&["GET", &url, "--data", "@missing.json"], "cannot read missing.json"),
        (&["GET", &url, "--header", "canary"], "a --header is not a header field"),
        (&["GET", &url, "--header", "authorization: canary"], "--header must not set Authorization"),
    ] {
        let ran = folder.run(&[&["call", "chain"], arguments].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains(why) && !ran.stderr.contains("canary"), "{}", ran.stderr);
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}
