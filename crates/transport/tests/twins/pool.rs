//! Many users' sources: one exchange each, none mixed up, none dropped while it is needed, and all restored from the store.

use core::time::Duration;

use wellspring_core::ErrorKind;

use crate::driver::transport::{Builder, Clock, ManualClock, TokenPool, TokenSource};
use crate::driver::{Gate, Moody, Server, Toy, code, eventually, join, spawn, twin};

const START: u64 = 1_800_000_000;
/// Less than an exchange may take.
const IDLE: Duration = Duration::from_secs(10);

fn builder(server: &Server, clock: &ManualClock) -> Builder {
    let template = Toy::at(&server.url).without_credentials();
    TokenSource::builder(template).clock(clock).idle(IDLE)
}

fn pool(server: &Server, store: &Moody, clock: &ManualClock) -> TokenPool {
    let url = server.url.clone();
    let for_user = move |user: &str| Toy::at(&url).without_credentials().of_user(user);
    builder(server, clock).store(store.clone()).pool(for_user).unwrap()
}

#[twin::test(flavor = "multi_thread")]
async fn each_user_has_a_token_of_their_own_and_one_exchange_however_many_ask() {
    let (server, store, clock) = (Server::rotating_for_each(3_600, None), Moody::new(), Clock::manual(START));
    let pool = pool(&server, &store, &clock);
    for user in ["ann", "bob"] {
        pool.source(user).unwrap().sign_in(code()).await.unwrap();
    }
    clock.advance(Duration::from_secs(3_600));
    let crowd: Vec<_> = (0..40)
        .map(|n| {
            let source = pool.source(["ann", "bob"][n % 2]).unwrap();
            spawn(async move { source.token().await.unwrap().expose().to_owned() })
        })
        .collect();
    let mut tokens = Vec::new();
    for caller in crowd {
        tokens.push(join(caller).await);
    }
    assert!(tokens.iter().step_by(2).all(|token| *token == tokens[0]));
    assert!(tokens.iter().skip(1).step_by(2).all(|token| *token == tokens[1]));
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!((server.asked("/token"), pool.len()), (4, 2));
}

#[twin::test(flavor = "multi_thread")]
async fn an_idle_user_is_dropped_and_comes_back_from_the_store_without_an_exchange() {
    let (server, store, clock) =
        (Server::rotating_for_each(1_000_000_000, None), Moody::new(), Clock::manual(START));
    let pool = pool(&server, &store, &clock);
    let token = pool.source("ann").unwrap().sign_in(code()).await.unwrap();
    let held = pool.source("bob").unwrap();
    clock.advance(IDLE);
    // The renewal of the sign-in may hold ann's source a moment longer than its caller waits.
    eventually(|| {
        clock.advance(IDLE / 4);
        drop(pool.source("eve").unwrap());
        pool.len() == 2
    })
    .await;
    assert_eq!(pool.source("ann").unwrap().token().await.unwrap().expose(), token.expose());
    assert_eq!((server.asked("/token"), pool.len()), (1, 3));
    drop(held);
}

#[twin::test(flavor = "multi_thread")]
async fn no_user_is_dropped_while_their_token_is_renewed() {
    let gate = Gate::default();
    let server = Server::rotating_for_each(3_600, Some(gate.clone()));
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let pool = pool(&server, &store, &clock);
    pool.source("ann").unwrap().sign_in(code()).await.unwrap();
    clock.advance(Duration::from_secs(3_400));
    let _ = pool.source("ann").unwrap().try_token().unwrap().expose();
    gate.arrived();
    clock.advance(IDLE * 2);
    drop(pool.source("bob").unwrap());
    assert_eq!(pool.len(), 2, "ann is not dropped");
    gate.open();
    eventually(|| pool.source("ann").unwrap().try_token().is_ok_and(|token| token.expose() == "token-2"))
        .await;
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test(flavor = "multi_thread")]
async fn one_background_renews_for_all_users_except_those_without_a_token() {
    let (server, store, clock) = (Server::rotating_for_each(3_600, None), Moody::new(), Clock::manual(START));
    let pool = pool(&server, &store, &clock);
    let sources = ["ann", "bob", "eve"].map(|user| pool.source(user).unwrap());
    for source in &sources[..2] {
        source.sign_in(code()).await.unwrap();
    }
    let warm = pool.keep_warm().unwrap();
    eventually(|| clock.waiting() > 0).await;
    clock.advance(Duration::from_secs(3_400));
    eventually(|| server.asked("/token") == 4).await;
    assert!(sources[2].try_token().is_err());
    drop(warm);
}

#[twin::test(flavor = "multi_thread")]
async fn a_closed_pool_lets_no_new_user_in_and_renews_nothing() {
    let (server, store, clock) = (Server::rotating_for_each(3_600, None), Moody::new(), Clock::manual(START));
    let pool = pool(&server, &store, &clock);
    let source = pool.source("ann").unwrap();
    source.sign_in(code()).await.unwrap();
    pool.close(Duration::from_secs(30)).await.unwrap();
    assert!(pool.source("bob").is_err());
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    clock.advance(Duration::from_secs(3_600));
    assert!(source.token().await.is_err());
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test]
async fn a_pool_whose_users_would_share_one_key_is_refused_and_a_pool_that_drops_users_at_once_does_not_spin()
{
    let (server, store, clock) = (Server::rotating_for_each(3_600, None), Moody::new(), Clock::manual(START));
    let url = server.url.clone();
    let template = move |_: &str| Toy::at(&url).without_credentials();
    let shared = builder(&server, &clock).store(store.clone()).pool(template).unwrap();
    assert_eq!(shared.source("ann").unwrap_err().kind(), ErrorKind::Misconfigured);
    let url = server.url.clone();
    let for_user = move |user: &str| Toy::at(&url).without_credentials().of_user(user);
    let pool = builder(&server, &clock).store(store).idle(Duration::ZERO).pool(for_user).unwrap();
    let warm = pool.keep_warm().unwrap();
    eventually(|| clock.waiting() > 0).await;
    drop(warm);
}

#[twin::test]
async fn a_pool_without_a_store_is_refused() {
    let server = Server::granting();
    let url = server.url.clone();
    let refused = builder(&server, &Clock::manual(START)).pool(move |_| Toy::at(&url));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Misconfigured);
}
