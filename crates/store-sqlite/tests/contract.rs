//! The store in SQLite satisfies the contract, also between processes.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::any::Any;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use wellspring_core::{Store, TokenKey};
use wellspring_store::KeyName;
use wellspring_store::contract::{self, Fixture, Folder};
use wellspring_store_sqlite::SqliteStore;

struct InDatabase(Folder);

impl InDatabase {
    fn path(&self) -> PathBuf {
        self.0.path().join("tokens.db")
    }
}

impl Fixture for InDatabase {
    fn open(&self) -> Box<dyn Store> {
        Box::new(SqliteStore::open(self.path()).unwrap())
    }

    fn corrupt(&self, key: &TokenKey) {
        let row = (b"not a record", KeyName::of(key).as_str().to_owned());
        let changed = Connection::open(self.path())
            .unwrap()
            .execute("UPDATE record SET record = ?1 WHERE key = ?2", row)
            .unwrap();
        assert_eq!(changed, 1);
    }

    /// Beside a link lie other lock files, unless the store follows it. A database of several names is refused.
    fn open_elsewhere(&self) -> Vec<Box<dyn Store>> {
        let [linked, hard] = ["linked.db", "hard.db"].map(|name| self.0.path().join(name));
        if !linked.exists() {
            std::os::unix::fs::symlink(self.path(), &linked).unwrap();
        }
        fs::hard_link(self.path(), &hard).unwrap();
        assert!(SqliteStore::open(&hard).unwrap_err().is_refused());
        fs::remove_file(&hard).unwrap();
        vec![Box::new(SqliteStore::open(linked).unwrap())]
    }

    fn remove_locks(&self) -> bool {
        fs::remove_dir_all(self.0.path().join("tokens.db.life")).is_ok()
    }

    fn corrupt_spills(&self) -> bool {
        contract::corrupt_files(self.0.path().join("tokens.db.spill"))
    }

    fn refuse_saves(&self) -> Option<Box<dyn Any>> {
        let other = Connection::open(self.path()).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Some(Box::new(other))
    }
}

#[test]
fn the_store_in_sqlite_satisfies_the_contract() {
    contract::check(|| Box::new(InDatabase(Folder::new())));
}

#[test]
fn a_record_of_an_earlier_version_moves_to_its_new_key_once() {
    contract::check_moved_records(|| Box::new(InDatabase(Folder::new())));
}

#[test]
fn the_store_in_sqlite_satisfies_the_contract_between_processes() {
    let fixture = InDatabase(Folder::new());
    contract::check_across_processes(&fixture, &fixture.path(), "child_process");
}

#[test]
fn the_store_in_sqlite_satisfies_the_contract_on_a_full_and_on_a_read_only_disk() {
    contract::check_on_small_disk("child_process");
}

/// Not a test of its own: the child processes of the other tests run it.
#[test]
fn child_process() {
    contract::run_child(|path| Ok(Box::new(SqliteStore::open(path)?)));
}
