//! Many users of a pool: renewals take turns, and sessions that no caller uses are kept alive.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use wellspring_core::{ErrorKind, Need, Policy};

use crate::driver::transport::{Builder, Clock, KeepAlive, ManualClock, TokenPool, TokenSource};
use crate::driver::{Gate, Moody, Reply, Server, Toy, code, eventually, join, spawn, twin};

const START: u64 = 1_800_000_000;
const DAY: Duration = Duration::from_secs(86_400);

fn builder(server: &Server, store: &Moody, clock: &ManualClock) -> Builder {
    let template = Toy::at(&server.url).without_credentials();
    TokenSource::builder(template).clock(clock).store(store.clone()).idle(DAY * 100)
}

/// A pool whose user `eve` has another token endpoint.
fn pool(builder: Builder, server: &Server, other: &Server) -> TokenPool {
    let (url, elsewhere) = (server.url.clone(), other.url.clone());
    let for_user = move |user: &str| {
        let endpoint = if user == "eve" { &elsewhere } else { &url };
        Toy::at(endpoint).without_credentials().of_user(user)
    };
    builder.pool(for_user).unwrap()
}

#[twin::test(flavor = "multi_thread")]
async fn renewals_of_one_endpoint_take_turns_and_a_caller_that_waits_for_one_keeps_its_deadline() {
    let gate = Gate::default();
    let server = Server::rotating_for_each(3_600, Some(gate.clone()));
    let other = Server::rotating_for_each(3_600, None);
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let patient = Policy::default().with_deadline(Duration::from_secs(1_000_000_000));
    let settings = builder(&server, &store, &clock).policy(patient).renewals_at_once(1);
    let pool = pool(settings, &server, &other);
    for user in ["ann", "bob", "eve"] {
        pool.source(user).unwrap().sign_in(code()).await.unwrap();
    }
    clock.advance(Duration::from_secs(3_600));
    let source = pool.source("ann").unwrap();
    let ann = spawn(async move { source.token().await.unwrap().expose().to_owned() });
    gate.arrived();
    assert!(pool.source("eve").unwrap().token().await.is_ok(), "another endpoint has turns of its own");
    let (source, ended) = (pool.source("bob").unwrap(), Arc::new(AtomicBool::new(false)));
    let bob = {
        let ended = Arc::clone(&ended);
        spawn(async move {
            let result = source.acquire(Need::Fresh, Duration::from_secs(5)).await;
            ended.store(true, Ordering::SeqCst);
            result.map(drop)
        })
    };
    eventually(|| {
        clock.advance(Duration::from_secs(1));
        ended.load(Ordering::SeqCst)
    })
    .await;
    assert_eq!(join(bob).await.unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(server.asked("/token"), 3, "bob's renewal waits for ann's");
    gate.open();
    join(ann).await;
    eventually(|| server.asked("/token") == 4).await;
}

#[twin::test(flavor = "multi_thread")]
async fn the_timer_starts_no_more_renewals_than_there_are_turns_and_then_the_others() {
    let gate = Gate::default();
    let server = Server::rotating_for_each(3_600, Some(gate.clone()));
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let pool = pool(builder(&server, &store, &clock).renewals_at_once(1), &server, &server);
    let users = ["ann", "bob", "joe"];
    for user in users {
        pool.source(user).unwrap().sign_in(code()).await.unwrap();
    }
    let warm = pool.keep_warm().unwrap();
    eventually(|| clock.waiting() > 0).await;
    clock.advance(Duration::from_secs(3_400));
    gate.arrived();
    assert_eq!(server.asked("/token"), 4);
    gate.open();
    eventually(|| server.asked("/token") == 6).await;
    drop(warm);
}

#[twin::test(flavor = "multi_thread")]
async fn a_refresh_token_that_no_process_has_used_for_long_is_renewed_once_by_all_processes_together() {
    let (server, store, clock) = (Server::rotating_for_each(3_600, None), Moody::new(), Clock::manual(START));
    let [here, there] = [(); 2].map(|()| pool(builder(&server, &store, &clock), &server, &server));
    let all = ["ann", "bob", "joe"];
    here.source("ann").unwrap().sign_in(code()).await.unwrap();
    clock.advance(DAY * 15);
    here.source("bob").unwrap().sign_in(code()).await.unwrap();
    clock.advance(DAY * 6);
    let keep_alive = KeepAlive::unused_for(DAY * 20);
    let other = spawn(async move { there.keep_alive(all, keep_alive).await.unwrap() });
    let report = here.keep_alive(all, keep_alive).await;
    let (first, second) = (report.unwrap(), join(other).await);
    assert_eq!(server.asked("/token"), 3, "two sign-ins and one refresh");
    for report in [&first, &second] {
        assert_eq!((report.in_use + report.renewed, report.without_session, report.failed), (2, 1, 0));
    }
    assert!(first.renewed + second.renewed >= 1);
    assert_eq!(here.len(), 2, "joe is not taken into the pool");
}

#[twin::test(flavor = "multi_thread")]
async fn an_unused_refresh_token_is_renewed_also_where_the_access_token_would_still_do() {
    // No lifetime is known of these access tokens, so no caller ever has one renewed.
    let server = Server::start(|_, n| {
        Reply::with(200, "", &format!(r#"{{"access_token":"token-{n}","refresh_token":"refresh-{n}"}}"#))
    });
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let [here, there] = [(); 2].map(|()| pool(builder(&server, &store, &clock), &server, &server));
    here.source("ann").unwrap().sign_in(code()).await.unwrap();
    // First the process that holds the token, then one that holds none, then one that holds an older token.
    for (process, requests) in [(&here, 2), (&there, 3), (&here, 4)] {
        clock.advance(DAY * 21);
        for (renewed, in_use) in [(1, 0), (0, 1)] {
            let report = process.keep_alive(["ann"], KeepAlive::unused_for(DAY * 20)).await.unwrap();
            assert_eq!((report.renewed, report.in_use, report.failed), (renewed, in_use, 0));
            assert_eq!(server.asked("/token"), requests);
        }
    }
    // A token that is as good as new is renewed where the program says so, and once.
    clock.advance(Duration::from_secs(10));
    here.source("ann").unwrap().keep_alive(KeepAlive::unused_for(Duration::ZERO)).await.unwrap();
    assert_eq!(server.asked("/token"), 5);
}

#[twin::test(flavor = "multi_thread")]
async fn sessions_are_kept_alive_so_many_a_minute_and_a_user_without_one_costs_no_time() {
    let (server, store, clock) = (Server::rotating_for_each(3_600, None), Moody::new(), Clock::manual(START));
    let pool = pool(builder(&server, &store, &clock), &server, &server);
    for user in ["ann", "bob", "joe"] {
        pool.source(user).unwrap().sign_in(code()).await.unwrap();
    }
    clock.advance(DAY * 21);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let began = clock.now().instant;
    let round = {
        let (pool, asked, clock) = (pool.clone(), Arc::clone(&asked), clock.clone());
        let note = move |_: &&str| asked.lock().unwrap().push(clock.now().instant.since(began));
        let users = ["ann", "bob", "eve", "joe"].into_iter().inspect(note);
        let keep_alive = KeepAlive::unused_for(DAY * 20).per_minute(2);
        spawn(async move { pool.keep_alive(users, keep_alive).await.unwrap() })
    };
    for (user, seconds) in [(2, 29), (2, 1), (4, 30)] {
        eventually(|| asked.lock().unwrap().len() >= user).await;
        clock.advance(Duration::from_secs(seconds));
    }
    let report = join(round).await;
    assert_eq!((report.renewed, report.without_session, report.failed), (3, 1, 0));
    let seconds: Vec<u64> = asked.lock().unwrap().iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [0, 0, 30, 30]);
}
