//! A session that is forgotten: gone from memory and store, and nothing is revoked.

use core::time::Duration;

use wellspring_core::{
    ErrorKind, LoginReason, Replay, Revocation, SessionState, Store as _, TokenError, TokenKey,
};

use crate::driver::transport::{Clock, ManualClock, TokenSource};
use crate::driver::{Gate, Moody, Server, Toy, code, join, spawn, twin, with_store};

const START: u64 = 1_800_000_000;
const HOUR: Duration = Duration::from_secs(3_600);
const WITHIN: Duration = Duration::from_secs(5);

fn toy(server: &Server) -> Toy {
    Toy::at(&server.url).without_credentials().replaying(Replay::Never).revoking()
}

fn source(server: &Server, store: &Moody, clock: &ManualClock) -> TokenSource {
    with_store(TokenSource::builder(toy(server)), store).clock(clock).build().unwrap()
}

fn reason(error: &TokenError) -> Option<LoginReason> {
    if let ErrorKind::LoginRequired { reason } = error.kind() { Some(reason) } else { None }
}

#[twin::test(flavor = "multi_thread")]
async fn a_forgotten_session_is_gone_for_every_source_and_its_tokens_are_not_revoked() {
    let (server, store, clock) = (Server::rotating(3_600), Moody::new(), Clock::manual(START));
    let (one, two) = (source(&server, &store, &clock), source(&server, &store, &clock));
    one.sign_in(code()).await.unwrap();
    assert_eq!(two.token().await.unwrap().expose(), "token-1");
    one.forget().await.unwrap();
    assert!(one.try_token().is_err(), "not in memory either");
    let record = store.load(&TokenKey::new("toy", &server.url), WITHIN).unwrap().stored.unwrap().record;
    assert!(matches!(record.state, SessionState::LoggedOut));
    for source in [&one, &two] {
        clock.advance(HOUR);
        assert_eq!(reason(&source.token().await.unwrap_err()), Some(LoginReason::LoggedOut));
    }
    two.forget().await.unwrap();
    assert_eq!((server.asked("/token"), server.asked("/revoke")), (1, 0));
    two.sign_in(code()).await.unwrap();
    clock.advance(Duration::from_secs(2));
    assert_eq!(two.token().await.unwrap().expose(), "token-2");
    assert!(matches!(two.sign_out().await.unwrap(), Revocation::Done));
    assert_eq!(server.asked("/revoke"), 1, "a logout revokes as ever");
}

#[twin::test(flavor = "multi_thread")]
async fn a_renewal_in_flight_does_not_bring_a_forgotten_session_back_and_revokes_nothing() {
    let gate = Gate::default();
    let server = Server::rotating_for_each(3_600, Some(gate.clone()));
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let (one, two) = (source(&server, &store, &clock), source(&server, &store, &clock));
    one.sign_in(code()).await.unwrap();
    clock.advance(HOUR);
    let renewing = one.clone();
    let waiting = spawn(async move { renewing.token().await.map(|token| token.expose().to_owned()) });
    gate.arrived();
    two.forget().await.unwrap();
    gate.open();
    assert_eq!(reason(&join(waiting).await.unwrap_err()), Some(LoginReason::LoggedOut));
    assert_eq!(server.asked("/token"), 2, "the renewal was in flight");
    assert_eq!(server.asked("/revoke"), 0);
    for source in [&one, &two] {
        assert_eq!(reason(&source.token().await.unwrap_err()), Some(LoginReason::LoggedOut));
    }
}

#[twin::test(flavor = "multi_thread")]
async fn without_a_store_a_renewal_in_flight_does_not_bring_a_forgotten_session_back() {
    let gate = Gate::default();
    let server = Server::rotating_for_each(3_600, Some(gate.clone()));
    let clock = Clock::manual(START);
    let source = TokenSource::builder(toy(&server)).clock(&clock).build().unwrap();
    source.sign_in(code()).await.unwrap();
    clock.advance(HOUR);
    let renewing = source.clone();
    let waiting = spawn(async move { renewing.token().await.map(|token| token.expose().to_owned()) });
    gate.arrived();
    source.forget().await.unwrap();
    gate.open();
    assert!(join(waiting).await.is_err());
    assert!(source.try_token().is_err());
    assert!(reason(&source.token().await.unwrap_err()).is_some(), "the user has to sign in");
    assert_eq!((server.asked("/token"), server.asked("/revoke")), (2, 0));
}

#[twin::test(flavor = "multi_thread")]
async fn a_session_that_the_store_does_not_let_go_stays_usable() {
    let (server, store, clock) = (Server::rotating(3_600), Moody::new(), Clock::manual(START));
    let source = source(&server, &store, &clock);
    source.sign_in(code()).await.unwrap();
    store.set(|moods| &moods.refuses_loads, true);
    assert_eq!(source.forget().await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(source.try_token().unwrap().expose(), "token-1");
    store.set(|moods| &moods.refuses_loads, false);
    source.forget().await.unwrap();
    source.close(WITHIN).await.unwrap();
    assert!(source.forget().await.is_err(), "closed");
}
