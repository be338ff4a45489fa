//! A sealed store in SQLite satisfies the contract, also between processes, and no file of it shows a token.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::any::Any;
use core::cell::Cell;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use wellspring_core::{Store, Swap, TokenKey};
use wellspring_store::contract::{self, Fixture, Folder, sample};
use wellspring_store::{KeyName, Records, SealingKey, SealingKeys};
use wellspring_store_sqlite::SqliteStore;

const WITHIN: Duration = Duration::from_secs(60);

/// What only a sealed store hides: the access token of `sample::of_length`.
const TOKEN: &str = "tttttttttttttttttttttttttttttt";

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

fn keys(newest: u8, older: u8) -> SealingKeys {
    SealingKeys::new(SealingKey::new(&[newest; 32])).with_older(SealingKey::new(&[older; 32]))
}

fn open(path: &Path, turn: usize) -> Records<SqliteStore> {
    let ring = if turn % 2 == 0 { keys(1, 2) } else { keys(2, 1) };
    SqliteStore::open(path).unwrap().sealed(ring)
}

/// A store whose processes have the same two keys and seal with either of them, as during a rotation.
struct Rotating(Folder, Cell<usize>);

impl Rotating {
    fn new() -> Self {
        Self(Folder::new(), Cell::new(0))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("tokens.db")
    }
}

impl Fixture for Rotating {
    fn open(&self) -> Box<dyn Store> {
        self.1.set(self.1.get() + 1);
        Box::new(open(&self.path(), self.1.get()))
    }

    fn corrupt(&self, key: &TokenKey) {
        let row = (b"not a record", KeyName::of(key).as_str().to_owned());
        let connection = Connection::open(self.path()).unwrap();
        assert_eq!(connection.execute("UPDATE record SET record = ?1 WHERE key = ?2", row).unwrap(), 1);
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
fn a_sealed_store_whose_processes_seal_with_different_keys_satisfies_the_contract() {
    contract::check(|| Box::new(Rotating::new()));
    contract::check_moved_records(|| Box::new(Rotating::new()));
}

#[test]
fn a_sealed_store_satisfies_the_contract_between_processes() {
    let fixture = Rotating::new();
    contract::check_across_processes(&fixture, &fixture.path(), "child_process");
}

#[test]
fn a_sealed_store_satisfies_the_contract_on_a_full_and_on_a_read_only_disk() {
    contract::check_on_small_disk("child_process");
}

/// Not a test of its own: the child processes of the other tests run it.
#[test]
fn child_process() {
    contract::run_child(|path| Ok(Box::new(SqliteStore::open(path)?.sealed(keys(1, 2)))));
}

/// All files below this folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The names of the files that show the token.
fn shows_token(folder: &Path) -> Vec<String> {
    let shows =
        |path: &PathBuf| fs::read(path).unwrap().windows(TOKEN.len()).any(|bytes| bytes == TOKEN.as_bytes());
    let shown = files(folder).into_iter().filter(shows);
    shown.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Saves and spills, and looks at the files before the log goes into the database and after.
fn shown_by(sealed: bool) -> (Vec<String>, Vec<String>) {
    let folder = Folder::new();
    let path = folder.path().join("tokens.db");
    let store = if sealed { open(&path, 0) } else { SqliteStore::open(&path).unwrap() };
    let mut version = None;
    for _ in 0..3 {
        let Swap::Done(next) = store.save(&key(), version, &sample::of_length(30), WITHIN).unwrap() else {
            panic!("a conflict")
        };
        version = Some(next);
    }
    let mut pending_save = sample::pending_save(1);
    pending_save.record = sample::of_length(30);
    store.spill(&key(), &pending_save).unwrap();
    let during = shows_token(folder.path());
    assert!(files(folder.path()).iter().any(|path| path.ends_with("tokens.db-wal")), "the log is there");
    drop(store);
    drop(Connection::open(&path).unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    (during, shows_token(folder.path()))
}

#[test]
fn neither_the_database_nor_its_log_nor_a_spill_shows_a_token() {
    let (during, after) = shown_by(false);
    let shown = |names: &[String], suffix: &str| names.iter().any(|name| name.ends_with(suffix));
    assert!(shown(&during, "-wal") && shown(&during, ".spill"), "without a key they do: {during:?}");
    assert!(shown(&after, "tokens.db"), "without a key the database does: {after:?}");
    assert_eq!(shown_by(true), (Vec::new(), Vec::new()));
}

#[test]
fn a_plain_store_becomes_a_sealed_one() {
    let folder = Folder::new();
    let path = folder.path().join("tokens.db");
    let plain = SqliteStore::open(&path).unwrap();
    for user in ["a", "b"] {
        plain.save(&key().user(user), None, &sample::of_length(30), WITHIN).unwrap();
    }
    let sealed = open(&path, 0);
    let resealed = sealed.reseal(WITHIN).unwrap();
    // The key of the spills too.
    assert_eq!((resealed.records, resealed.unchanged, resealed.problems.len()), (3, 0, 0), "{resealed:?}");
    let loaded = sealed.load(&key().user("a"), WITHIN).unwrap().stored.unwrap();
    assert!(sample::same(&loaded.record, &sample::of_length(30)));
    let error = plain.load(&key().user("a"), WITHIN).unwrap_err();
    assert!(
        error.is_refused() && !error.to_string().contains("DELETE"),
        "a key is missing, nothing is to be removed"
    );
    assert!(
        error.to_string().ends_with("and this store has no sealing key: give the store that key"),
        "{error}"
    );
}
