//! One renewal for all callers that wait, however they come and go.

use core::time::Duration;

use wellspring_core::{ErrorKind, Need, Policy, Rejected};

use crate::driver::transport::{Clock, TokenSource};
use crate::driver::{CROWD, Gate, Reply, Server, Toy, code, eventually, join, spawn, twin};

const LONG: Duration = Duration::from_secs(20);

#[twin::test(flavor = "multi_thread")]
async fn a_crowd_on_an_empty_source_makes_one_request_and_gets_one_token() {
    let (server, gate) = Server::gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let crowd: Vec<_> = (0..CROWD)
        .map(|_| {
            let source = source.clone();
            spawn(async move { source.token().await.unwrap().expose().to_owned() })
        })
        .collect();
    gate.arrived();
    gate.open();
    for task in crowd {
        assert_eq!(join(task).await, "token-1");
    }
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn a_failure_is_shared_by_all_who_waited_and_followed_by_a_pause() {
    let gate = Gate::default();
    let in_server = gate.clone();
    let server = Server::start(move |_, _| {
        in_server.pass();
        Reply::status(503)
    });
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            let source = source.clone();
            spawn(async move { source.token().await.unwrap_err() })
        })
        .collect();
    gate.arrived();
    gate.open();
    for task in crowd {
        assert!(matches!(join(task).await.kind(), ErrorKind::Unavailable { retry_at: Some(_) }));
    }
    // During the pause no renewal starts, and `token` does not wait for its end.
    assert!(source.token().await.is_err());
    assert!(source.try_token().is_err());
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn no_caller_waits_past_its_own_deadline_and_the_renewal_goes_on() {
    let (server, gate) = Server::gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let error = source.acquire(Need::Fresh, Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    gate.open();
    assert_eq!(source.acquire(Need::Fresh, LONG).await.unwrap().expose(), "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn try_token_never_waits_and_starts_the_renewal() {
    let (server, gate) = Server::gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    assert_eq!(source.try_token().unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(source.try_token().unwrap_err().kind(), ErrorKind::Busy);
    gate.open();
    eventually(|| source.try_token().is_ok()).await;
    assert_eq!(source.try_token().unwrap().expose(), "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn an_aging_token_is_handed_out_while_one_renewal_runs() {
    let (server, gate) = Server::gated();
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    gate.open();
    source.token().await.unwrap();
    clock.advance(Duration::from_secs(3_400));
    for _ in 0..10 {
        assert!(source.try_token().is_ok());
        assert!(source.token().await.is_ok());
    }
    eventually(|| source.try_token().unwrap().expose() == "token-2").await;
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test(flavor = "multi_thread")]
async fn close_waits_for_the_renewal_under_way_and_none_starts_after_it() {
    let (server, gate) = Server::gated();
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    assert!(source.try_token().is_err());
    gate.arrived();
    gate.open();
    source.close(LONG).await.unwrap();
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    clock.advance(Duration::from_secs(3_500));
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    clock.advance(Duration::from_secs(200));
    assert!(matches!(source.token().await.unwrap_err().kind(), ErrorKind::Unavailable { .. }));
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn close_waits_for_a_sign_in_too() {
    let (server, gate) = Server::gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let signing_in = spawn({
        let source = source.clone();
        async move { source.sign_in(code()).await.unwrap().expose().to_owned() }
    });
    gate.arrived();
    assert_eq!(source.close(Duration::from_millis(20)).await.unwrap_err().kind(), ErrorKind::Busy);
    gate.open();
    source.close(LONG).await.unwrap();
    assert_eq!(source.try_token().unwrap().expose(), "token-1");
    assert_eq!(join(signing_in).await, "token-1");
    assert!(source.sign_in(code()).await.is_err());
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn close_gives_up_at_its_deadline() {
    let (server, gate) = Server::gated();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    assert!(source.try_token().is_err());
    gate.arrived();
    assert_eq!(source.close(Duration::from_millis(20)).await.unwrap_err().kind(), ErrorKind::Busy);
    gate.open();
}

#[twin::test(flavor = "multi_thread")]
async fn a_provider_that_panics_leaves_no_caller_waiting() {
    let server = Server::granting();
    let source = TokenSource::builder(Toy::at(&server.url).that_panics()).build().unwrap();
    for task in (0..20).map(|_| source.clone()).map(|source| spawn(async move { source.token().await })) {
        assert!(matches!(join(task).await.unwrap_err().kind(), ErrorKind::Unavailable { .. }));
    }
    // A caller during the pause gets its error.
    assert!(source.token().await.is_err());
}

#[twin::test(flavor = "multi_thread")]
async fn a_late_refusal_of_an_older_generation_changes_nothing() {
    let (server, gate) = Server::gated();
    gate.open();
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let old = source.token().await.unwrap();
    assert!(matches!(source.reject(old.generation()), Rejected::Renew));
    let new = source.acquire(Need::Newer(old.generation()), LONG).await.unwrap();
    for _ in 0..10 {
        assert!(
            matches!(source.reject(old.generation()), Rejected::Replaced(token) if token.generation() == new.generation())
        );
    }
    assert_eq!(source.token().await.unwrap().generation(), new.generation());
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_is_left_at_the_deadline_of_the_exchange() {
    let (server, gate) = Server::gated();
    let mut policy = Policy::default();
    policy.deadline = Duration::from_secs(2);
    let source = TokenSource::builder(Toy::at(&server.url)).policy(policy).build().unwrap();
    assert!(matches!(source.token().await.unwrap_err().kind(), ErrorKind::Unavailable { .. }));
    gate.open();
    assert_eq!(source.acquire(Need::Fresh, LONG).await.unwrap().expose(), "token-2");
    assert_eq!(server.asked("/token"), 2);
}
