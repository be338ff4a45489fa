//! How often the store asks the server, and how soon a watcher sees a save.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

mod support;

use core::time::Duration;

use support::{DATABASE, WITHIN, entry, map, name, new_store, server};
use wellspring_core::{Version, WatchOutcome};
use wellspring_store::AsyncMap as _;
use wellspring_store_postgres::PostgresStore;
use wellspring_test_servers::{PostgresServer, Relay};

/// A store of this server behind a relay that counts.
fn counted(server: &PostgresServer) -> (PostgresStore, Relay) {
    let table = map(new_store(server)).table();
    let relay = Relay::to(server.port());
    let url = server.url(DATABASE).replace(&server.port().to_string(), &relay.port().to_string());
    // The presence is renewed so seldom that no renewal of it counts here.
    let builder = PostgresStore::builder(url).table(table.trim_matches('"'));
    (map(builder.presence_for(Duration::from_secs(3600))), relay)
}

#[tokio::test]
async fn a_load_and_a_swap_are_one_round_trip_each_and_a_lock_is_none() {
    let (server, name) = (server(), name("renewed"));
    let (store, relay) = counted(&server);
    drop(store.liveness_lock(&name, WITHIN).await.unwrap());
    assert_eq!(relay.round_trips(), 1, "the first lock shows the presence");
    let renewal = async |from: Option<u128>| {
        let lock = store.liveness_lock(&name, WITHIN).await.unwrap();
        store.load(&name, WITHIN).await.unwrap();
        let lease = from.map_or(1, |from| from + 1);
        assert!(store.swap(&name, from.map(Version::new), &entry(lease), WITHIN).await.unwrap());
        assert!(store.swap(&name, Some(Version::new(lease)), &entry(lease + 1), WITHIN).await.unwrap());
        drop(lock);
        lease + 1
    };
    let mut last = None;
    for renewals in 1..=5 {
        last = Some(renewal(last).await);
        assert_eq!(relay.round_trips(), 1 + 3 * renewals, "load, lease and outcome");
    }
}

#[tokio::test]
async fn an_idle_watcher_that_is_notified_asks_seldom() {
    // No other test has this name: the tables of one database share the channel.
    let (server, name) = (server(), name("idle"));
    let (store, relay) = counted(&server);
    assert!(store.swap(&name, None, &entry(1), WITHIN).await.unwrap());
    assert!(store.watch(&name, Version::new(9), None, WITHIN).await.is_ok());
    while !store.is_notified() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let before = relay.round_trips();
    let seen = store.watch(&name, Version::new(1), None, Duration::from_secs(3)).await.unwrap();
    assert_eq!(seen, WatchOutcome::Unchanged);
    let asked = relay.round_trips() - before;
    assert!(asked <= 4, "in 3 s a watcher asked {asked} times");
}

/// The smallest of several delays between the end of a save and what a watcher of another process sees: a busy machine
/// makes single ones longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_on_another_connection_sees_a_save_within_30_ms() {
    let server = server();
    let builder = new_store(&server);
    let [saver, watcher] = [map(builder.clone()), map(builder)];
    let name = name("watched");
    assert!(watcher.watch(&name, Version::new(9), None, WITHIN).await.is_ok());
    while !watcher.is_notified() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(saver.swap(&name, None, &entry(1), WITHIN).await.unwrap());
    let mut delays = Vec::new();
    for version in 1..=30_u128 {
        let (watcher, watched) = (watcher.clone(), name.clone());
        let watching = tokio::spawn(async move {
            let seen = watcher.watch(&watched, Version::new(version), None, WITHIN).await.unwrap();
            (seen, tokio::time::Instant::now())
        });
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(saver.swap(&name, Some(Version::new(version)), &entry(version + 1), WITHIN).await.unwrap());
        let saved = tokio::time::Instant::now();
        let (outcome, at) = watching.await.unwrap();
        assert_eq!(outcome, WatchOutcome::Changed);
        delays.push(at.saturating_duration_since(saved));
    }
    delays.sort_unstable();
    println!(
        "from the end of a save to a watcher: {:?} least, {:?} median, {:?} most",
        delays[0], delays[15], delays[29]
    );
    assert!(delays[0] < Duration::from_millis(30), "{delays:?}");
}
