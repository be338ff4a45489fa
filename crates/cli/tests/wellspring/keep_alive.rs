//! `keep-alive`: a refresh token that no process has used for a while is renewed once, by one process.

use core::time::Duration;
use std::process::Stdio;

use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, Record, RefreshToken, SessionState, TokenResponse, UnixTime,
};
use wellspring_simulator::{Endpoint, Fault};

use crate::command::{Folder, Ran};
use crate::stored::{Stage, stage};
use crate::token::signed_in;

const TRANSPORTS: [&str; 2] = ["async", "blocking"];
const STORES: [&str; 2] = ["file:tokens", "sqlite:wellspring.db"];
const DAY: u64 = 86_400;

/// A session that was last used so many days ago.
fn unused(url: &str, days: u64) -> Stage {
    let stage = stage(url);
    let refresh_token = signed_in(&stage.simulator, "http://127.0.0.1/callback");
    let response = TokenResponse::new(AccessToken::new("held"))
        .with_lifetime(Duration::from_secs(7_200))
        .with_refresh_token(RefreshToken::new(refresh_token));
    let sent = UnixTime::after_epoch(stage.simulator.clock().now());
    let granted = Granted::new(sent.minus(Duration::from_secs(days * DAY)), response);
    stage.put(&Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(granted)));
    stage
}

const ARGUMENTS: [&str; 6] = ["keep-alive", "user", "--unused-for", "480h", "--per-minute", "6000"];

fn with(transport: &str) -> Vec<&str> {
    [&ARGUMENTS[..], &["--transport", transport]].concat()
}

#[test]
fn a_session_that_no_process_has_used_is_renewed_and_one_in_use_is_left() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let stage = unused(url, 21);
        let before = stage.simulator.asked(Endpoint::RefreshGrant);
        let asked = || stage.simulator.asked(Endpoint::RefreshGrant) - before;
        for (said, requests) in [("user: renewed\n", 1), ("user: in use\n", 1)] {
            let ran = stage.folder.run(&with(transport));
            assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, said, ""), "{url}");
            assert_eq!(asked(), requests, "{url}");
        }
        // Without names it looks at every profile.
        let all = stage.folder.run(&["keep-alive", "--unused-for", "480h"]);
        assert_eq!((all.status, all.stdout.as_str()), (0, "user: in use\n"), "{}", all.stderr);
        assert_eq!(stage.simulator.counters().reuses_detected, 0);
    }
    let young = unused("file:tokens", 19);
    assert_eq!(young.folder.run(&with("async")).stdout, "user: in use\n");
}

#[test]
fn eight_processes_at_once_renew_it_once() {
    for url in STORES {
        let stage = unused(url, 21);
        stage.simulator.configure(|config| config.latency = Duration::from_millis(300));
        let start = |n: usize| {
            let mut command = stage.folder.command(&with(TRANSPORTS[n % 2]));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running: Vec<_> = (0..8).map(start).collect();
        for child in running {
            let ran = Ran::from(child.wait_with_output().unwrap());
            let done = ["user: renewed\n", "user: in use\n"].contains(&ran.stdout.as_str());
            assert!(ran.status == 0 && done, "{url}: {} {}", ran.stdout, ran.stderr);
        }
        assert_eq!(stage.simulator.asked(Endpoint::RefreshGrant), 1, "{url}");
        assert_eq!(stage.simulator.counters().reuses_detected, 0, "{url}");
    }
}

#[test]
fn what_cannot_be_kept_alive_says_why() {
    let none = stage("file:tokens");
    let ran = none.folder.run(&with("async"));
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "user: no session\n"), "{}", ran.stderr);

    let stage = unused("file:tokens", 21);
    stage.simulator.fault_times(Endpoint::Token, Fault::status(400), u32::MAX);
    let ran = stage.folder.run(&with("blocking"));
    assert!(ran.status != 0 && ran.stdout == "user: failed\n", "{} {}", ran.status, ran.stdout);
    assert!(ran.stderr.contains("user: ") && ran.stderr.contains("400"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("refresh-"), "{}", ran.stderr);

    let memory = Folder::with("[profile.a]\nprovider = \"static\"\ntoken = \"canary\"\n");
    let ran = memory.run(&["keep-alive", "--unused-for", "1h"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "no profile is looked at");
    assert!(ran.stderr.contains("add a persistent store"), "{}", ran.stderr);
    let ran = memory.run(&["keep-alive"]);
    assert!(ran.status == 2 && ran.stderr.contains("--unused-for"), "{}", ran.stderr);
    let ran = memory.run(&["keep-alive", "--unused-for", "1h", "--per-minute", "0"]);
    assert!(ran.status == 2 && ran.stderr.contains("--per-minute"), "{}", ran.stderr);
}
