//! Unusable paths and databases: the store reports them in a sentence and changes nothing.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use wellspring_core::{Applied, Store as _, StoreError, TokenKey};
use wellspring_store::contract::{Folder, sample, write_private};
use wellspring_store::{Deadline, KeyName};
use wellspring_store_sqlite::SqliteStore;

const WITHIN: Duration = Duration::from_secs(5);

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

fn database(folder: &Folder) -> PathBuf {
    folder.path().join("tokens.db")
}

#[track_caller]
fn assert_fails<T: core::fmt::Debug>(outcome: Result<T, StoreError>, sentence: &str) -> StoreError {
    let error = outcome.unwrap_err();
    assert!(error.to_string().contains(sentence), "{error} ({:?})", core::error::Error::source(&error));
    error
}

#[test]
fn a_path_that_cannot_be_a_database_is_named_and_no_file_is_created() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_fails(SqliteStore::open(folder.path()), "is a folder, not a database");
    assert_fails(SqliteStore::open(file.join("below.db")), "/file is not a folder");
    assert_fails(SqliteStore::open(folder.path().join("no/parent.db")), "/no/parent.db cannot be created");
    let missing = "create the folder that is missing, or mount its file system";
    assert!(!assert_fails(SqliteStore::open(folder.path().join("no/parent.db")), missing).is_permanent());
    assert_fails(SqliteStore::open("/proc/wellspring.db"), "/proc/wellspring.db cannot be created");
    assert!(assert_fails(SqliteStore::open(""), "the path of the store is empty").is_refused());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_not_a_database_or_is_damaged_is_an_error_and_stays() {
    let folder = Folder::new();
    let garbage = b"not a database, but long enough to have a header of one hundred bytes. ".repeat(3);
    write_private(&database(&folder), &garbage);
    assert!(
        assert_fails(SqliteStore::open(database(&folder)), "is damaged, or is not a SQLite database")
            .is_unreadable()
    );
    assert_eq!(fs::read(database(&folder)).unwrap(), garbage);

    fs::remove_file(database(&folder)).unwrap();
    let store = SqliteStore::open(database(&folder)).unwrap();
    store.save(&key(), None, &sample::of_length(20_000), WITHIN).unwrap();
    drop(store);
    let whole = fs::read(database(&folder)).unwrap();
    fs::write(database(&folder), &whole[..whole.len() - 8_192]).unwrap();
    let loaded = SqliteStore::open(database(&folder)).and_then(|store| store.load(&key(), WITHIN));
    assert!(assert_fails(loaded, "is damaged, or is not a SQLite database").is_unreadable());
}

#[test]
fn the_database_of_another_program_stays_unchanged() {
    let folder = Folder::new();
    write_private(&database(&folder), "");
    let other = Connection::open(database(&folder)).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(
        assert_fails(SqliteStore::open(database(&folder)), "is the database of another program")
            .is_unreadable()
    );
    other.execute_batch("PRAGMA user_version = 1").unwrap();
    assert!(
        assert_fails(SqliteStore::open(database(&folder)), "is the database of another program")
            .is_unreadable()
    );
    let mode: String = other.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete");
}

#[test]
fn tables_of_a_newer_version_are_reported_and_stay() {
    let folder = Folder::new();
    let store = SqliteStore::open(database(&folder)).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    drop(store);
    let other = Connection::open(database(&folder)).unwrap();
    other.execute_batch("PRAGMA user_version = 7").unwrap();
    let sentence = "has tables of version 7; this version reads only version 1, so a newer one created them: \
                    update this program";
    assert!(assert_fails(SqliteStore::open(database(&folder)), sentence).is_unreadable());
    let rows: i64 = other.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 2, "the record and the spill key");
}

#[test]
fn a_row_that_this_store_did_not_write_is_an_error() {
    let folder = Folder::new();
    let store = SqliteStore::open(database(&folder)).unwrap();
    let version = store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    let other = Connection::open(database(&folder)).unwrap();
    other.execute("UPDATE record SET version = ?1", [b"short"]).unwrap();
    let sentence = "has a row that this store did not write";
    assert!(assert_fails(store.load(&key(), WITHIN), sentence).is_unreadable());
    let wellspring_core::Swap::Done(version) = version else { panic!("the first save returned a conflict") };
    let saved = store.save(&key(), Some(version), &sample::record(3), WITHIN);
    assert_eq!(assert_fails(saved, sentence).applied(), Applied::No);
}

#[test]
fn a_record_of_a_newer_format_is_reported_and_stays() {
    let folder = Folder::new();
    let store = SqliteStore::open(database(&folder)).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    let other = Connection::open(database(&folder)).unwrap();
    let newer = b"wellspring record 7 canary\n";
    let row = (newer, KeyName::of(&key()).as_str().to_owned());
    other.execute("UPDATE record SET record = ?1 WHERE key = ?2", row).unwrap();
    let error = assert_fails(
        store.load(&key(), WITHIN),
        "is of format 7; this version reads no format after 4, so a newer one wrote it: update this program",
    );
    assert!(error.is_unreadable());
    let _ = store.save(&key(), None, &sample::record(3), WITHIN);
    let select = "SELECT record FROM record WHERE key = ?1";
    let left: Vec<u8> = other.query_row(select, [KeyName::of(&key()).as_str()], |row| row.get(0)).unwrap();
    assert_eq!(left, newer);
}

/// The result of `action` and its duration.
fn timed<T>(action: impl FnOnce() -> T) -> (T, Duration) {
    let clock = Deadline::after(WITHIN);
    (action(), WITHIN.saturating_sub(clock.left()))
}

#[test]
fn a_save_that_waits_for_a_lock_ends_at_its_deadline_and_loads_continue() {
    let folder = Folder::new();
    let store = SqliteStore::open(database(&folder)).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    let other = Connection::open(database(&folder)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let allowed = Duration::from_millis(150);
    let (saved, took) = timed(|| store.save(&key(), None, &sample::record(3), allowed));
    let error =
        assert_fails(saved, "tokens.db was locked by another process or thread for longer than 150ms");
    assert_eq!((error.applied(), error.is_unreadable()), (Applied::No, false));
    assert!((allowed..WITHIN / 2).contains(&took), "{took:?}");
    assert!(store.load(&key(), WITHIN).unwrap().stored.is_some(), "a load waits for no save");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.save(&key(), None, &sample::record(3), WITHIN).is_ok());
}

#[test]
fn opening_an_exclusively_locked_database_fails_at_the_deadline() {
    let folder = Folder::new();
    drop(SqliteStore::open(database(&folder)).unwrap());
    let other = Connection::open(database(&folder)).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let (opened, took) = timed(|| SqliteStore::open(database(&folder)));
    assert!(
        !assert_fails(opened, "tokens.db was locked by another process or thread for longer than 5s")
            .is_unreadable()
    );
    assert!(took < 3 * WITHIN, "{took:?}");
    drop(other);
    let store = SqliteStore::open(database(&folder)).unwrap();
    assert!(store.load(&key(), WITHIN).unwrap().stored.is_none());
}

/// A store that kept using the removed file would renew tokens that other stores renew too.
#[test]
fn after_a_database_is_removed_all_handles_share_the_new_one() {
    let folder = Folder::new();
    let first = SqliteStore::open(database(&folder)).unwrap();
    first.save(&key(), None, &sample::counting(1), WITHIN).unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        drop(fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path)));
    }
    assert!(first.load(&key(), WITHIN).unwrap().stored.is_none());
    let second = SqliteStore::open(database(&folder)).unwrap();
    second.save(&key(), None, &sample::counting(7), WITHIN).unwrap();
    assert_eq!(first.load(&key(), WITHIN).unwrap().stored.unwrap().record.generation.value(), 7);
    assert!(first.liveness_lock(&key(), WITHIN).is_ok());
}

#[test]
fn a_new_database_is_configured_as_soon_as_another_connection_unlocks_it() {
    for busy in ["BEGIN; SELECT count(*) FROM sqlite_schema", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let folder = Folder::new();
        write_private(&database(&folder), "");
        let other = Connection::open(database(&folder)).unwrap();
        other.execute_batch("VACUUM").unwrap();
        other.execute_batch(busy).unwrap();
        std::thread::scope(|scope| {
            let opening = scope.spawn(|| SqliteStore::open(database(&folder)));
            let _ = Deadline::after(WITHIN).sleep(Duration::from_millis(100));
            assert!(!opening.is_finished(), "{busy}");
            other.execute_batch("ROLLBACK").unwrap();
            assert!(opening.join().unwrap().is_ok(), "{busy}");
        });
    }
}

#[test]
fn many_threads_can_open_a_new_database_at_once() {
    for _ in 0..5 {
        let folder = Folder::new();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let path = database(&folder);
                scope.spawn(move || {
                    let store = SqliteStore::open(path).unwrap();
                    let key = key().user(&n.to_string());
                    store.save(&key, None, &sample::record(n), WITHIN).unwrap();
                });
            }
        });
    }
}

#[cfg(unix)]
#[test]
fn files_are_accessible_only_to_their_owner_and_other_permissions_are_listed() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let store = SqliteStore::open(database(&folder)).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    store.spill(&key(), &sample::pending_save(2)).unwrap();
    assert_eq!(store.map().open_to_others(), [""; 0]);
    let names = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names().count(), 5, "{:?}", names().collect::<Vec<_>>());
    fs::set_permissions(database(&folder), fs::Permissions::from_mode(0o644)).unwrap();
    let listed = store.map().open_to_others();
    assert!(listed.len() == 1 && listed[0].ends_with("tokens.db is open to others (mode 644): chmod 600 it"));
}

#[test]
fn debug_of_the_store_shows_no_token() {
    let folder = Folder::new();
    let store = SqliteStore::open(database(&folder)).unwrap();
    store.save(&key(), None, &sample::of_length(20), WITHIN).unwrap();
    assert!(!format!("{store:?}").contains("tttt"));
}
