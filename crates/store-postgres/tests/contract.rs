//! The store in Postgres satisfies the contract, plain and sealed, also between processes and behind a pooler.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

mod support;

use core::any::Any;
use core::cell::Cell;
use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use support::{DATABASE, create, new_table, server};
use wellspring_core::{Store, TokenKey};
use wellspring_store::contract::{self, Fixture, Folder};
use wellspring_store::{KeyName, OnRuntime, SealingKey, SealingKeys};
use wellspring_store_postgres::{PostgresStore, PostgresStoreBuilder};
use wellspring_test_servers::{PgBouncer, PostgresServer};

/// Short, so that the clause of a killed process takes no longer.
const PRESENCE: Duration = Duration::from_secs(3);

/// A table of a server, whose processes seal with either of two keys, as during a rotation, if they seal.
struct InTable {
    server: Arc<PostgresServer>,
    url: String,
    table: String,
    spills: Folder,
    sealed: bool,
    turn: Cell<u8>,
}

impl InTable {
    fn new(sealed: bool) -> Self {
        let server = server();
        Self::at(server.url(DATABASE), server, sealed)
    }

    fn at(url: String, server: Arc<PostgresServer>, sealed: bool) -> Self {
        let (table, turn) = (new_table(), Cell::new(0));
        create(&server, &PostgresStore::builder(&url).table(&table));
        Self { server, url, table, spills: Folder::new(), sealed, turn }
    }

    /// What a child process needs to open the store.
    fn location(&self) -> String {
        let sealed = if self.sealed { "sealed" } else { "plain" };
        format!("{} {} {sealed} {}", self.url, self.table, self.spills.path().display())
    }
}

/// Opens the store at this location, which seals with the first or the second key.
fn open(location: &str, turn: u8) -> Box<dyn Store> {
    let parts: Vec<&str> = location.splitn(4, ' ').collect();
    let [url, table, sealed, spills] = parts[..] else { panic!("{location}") };
    let builder: PostgresStoreBuilder = PostgresStore::builder(url).table(table).presence_for(PRESENCE);
    let key = |n: u8| SealingKey::new(&[1 + (turn + n) % 2; 32]);
    let store = match sealed {
        "sealed" => builder.sealed(SealingKeys::new(key(0)).with_older(key(1))),
        _ => builder.unsealed(),
    };
    Box::new(OnRuntime::new(store.unwrap().with_spills(spills)).unwrap())
}

impl Fixture for InTable {
    fn open(&self) -> Box<dyn Store> {
        self.turn.set(self.turn.get().wrapping_add(1));
        open(&self.location(), self.turn.get() % 2)
    }

    fn corrupt(&self, key: &TokenKey) {
        let name = KeyName::of(key);
        let update = format!("UPDATE \"{}\" SET value = 'not a record' WHERE name = '{name}'", self.table);
        self.server.sql(DATABASE, &update);
    }

    fn corrupt_spills(&self) -> bool {
        contract::corrupt_files(self.spills.path())
    }

    fn refuse_saves(&self) -> Option<Box<dyn Any>> {
        Some(Box::new(Refusing::new(&self.server, &self.table)))
    }

    fn presence(&self) -> Duration {
        PRESENCE
    }
}

/// A table that refuses every change until this is dropped.
struct Refusing(Arc<PostgresServer>, String);

impl Refusing {
    fn new(server: &Arc<PostgresServer>, table: &str) -> Self {
        // The function is this table's own: other tests use the same database at once.
        server.sql(
            DATABASE,
            &format!(
                "CREATE OR REPLACE FUNCTION \"refuse_{table}\"() RETURNS trigger LANGUAGE plpgsql \
                 AS $$ BEGIN RAISE 'no' USING ERRCODE = '53100'; END $$; \
                 CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE ON \"{table}\" \
                 EXECUTE FUNCTION \"refuse_{table}\"()"
            ),
        );
        Self(Arc::clone(server), table.to_owned())
    }
}

impl Drop for Refusing {
    fn drop(&mut self) {
        self.0.sql(DATABASE, &format!("DROP TRIGGER IF EXISTS refuse ON \"{}\"", self.1));
    }
}

#[test]
fn the_store_in_postgres_satisfies_the_contract() {
    contract::check(|| Box::new(InTable::new(false)));
    contract::check_moved_records(|| Box::new(InTable::new(false)));
}

#[test]
fn a_sealed_store_whose_processes_seal_with_different_keys_satisfies_the_contract() {
    contract::check(|| Box::new(InTable::new(true)));
    contract::check_moved_records(|| Box::new(InTable::new(true)));
}

#[test]
fn behind_a_pooler_in_transaction_mode_the_store_satisfies_the_contract() {
    let server = server();
    let pooler = PgBouncer::start(&server, "transaction", 4);
    // A watcher that polls looks at least once a second.
    contract::check(|| Box::new(Polling(InTable::at(pooler.url(DATABASE), Arc::clone(&server), true))));
}

/// The same, whose watchers poll.
struct Polling(InTable);

impl Fixture for Polling {
    fn open(&self) -> Box<dyn Store> {
        self.0.open()
    }

    fn corrupt(&self, key: &TokenKey) {
        self.0.corrupt(key);
    }

    fn corrupt_spills(&self) -> bool {
        self.0.corrupt_spills()
    }

    fn refuse_saves(&self) -> Option<Box<dyn Any>> {
        self.0.refuse_saves()
    }

    fn presence(&self) -> Duration {
        self.0.presence()
    }

    fn notice(&self) -> Duration {
        Duration::from_secs(1)
    }
}

#[test]
fn the_store_in_postgres_satisfies_the_contract_between_processes() {
    for sealed in [false, true] {
        let fixture = InTable::new(sealed);
        contract::check_across_processes(&fixture, Path::new(&fixture.location()), "child_process");
    }
}

/// Not a test of its own: the child processes of the other tests run it.
#[test]
fn child_process() {
    contract::run_child(|location| Ok(open(location.to_str().unwrap(), 0)));
}
