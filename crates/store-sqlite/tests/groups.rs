//! Saves that come at once: written together, each told what became of its own, and nobody's deadline is another's.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

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

struct Place {
    folder: Folder,
    store: Records<SqliteStore>,
}

impl Place {
    fn new() -> Self {
        let folder = Folder::new();
        let store = SqliteStore::open(folder.path().join("tokens.db")).unwrap();
        Self { folder, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tokens.db")
    }

    /// Another program that holds the lock on the database.
    fn held_by_another(&self) -> Connection {
        let other = Connection::open(self.path()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }

    fn is_there(&self, n: usize) -> bool {
        self.store.load(&key(n), LONG).unwrap().stored.is_some()
    }
}

fn key(n: usize) -> TokenKey {
    TokenKey::new("p", &format!("e{n}"))
}

#[test]
fn a_crowd_of_saves_is_a_few_flushes_and_not_one_each() {
    const CROWD: usize = 200;
    let place = Place::new();
    let other = place.held_by_another();
    let nobody_is_forgotten = Deadline::after(LONG / 2);
    let log = || fs::metadata(place.folder.path().join("tokens.db-wal")).unwrap().len();
    let before = log();
    thread::scope(|scope| {
        let saves: Vec<_> = (0..CROWD)
            .map(|n| {
                let store = &place.store;
                scope.spawn(move || store.save(&key(n), None, &sample::of_length(50), LONG).unwrap())
            })
            .collect();
        // All but the first stand behind it by now, or very soon.
        assert!(Deadline::after(SHORT).nap(SHORT));
        other.execute_batch("COMMIT").unwrap();
        for save in saves {
            assert!(matches!(save.join().unwrap(), Swap::Done(_)));
        }
    });
    assert!(!nobody_is_forgotten.left().is_zero());
    // A transaction writes each page that it changes once, of 4 KiB and a head: each by itself would be 200 at least.
    let pages = (log() - before) / 4_096;
    assert!(pages < 100, "{pages} pages");
    for n in 0..CROWD {
        assert!(place.is_there(n));
    }
}

#[test]
fn of_two_for_one_key_that_are_written_together_the_first_comes_in() {
    let place = Place::new();
    let other = place.held_by_another();
    let outcomes = thread::scope(|scope| {
        let saves: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| place.store.save(&key(0), None, &sample::of_length(50), LONG).unwrap()))
            .collect();
        assert!(Deadline::after(SHORT).nap(SHORT));
        other.execute_batch("COMMIT").unwrap();
        saves.into_iter().map(|save| save.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Swap::Done(_))).count(), 1);
}

#[test]
fn whoever_gives_up_while_it_waits_has_saved_nothing_and_will_not() {
    let place = Place::new();
    let other = place.held_by_another();
    thread::scope(|scope| {
        let (first, led) = (&place.store, mpsc::channel());
        let leads = scope.spawn(move || {
            led.0.send(()).unwrap();
            first.save(&key(1), None, &sample::of_length(50), LONG)
        });
        led.1.recv().unwrap();
        assert!(Deadline::after(SHORT).nap(SHORT));
        let error = place.store.save(&key(2), None, &sample::of_length(50), SHORT).unwrap_err();
        assert_eq!(error.applied(), Applied::No, "{error}");
        assert!(error.to_string().contains("was busy with other saves for longer than"), "{error}");
        other.execute_batch("COMMIT").unwrap();
        assert!(matches!(leads.join().unwrap(), Ok(Swap::Done(_))));
    });
    assert!(place.is_there(1) && !place.is_there(2));
}

#[test]
fn whoever_leads_and_gives_up_takes_nobody_along() {
    let place = Place::new();
    let other = place.held_by_another();
    thread::scope(|scope| {
        let leads = scope.spawn(|| place.store.save(&key(1), None, &sample::of_length(50), 4 * SHORT));
        assert!(Deadline::after(SHORT).nap(SHORT));
        let follows = scope.spawn(|| place.store.save(&key(2), None, &sample::of_length(50), LONG));
        let error = leads.join().unwrap().unwrap_err();
        assert_eq!(error.applied(), Applied::No, "{error}");
        assert!(error.to_string().contains("was locked by another"), "{error}");
        other.execute_batch("COMMIT").unwrap();
        assert!(matches!(follows.join().unwrap(), Ok(Swap::Done(_))));
    });
    assert!(!place.is_there(1) && place.is_there(2));
}

#[test]
fn loads_wait_for_no_save_and_there_are_never_more_connections_than_a_few() {
    let place = Place::new();
    place.store.save(&key(1), None, &sample::of_length(50), LONG).unwrap();
    let _other = place.held_by_another();
    thread::scope(|scope| {
        let saves: Vec<_> = (2..6)
            .map(|n| {
                let store = &place.store;
                scope.spawn(move || store.save(&key(n), None, &sample::of_length(50), 4 * SHORT).unwrap_err())
            })
            .collect();
        let loads: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..20 {
                        assert!(place.is_there(1));
                    }
                })
            })
            .collect();
        for load in loads {
            load.join().unwrap();
        }
        // SQLite opens the database, its log and its shared memory for each; the other program's are two or three.
        let open =
            fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
        let name = place.path().file_name().unwrap().to_owned();
        let ours = open
            .filter(|path| path.starts_with(place.folder.path()) && path.file_name() == Some(&name))
            .count();
        assert!((1..=6).contains(&ours), "{ours}");
        for save in saves {
            save.join().unwrap();
        }
    });
}
