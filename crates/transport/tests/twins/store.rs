//! Sources that share a store: one exchange for all of them, no token lost, and an error when the store fails.

use core::time::Duration;

use wellspring_core::{
    AccessToken, ErrorKind, Generation, LoginReason, Need, Policy, Replay, Revocation, SharedBy,
    TokenResponse,
};
use wellspring_store::MemoryStore;

use crate::driver::transport::{Clock, ManualClock, TokenSource};
use crate::driver::{Gate, Moody, Server, Toy, code, eventually, join, spawn, twin, with_store};

const START: u64 = 1_800_000_000;

/// A store that refuses is tried for a second only.
fn hasty() -> Policy {
    let mut policy = Policy::default();
    policy.store_deadline = Duration::from_secs(1);
    policy
}

fn source(server: &Server, store: &Moody, clock: &ManualClock) -> TokenSource {
    let toy = Toy::at(&server.url).without_credentials().replaying(Replay::Never);
    with_store(TokenSource::builder(toy), store).clock(clock).build().unwrap()
}

fn hasty_source(server: &Server, store: &Moody) -> TokenSource {
    let toy = Toy::at(&server.url).without_credentials().replaying(Replay::Never);
    with_store(TokenSource::builder(toy), store).policy(hasty()).build().unwrap()
}

fn reason(kind: ErrorKind) -> Option<LoginReason> {
    match kind {
        ErrorKind::LoginRequired { reason } => Some(reason),
        _ => None,
    }
}

#[twin::test(flavor = "multi_thread")]
async fn a_session_that_one_source_signs_in_to_is_used_and_renewed_by_another() {
    let (server, store, clock) = (Server::rotating(3_600), Moody::new(), Clock::manual(START));
    let (one, two) = (source(&server, &store, &clock), source(&server, &store, &clock));
    assert_eq!(reason(two.token().await.unwrap_err().kind()), Some(LoginReason::NotSignedIn));
    assert_eq!(one.sign_in(code()).await.unwrap().expose(), "token-1");
    clock.advance(Duration::from_secs(2));
    assert_eq!(two.token().await.unwrap().expose(), "token-1");
    assert_eq!(server.asked("/token"), 1);
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(two.token().await.unwrap().expose(), "token-2");
    assert_eq!(one.token().await.unwrap().expose(), "token-2", "taken from the store, not requested");
    assert_eq!(server.asked("/token"), 2);
    assert_eq!(store.saves(), 3, "the sign-in, the lease and what it brought");
}

#[twin::test(flavor = "multi_thread")]
async fn two_sources_that_need_a_token_at_once_spend_one_refresh_token() {
    let gate = Gate::default();
    let server = Server::rotating_for_each(3_600, Some(gate.clone()));
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let (one, two) = (source(&server, &store, &clock), source(&server, &store, &clock));
    one.sign_in(code()).await.unwrap();
    clock.advance(Duration::from_secs(3_600));
    let waiting =
        [one, two].map(|source| spawn(async move { source.token().await.unwrap().expose().to_owned() }));
    gate.arrived();
    gate.open();
    for token in waiting {
        assert_eq!(join(token).await, "token-2");
    }
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test(flavor = "multi_thread")]
async fn a_logout_ends_the_session_of_every_source_and_a_sign_in_brings_every_source_back() {
    let (server, store, clock) = (Server::rotating(3_600), Moody::new(), Clock::manual(START));
    let (one, two) = (source(&server, &store, &clock), source(&server, &store, &clock));
    one.sign_in(code()).await.unwrap();
    assert_eq!(two.token().await.unwrap().expose(), "token-1");
    assert!(matches!(one.sign_out().await.unwrap(), Revocation::NotOffered));
    for source in [&one, &two] {
        clock.advance(Duration::from_secs(3_600));
        assert_eq!(reason(source.token().await.unwrap_err().kind()), Some(LoginReason::LoggedOut));
    }
    two.sign_in(code()).await.unwrap();
    clock.advance(Duration::from_secs(2));
    assert_eq!(two.token().await.unwrap().expose(), "token-2");
}

#[twin::test(flavor = "multi_thread")]
async fn a_token_that_the_store_refuses_is_spilled_and_handed_out_and_saved_later() {
    let (server, store) = (Server::rotating(0), Moody::new());
    let source = hasty_source(&server, &store);
    source.sign_in(code()).await.unwrap();
    store.set(|moods| &moods.refuses_tokens, true);
    assert_eq!(source.token().await.unwrap().expose(), "token-2");
    assert_eq!(store.spilled(), 1);
    store.set(|moods| &moods.refuses_tokens, false);
    eventually(|| store.spilled() == 0).await;
    let other = hasty_source(&server, &store);
    assert_eq!(other.token().await.unwrap().expose(), "token-3", "the spilled refresh token is spent next");
}

#[twin::test(flavor = "multi_thread")]
async fn a_token_that_neither_store_nor_spill_takes_is_neither_handed_out_nor_spent_until_it_is_saved() {
    let (server, store) = (Server::rotating(3_600), Moody::new());
    let source = hasty_source(&server, &store);
    store.set(|moods| &moods.refuses_tokens, true);
    store.set(|moods| &moods.refuses_spills, true);
    let error = source.sign_in(code()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    assert_eq!(source.token().await.unwrap_err().kind(), ErrorKind::Store);
    // A caller that can wait gets the token once it is saved.
    let patient = source.clone();
    let waiting =
        spawn(async move { patient.acquire(Need::Fresh, Duration::from_secs(20)).await.map(|_| ()) });
    store.set(|moods| &moods.refuses_tokens, false);
    join(waiting).await.unwrap();
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn a_store_that_refuses_is_told_at_once_and_keeps_the_token_in_force_usable() {
    let (server, store, clock) = (Server::rotating(3_600), Moody::new(), Clock::manual(START));
    let (holding, other) = (source(&server, &store, &clock), source(&server, &store, &clock));
    holding.sign_in(code()).await.unwrap();
    store.set(|moods| &moods.refuses_loads, true);
    let before = store.loads();
    let error = other.acquire(Need::Fresh, Duration::from_secs(3_600)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Store, false), "{error}");
    assert!(error.to_string().contains("this user may not read the store"), "{error}");
    assert_eq!(store.loads() - before, 1, "a retry is of no use");
    // The token is due, and in force.
    clock.advance(Duration::from_secs(3_500));
    assert_eq!(holding.token().await.unwrap().expose(), "token-1");
    store.set(|moods| &moods.refuses_loads, false);
    clock.advance(Duration::from_secs(200));
    assert_eq!(other.token().await.unwrap().expose(), "token-2", "corrected");
}

fn needs() -> [Need; 3] {
    [Need::Fresh, Need::ValidFor(Duration::from_secs(60)), Need::Newer(Generation::default())]
}

#[twin::test(flavor = "multi_thread")]
async fn a_store_that_refuses_is_told_at_once_for_every_need() {
    let (server, clock) = (Server::rotating(3_600), Clock::manual(START));
    for need in needs() {
        for reads in [true, false] {
            let store = Moody::new();
            source(&server, &store, &clock).sign_in(code()).await.unwrap();
            clock.advance(Duration::from_secs(3_600));
            store.set(|moods| &moods.refuses_loads, !reads);
            store.set(|moods| &moods.refuses_leases, reads);
            let source = source(&server, &store, &clock);
            for _ in 0..2 {
                let error = source.acquire(need, Duration::from_secs(3_600)).await.unwrap_err();
                assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Store, false), "{error}");
                assert!(error.to_string().contains("this user may not"), "{error}");
            }
        }
    }
}

#[twin::test(flavor = "multi_thread")]
async fn a_caller_whose_time_ends_beside_a_store_that_fails_is_told_why_it_fails() {
    let (server, clock) = (Server::rotating(3_600), Clock::manual(START));
    for need in needs() {
        let store = Moody::new();
        store.set(|moods| &moods.fails_loads, true);
        let source = source(&server, &store, &clock);
        let waiting = spawn({
            let source = source.clone();
            async move { source.acquire(need, Duration::from_secs(3_600)).await.map(|_| ()) }
        });
        // The second load comes after the error of the first. On a busy machine the clock may go far meanwhile, but not to
        // the end of the caller's time.
        eventually(|| {
            clock.advance(Duration::from_millis(1));
            store.loads() > 1
        })
        .await;
        clock.advance(Duration::from_secs(3_600));
        let error = join(waiting).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert!(error.to_string().contains("/var/lib/s: the disk has an error"), "{error}");
    }
}

#[twin::test(flavor = "multi_thread")]
async fn a_token_that_is_spilled_while_another_source_waits_is_found_by_it() {
    let gate = Gate::default();
    let (server, store) = (Server::rotating_for_each(3_600, Some(gate.clone())), Moody::new());
    let (owner, waiting) = (hasty_source(&server, &store), hasty_source(&server, &store));
    let refused = owner.sign_in(code()).await.unwrap().generation();
    assert_eq!(waiting.token().await.unwrap().generation(), refused);
    let [renewing, waiter] = [owner, waiting].map(|source| {
        spawn(async move {
            let another = source.acquire(Need::Newer(refused), Duration::from_secs(25)).await;
            another.unwrap().expose().to_owned()
        })
    });
    gate.arrived();
    store.set(|moods| &moods.refuses_tokens, true);
    gate.open();
    // The owner keeps its liveness lock, and the store still refuses its save: no version changes.
    assert_eq!(join(renewing).await, "token-2");
    assert_eq!(join(waiter).await, "token-2");
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test]
async fn a_single_use_grant_is_refused_on_a_store_that_reaches_fewer_processes() {
    let toy = || Toy::at("http://127.0.0.1:9").without_credentials();
    let narrow = TokenSource::builder(toy()).store(MemoryStore::open()).shared_by(SharedBy::Host);
    let error = narrow.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("is single-use"), "{error}");
    assert!(
        TokenSource::builder(toy()).shared_by(SharedBy::Host).build().is_err(),
        "without a store no other process shares the token"
    );
    assert!(TokenSource::builder(toy()).store(MemoryStore::open()).build().is_ok());
    let repeatable = Toy::at("http://127.0.0.1:9");
    assert!(TokenSource::builder(repeatable).shared_by(SharedBy::Fleet).build().is_ok());
}

#[twin::test]
async fn a_token_that_the_program_obtained_itself_is_not_adopted_beside_a_store() {
    let (server, store) = (Server::rotating(3_600), Moody::new());
    let source = hasty_source(&server, &store);
    let error = source.adopt(TokenResponse::new(AccessToken::new("theirs"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}
