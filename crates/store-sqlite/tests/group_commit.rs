//! Concurrent saves are committed together. Each saver gets its own outcome and keeps its own deadline.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;
use wellspring_core::{Applied, Store as _, Swap, TokenKey};
use wellspring_store::contract::{Folder, sample};
use wellspring_store::{Deadline, Records};
use wellspring_store_sqlite::SqliteStore;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

struct Database {
    folder: Folder,
    store: Records<SqliteStore>,
}

impl Database {
    fn new() -> Self {
        let folder = Folder::new();
        let store = SqliteStore::open(folder.path().join("tokens.db")).unwrap();
        Self { folder, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tokens.db")
    }

    /// The connection of another program that holds the write lock.
    fn lock_by_another_program(&self) -> Connection {
        let other = Connection::open(self.path()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }

    fn has_record(&self, n: usize) -> bool {
        self.store.load(&key(n), LONG).unwrap().stored.is_some()
    }
}

fn key(n: usize) -> TokenKey {
    TokenKey::new("p", &format!("e{n}"))
}

#[test]
fn many_concurrent_saves_need_only_a_few_flushes() {
    const SAVES: usize = 200;
    let database = Database::new();
    let other = database.lock_by_another_program();
    let deadline = Deadline::after(LONG / 2);
    let log_length = || fs::metadata(database.folder.path().join("tokens.db-wal")).unwrap().len();
    let before = log_length();
    thread::scope(|scope| {
        let saves: Vec<_> = (0..SAVES)
            .map(|n| {
                let store = &database.store;
                scope.spawn(move || store.save(&key(n), None, &sample::of_length(50), LONG).unwrap())
            })
            .collect();
        // By now, or very soon, all saves but the first are queued behind the first.
        assert!(Deadline::after(SHORT).sleep(SHORT));
        other.execute_batch("COMMIT").unwrap();
        for save in saves {
            assert!(matches!(save.join().unwrap(), Swap::Done(_)));
        }
    });
    assert!(!deadline.left().is_zero());
    // A transaction writes each changed page of 4 KiB once. Separate transactions would write at least 200 pages.
    let pages = (log_length() - before) / 4_096;
    assert!(pages < 100, "{pages} pages");
    for n in 0..SAVES {
        assert!(database.has_record(n));
    }
}

#[test]
fn of_several_saves_of_one_key_in_a_group_only_the_first_succeeds() {
    let database = Database::new();
    let other = database.lock_by_another_program();
    let outcomes = thread::scope(|scope| {
        let saves: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| database.store.save(&key(0), None, &sample::of_length(50), LONG).unwrap())
            })
            .collect();
        assert!(Deadline::after(SHORT).sleep(SHORT));
        other.execute_batch("COMMIT").unwrap();
        saves.into_iter().map(|save| save.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Swap::Done(_))).count(), 1);
}

#[test]
fn a_save_that_gives_up_in_the_queue_is_not_applied() {
    let database = Database::new();
    let other = database.lock_by_another_program();
    thread::scope(|scope| {
        let (store, started) = (&database.store, mpsc::channel());
        let leader = scope.spawn(move || {
            started.0.send(()).unwrap();
            store.save(&key(1), None, &sample::of_length(50), LONG)
        });
        started.1.recv().unwrap();
        assert!(Deadline::after(SHORT).sleep(SHORT));
        let error = database.store.save(&key(2), None, &sample::of_length(50), SHORT).unwrap_err();
        assert_eq!(error.applied(), Applied::No, "{error}");
        assert!(error.to_string().contains("was busy with other saves for longer than"), "{error}");
        other.execute_batch("COMMIT").unwrap();
        assert!(matches!(leader.join().unwrap(), Ok(Swap::Done(_))));
    });
    assert!(database.has_record(1) && !database.has_record(2));
}

#[test]
fn a_leader_that_gives_up_fails_no_other_save() {
    let database = Database::new();
    let other = database.lock_by_another_program();
    thread::scope(|scope| {
        let leader = scope.spawn(|| database.store.save(&key(1), None, &sample::of_length(50), 4 * SHORT));
        assert!(Deadline::after(SHORT).sleep(SHORT));
        let follower = scope.spawn(|| database.store.save(&key(2), None, &sample::of_length(50), LONG));
        let error = leader.join().unwrap().unwrap_err();
        assert_eq!(error.applied(), Applied::No, "{error}");
        assert!(error.to_string().contains("was locked by another process or thread"), "{error}");
        other.execute_batch("COMMIT").unwrap();
        assert!(matches!(follower.join().unwrap(), Ok(Swap::Done(_))));
    });
    assert!(!database.has_record(1) && database.has_record(2));
}

#[test]
fn loads_wait_for_no_save_and_share_a_few_connections() {
    let database = Database::new();
    database.store.save(&key(1), None, &sample::of_length(50), LONG).unwrap();
    let _other = database.lock_by_another_program();
    thread::scope(|scope| {
        let saves: Vec<_> = (2..6)
            .map(|n| {
                let store = &database.store;
                scope.spawn(move || store.save(&key(n), None, &sample::of_length(50), 4 * SHORT).unwrap_err())
            })
            .collect();
        let loads: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..20 {
                        assert!(database.has_record(1));
                    }
                })
            })
            .collect();
        for load in loads {
            load.join().unwrap();
        }
        // The pool, the leader and the other program open the database file, each connection once.
        let open_files =
            fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
        let name = database.path().file_name().unwrap().to_owned();
        let ours = open_files
            .filter(|path| path.starts_with(database.folder.path()) && path.file_name() == Some(&name))
            .count();
        assert!((1..=6).contains(&ours), "{ours}");
        for save in saves {
            save.join().unwrap();
        }
    });
}
