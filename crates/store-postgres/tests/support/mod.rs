//! A Postgres that the tests of one file share, and tables of their own in it.
#![allow(dead_code, reason = "each file of tests needs a part of it")]

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wellspring_core::{TokenKey, Version};
use wellspring_store::{AsyncMap, Entry, KeyName, Records};
use wellspring_store_postgres::{PostgresStore, PostgresStoreBuilder};
use wellspring_test_servers::PostgresServer;

/// Deadline of an operation that nothing blocks.
pub(crate) const WITHIN: Duration = Duration::from_secs(30);

/// The database that every server of these tests has from the beginning.
pub(crate) const DATABASE: &str = "postgres";

/// A server for all tests of the file that run at the same time. It ends with the last of them.
pub(crate) fn server() -> Arc<PostgresServer> {
    static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(PostgresServer::start());
        *shared = Arc::downgrade(&server);
        server
    })
}

/// A name that no other table of this process has.
pub(crate) fn new_table() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    format!("Tokens_{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// Settings of a store in a new table, which is made.
pub(crate) fn new_store(server: &PostgresServer) -> PostgresStoreBuilder {
    let table = new_table();
    let builder = PostgresStore::builder(server.url(DATABASE)).table(&table);
    create(server, &builder);
    builder
}

/// Makes the table of these settings, as a person does.
pub(crate) fn create(server: &PostgresServer, builder: &PostgresStoreBuilder) {
    server.sql(DATABASE, &map(builder.clone()).create_table());
}

pub(crate) fn map(builder: PostgresStoreBuilder) -> PostgresStore {
    let records: Records<PostgresStore> = builder.unsealed().unwrap();
    records.map().clone()
}

pub(crate) fn name(user: &str) -> KeyName {
    KeyName::of(&TokenKey::new("p", "e").user(user))
}

pub(crate) fn entry(version: u128) -> Entry {
    Entry { version: Version::new(version), bytes: b"value".to_vec().into() }
}

/// The version that the store holds.
pub(crate) async fn version(store: &PostgresStore, name: &KeyName) -> Option<u128> {
    store.load(name, WITHIN).await.unwrap().map(|entry| entry.version.value())
}
