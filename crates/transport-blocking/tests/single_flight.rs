//! One renewal for all who wait, however they come and go.
#![cfg(feature = "ureq")]

mod driver;

use core::time::Duration;

use driver::transport::{Clock, TokenSource};
use driver::{Gate, Reply, Server, Toy, eventually, join, spawn};
use wellspring_core::{AuthorizationCode, AuthorizationGrant, ErrorKind, Need, Policy, Rejected};

const CROWD: usize = 256;
const LONG: Duration = Duration::from_secs(20);

/// A server that grants tokens of one hour once the gate is open.
fn gated() -> (Server, Gate) {
    let gate = Gate::default();
    let door = gate.clone();
    let server = Server::start(move |_, n| {
        door.pass();
        Reply::token(n + 1, 3_600)
    });
    (server, gate)
}

fn code() -> AuthorizationGrant {
    AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("code"),
        redirect_uri: "http://127.0.0.1/".into(),
        verifier: None,
    }
}

#[test]
fn a_crowd_on_an_empty_source_makes_one_request_and_gets_one_token() {
    let (server, gate) = gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let crowd: Vec<_> = (0..CROWD)
        .map(|_| {
            let source = source.clone();
            spawn(move || source.token().unwrap().expose().to_owned())
        })
        .collect();
    gate.arrived();
    gate.open();
    for task in crowd {
        assert_eq!(join(task), "token-1");
    }
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn a_failure_is_shared_by_all_who_waited_and_followed_by_a_pause() {
    let gate = Gate::default();
    let door = gate.clone();
    let server = Server::start(move |_, _| {
        door.pass();
        Reply::status(503)
    });
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            let source = source.clone();
            spawn(move || source.token().unwrap_err())
        })
        .collect();
    gate.arrived();
    gate.open();
    for task in crowd {
        assert!(matches!(join(task).kind(), ErrorKind::Unavailable { retry_at: Some(_) }));
    }
    // The pause is not over: nobody asks again, and `token` does not wait for its end.
    assert!(source.token().is_err());
    assert!(source.try_token().is_err());
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn no_caller_waits_past_its_own_deadline_and_the_renewal_goes_on() {
    let (server, gate) = gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let error = source.acquire(Need::Fresh, Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    gate.open();
    assert_eq!(source.acquire(Need::Fresh, LONG).unwrap().expose(), "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn try_token_never_waits_and_starts_the_renewal() {
    let (server, gate) = gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    assert_eq!(source.try_token().unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(source.try_token().unwrap_err().kind(), ErrorKind::Busy);
    gate.open();
    eventually(|| source.try_token().is_ok());
    assert_eq!(source.try_token().unwrap().expose(), "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn an_aging_token_is_handed_out_while_one_renewal_runs() {
    let (server, gate) = gated();
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    gate.open();
    source.token().unwrap();
    clock.advance(Duration::from_secs(3_400));
    for _ in 0..10 {
        assert!(source.try_token().is_ok());
        assert!(source.token().is_ok());
    }
    eventually(|| source.try_token().unwrap().expose() == "token-2");
    assert_eq!(server.asked("/token"), 2);
}

#[test]
fn close_waits_for_the_renewal_under_way_and_none_starts_after_it() {
    let (server, gate) = gated();
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    assert!(source.try_token().is_err());
    gate.arrived();
    gate.open();
    source.close(LONG).unwrap();
    assert_eq!(source.token().unwrap().expose(), "token-1");
    clock.advance(Duration::from_secs(3_500));
    assert_eq!(source.token().unwrap().expose(), "token-1");
    clock.advance(Duration::from_secs(200));
    assert!(matches!(source.token().unwrap_err().kind(), ErrorKind::Unavailable { .. }));
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn close_waits_for_a_sign_in_too() {
    let (server, gate) = gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let signing_in = spawn({
        let source = source.clone();
        move || source.sign_in(code()).unwrap().expose().to_owned()
    });
    gate.arrived();
    assert_eq!(source.close(Duration::from_millis(20)).unwrap_err().kind(), ErrorKind::Busy);
    gate.open();
    source.close(LONG).unwrap();
    assert_eq!(source.try_token().unwrap().expose(), "token-1");
    assert_eq!(join(signing_in), "token-1");
    assert!(source.sign_in(code()).is_err());
    assert_eq!(server.asked("/token"), 1);
}

#[test]
fn close_gives_up_at_its_deadline() {
    let (server, gate) = gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    assert!(source.try_token().is_err());
    gate.arrived();
    assert_eq!(source.close(Duration::from_millis(20)).unwrap_err().kind(), ErrorKind::Busy);
    gate.open();
}

#[test]
fn a_provider_that_panics_leaves_nobody_waiting() {
    let server = Server::granting();
    let source = TokenSource::builder(Toy::at(&server.url).that_panics()).build().unwrap();
    for task in (0..20).map(|_| source.clone()).map(|source| spawn(move || source.token())) {
        assert!(matches!(join(task).unwrap_err().kind(), ErrorKind::Unavailable { .. }));
    }
    // The gate is not stuck: after the pause another renewal may start.
    assert!(source.token().is_err());
}

#[test]
fn a_late_refusal_of_an_older_generation_changes_nothing() {
    let (server, gate) = gated();
    gate.open();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let old = source.token().unwrap();
    assert!(matches!(source.reject(old.generation()), Rejected::Renew));
    let new = source.acquire(Need::Newer(old.generation()), LONG).unwrap();
    for _ in 0..10 {
        assert!(
            matches!(source.reject(old.generation()), Rejected::Replaced(token) if token.generation() == new.generation())
        );
    }
    assert_eq!(source.token().unwrap().generation(), new.generation());
    assert_eq!(server.asked("/token"), 2);
}

#[test]
fn an_endpoint_that_hangs_is_left_at_the_deadline_of_the_exchange() {
    let (server, gate) = gated();
    let mut policy = Policy::default();
    policy.deadline = Duration::from_secs(2);
    let source = TokenSource::builder(Toy::at(&server.url)).policy(policy).build().unwrap();
    assert!(matches!(source.token().unwrap_err().kind(), ErrorKind::Unavailable { .. }));
    gate.open();
    assert_eq!(source.acquire(Need::Fresh, LONG).unwrap().expose(), "token-2");
    assert_eq!(server.asked("/token"), 2);
}
