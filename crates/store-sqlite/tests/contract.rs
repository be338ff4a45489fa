//! The store in SQLite keeps the contract, between processes too.

#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

use core::any::Any;
use std::path::PathBuf;

use rusqlite::Connection;
use wellspring_core::{Store, TokenKey};
use wellspring_store::KeyName;
use wellspring_store::contract::{self, Folder, Place};
use wellspring_store_sqlite::SqliteStore;

struct InDatabase(Folder);

impl InDatabase {
    fn path(&self) -> PathBuf {
        self.0.path().join("tokens.db")
    }
}

impl Place for InDatabase {
    fn open(&self) -> Box<dyn Store> {
        Box::new(SqliteStore::open(self.path()).unwrap())
    }

    fn corrupt(&self, key: &TokenKey) {
        let row = (b"no record", KeyName::of(key).as_str().to_owned());
        let changed = Connection::open(self.path())
            .unwrap()
            .execute("UPDATE record SET record = ?1 WHERE key = ?2", row)
            .unwrap();
        assert_eq!(changed, 1);
    }

    fn refuse(&self) -> Option<Box<dyn Any>> {
        let other = Connection::open(self.path()).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Some(Box::new(other))
    }
}

#[test]
fn the_store_in_sqlite_keeps_the_contract() {
    contract::check(|| Box::new(InDatabase(Folder::new())));
}

#[test]
fn it_keeps_it_between_processes() {
    let place = InDatabase(Folder::new());
    contract::across_processes(&place, &place.path(), "a_child_plays_its_part");
}

#[test]
fn it_keeps_it_on_a_disk_that_is_full_or_can_only_be_read() {
    contract::on_a_small_disk("a_child_plays_its_part");
}

#[test]
fn a_child_plays_its_part() {
    contract::play_part(|path| Ok(Box::new(SqliteStore::open(path)?)));
}
