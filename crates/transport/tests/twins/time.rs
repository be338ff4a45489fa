//! Time that passes, stops and jumps, on a clock that the tests move.

use core::time::Duration;

use wellspring_core::{AccessToken, ErrorKind, Need, TokenResponse};

use crate::driver::transport::{Clock, ManualClock, TokenSource};
use crate::driver::{Reply, Server, Toy, eventually, join, spawn, twin};

const HOUR: Duration = Duration::from_secs(3_600);

fn source(server: &Server, clock: &ManualClock) -> TokenSource {
    TokenSource::builder(Toy::at(&server.url)).clock(clock).seed(7).build().unwrap()
}

/// A server that fails this many times, then grants.
fn failing(times: usize) -> Server {
    Server::start(move |_, n| if n < times { Reply::status(503) } else { Reply::token(n + 1, 3_600) })
}

/// Whether a renewal has failed and its pause is running.
fn pauses(source: &TokenSource) -> bool {
    source
        .try_token()
        .is_err_and(|error| matches!(error.kind(), ErrorKind::Unavailable { retry_at: Some(_) }))
}

fn has(source: &TokenSource, token: &str) -> bool {
    source.try_token().is_ok_and(|held| held.expose() == token)
}

#[twin::test(flavor = "multi_thread")]
async fn acquire_waits_pauses_out_and_tries_again() {
    let (server, clock) = (failing(2), Clock::manual(1_000));
    let source = source(&server, &clock);
    let waiting = spawn({
        let source = source.clone();
        async move { source.acquire(Need::Fresh, HOUR).await }
    });
    for failures in 1..=2 {
        eventually(|| server.asked("/token") == failures).await;
        eventually(|| pauses(&source)).await;
        clock.advance(Duration::from_secs(60));
    }
    assert_eq!(join(waiting).await.unwrap().expose(), "token-3");
}

#[twin::test(flavor = "multi_thread")]
async fn acquire_does_not_wait_for_a_pause_that_ends_after_its_deadline() {
    let (server, clock) = (failing(1), Clock::manual(1_000));
    let error = source(&server, &clock).acquire(Need::Fresh, Duration::from_millis(400)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { retry_at: Some(_) }), "{error:?}");
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn acquire_waits_for_no_pause_after_an_error_that_stays() {
    let server = Server::start(|_, _| Reply::status(401));
    let error = source(&server, &Clock::manual(1_000)).acquire(Need::Fresh, 24 * HOUR).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[twin::test(flavor = "multi_thread")]
async fn a_sign_in_elsewhere_ends_the_wait_for_a_pause() {
    let (server, clock) = (failing(9), Clock::manual(1_000));
    let source = source(&server, &clock);
    let waiting = spawn({
        let source = source.clone();
        async move { source.acquire(Need::Fresh, HOUR).await }
    });
    eventually(|| server.asked("/token") == 1).await;
    eventually(|| pauses(&source)).await;
    source.adopt(TokenResponse::new(AccessToken::new("adopted"))).unwrap();
    assert_eq!(join(waiting).await.unwrap().expose(), "adopted");
}

#[twin::test(flavor = "multi_thread")]
async fn a_token_kept_warm_is_renewed_before_a_caller_asks() {
    let (server, clock) = (Server::granting(), Clock::manual(1_000));
    let source = source(&server, &clock);
    let warm = source.keep_warm().unwrap();
    for n in 1..=4 {
        eventually(|| server.asked("/token") == n).await;
        eventually(|| has(&source, &format!("token-{n}"))).await;
        clock.advance(Duration::from_secs(3_400));
    }
    eventually(|| server.asked("/token") == 5).await;
    eventually(|| has(&source, "token-5")).await;
    drop(warm);
    eventually(|| clock.waiting() == 0).await;
    clock.advance(HOUR);
    assert_eq!(server.asked("/token"), 5);
}

#[twin::test(flavor = "multi_thread")]
async fn keeping_warm_survives_failures() {
    let (server, clock) = (failing(5), Clock::manual(1_000));
    let source = source(&server, &clock);
    let _warm = source.keep_warm().unwrap();
    for n in 1..=5 {
        eventually(|| server.asked("/token") == n).await;
        eventually(|| pauses(&source)).await;
        clock.advance(Duration::from_secs(60));
    }
    eventually(|| server.asked("/token") == 6).await;
    eventually(|| has(&source, "token-6")).await;
}

#[twin::test(flavor = "multi_thread")]
async fn keeping_warm_ends_with_the_last_source() {
    let (server, clock) = (Server::granting(), Clock::manual(1_000));
    let source = source(&server, &clock);
    let _warm = source.keep_warm().unwrap();
    eventually(|| source.try_token().is_ok() && clock.waiting() == 1).await;
    drop(source);
    eventually(|| clock.waiting() == 0).await;
}

#[twin::test(flavor = "multi_thread")]
async fn a_wall_clock_that_jumps_never_hands_out_an_expired_token_nor_loops() {
    let (server, clock) = (Server::granting(), Clock::manual(1_000_000));
    let source = source(&server, &clock);
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    // Ahead by more than the lifetime: the token may have expired.
    clock.step_wall_forward(2 * HOUR);
    assert_eq!(source.token().await.unwrap().expose(), "token-2");
    // Back to before the second token was obtained.
    clock.step_wall_back(2 * HOUR);
    assert_eq!(source.token().await.unwrap().expose(), "token-3");
    for _ in 0..10 {
        assert_eq!(source.token().await.unwrap().expose(), "token-3");
    }
    assert_eq!(server.asked("/token"), 3);
}

#[twin::test(flavor = "multi_thread")]
async fn a_machine_that_slept_through_the_tokens_life_gets_another_one() {
    let (server, clock) = (Server::granting(), Clock::manual(1_000));
    let source = source(&server, &clock);
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    clock.advance(8 * HOUR);
    assert_eq!(source.try_token().unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(source.token().await.unwrap().expose(), "token-2");
}

#[twin::test(flavor = "multi_thread")]
async fn a_token_that_only_the_wall_clock_calls_due_is_renewed_by_the_caller_that_reads_it() {
    let server = Server::granting();
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    source.token().await.unwrap();
    clock.step_wall_forward(Duration::from_secs(3_400));
    assert_eq!(source.try_token().unwrap().expose(), "token-1");
    eventually(|| server.asked("/token") == 2).await;
}

#[twin::test(flavor = "multi_thread")]
async fn a_closed_source_hands_out_its_token_only_if_the_token_lasts_as_long_as_the_caller_needs() {
    let (server, clock) = (Server::granting(), Clock::manual(1_000));
    let source = source(&server, &clock);
    source.token().await.unwrap();
    source.close(HOUR).await.unwrap();
    clock.advance(HOUR - Duration::from_secs(1));
    let valid_for = |seconds| Need::ValidFor(Duration::from_secs(seconds));
    let error = source.acquire(valid_for(5), HOUR).await.unwrap_err();
    assert!(error.to_string().contains("is closed"), "{error}");
    assert_eq!(source.acquire(valid_for(1), HOUR).await.unwrap().expose(), "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn a_closed_source_hands_out_no_token_that_is_newer_than_the_wall_clock() {
    let (server, clock) = (Server::granting(), Clock::manual(1_000));
    let source = source(&server, &clock);
    source.token().await.unwrap();
    source.close(HOUR).await.unwrap();
    clock.step_wall_back(Duration::from_secs(61));
    let errors = [source.token().await.unwrap_err(), source.try_token().unwrap_err()];
    for error in errors {
        assert!(error.to_string().contains("is closed"), "{error}");
    }
    assert_eq!(server.asked("/token"), 1);
}
