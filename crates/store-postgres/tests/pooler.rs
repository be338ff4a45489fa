//! Behind PgBouncer in transaction mode all works, and watchers poll; in session mode they are notified.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

mod support;

use core::time::Duration;

use support::{DATABASE, WITHIN, entry, map, name, new_store, server, version};
use wellspring_core::{Version, WatchOutcome};
use wellspring_store::AsyncMap as _;
use wellspring_store_postgres::PostgresStore;
use wellspring_test_servers::PgBouncer;

/// The time in which the store must have found out whether notifications arrive.
const FOUND_OUT: Duration = Duration::from_secs(20);

async fn until_notified(store: &PostgresStore) -> bool {
    let asking = async {
        while !store.is_notified() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(FOUND_OUT, asking).await.is_ok()
}

#[tokio::test]
async fn behind_a_pooler_in_transaction_mode_watchers_poll_and_see_every_change() {
    let server = server();
    let table = map(new_store(&server)).table();
    // One connection to the server for all: each statement may be on the one that another client had.
    let pooler = PgBouncer::start(&server, "transaction", 1);
    let open = || map(PostgresStore::builder(pooler.url(DATABASE)).table(table.trim_matches('"')));
    let [store, other] = [open(), open()];
    assert!(store.swap(&name("a"), None, &entry(1), WITHIN).await.unwrap());
    let watched = name("a");
    let watching = store.watch(&watched, Version::new(1), None, WITHIN);
    let saving = async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert!(!store.is_notified(), "a probe over the pooler has arrived");
        assert!(other.swap(&name("a"), Some(Version::new(1)), &entry(2), WITHIN).await.unwrap());
    };
    let (seen, ()) = tokio::join!(watching, saving);
    assert_eq!(seen.unwrap(), WatchOutcome::Changed);
    // Liveness, and the note of a lock that ended.
    let lock = other.liveness_lock(&name("a"), WITHIN).await.unwrap();
    let live = store.watch(&name("a"), Version::new(2), lock.domain(), Duration::from_millis(300)).await;
    assert_eq!(live.unwrap(), WatchOutcome::Unchanged);
    // Many clients on the one connection.
    for n in 0..40 {
        assert!([&store, &other][n % 2].swap(&name(&n.to_string()), None, &entry(1), WITHIN).await.unwrap());
        assert_eq!(version([&other, &store][n % 2], &name(&n.to_string())).await, Some(1));
    }
}

#[tokio::test]
async fn a_database_that_a_pooler_does_not_have_is_told_with_what_to_correct() {
    let server = server();
    let pooler = PgBouncer::start(&server, "transaction", 1);
    let store = map(PostgresStore::builder(pooler.url("absent")));
    let error = store.load(&name("a"), WITHIN).await.unwrap_err();
    assert!(error.is_refused(), "{error}");
    assert!(
        error.to_string().ends_with("create the database, or correct its name in the store's URL"),
        "{error}"
    );
}

#[tokio::test]
async fn behind_a_pooler_in_session_mode_and_without_one_watchers_are_notified() {
    let server = server();
    let table = map(new_store(&server)).table();
    let pooler = PgBouncer::start(&server, "session", 10);
    for url in [pooler.url(DATABASE), server.url(DATABASE)] {
        let store = map(PostgresStore::builder(&url).table(table.trim_matches('"')));
        assert!(store.watch(&name("a"), Version::new(1), None, WITHIN).await.is_ok());
        assert!(until_notified(&store).await, "{url}");
    }
}
