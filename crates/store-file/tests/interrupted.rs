//! Saves that were killed between the writing of the new record and its renaming: what is whole is finished.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

use wellspring_core::{Store as _, Swap, TokenKey, Version};
use wellspring_store::contract::{Folder, sample, write_private};
use wellspring_store::{FileLocks, KeyName, Records};
use wellspring_store_file::FileStore;

const WITHIN: Duration = Duration::from_secs(60);

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

fn record(folder: &Path) -> PathBuf {
    folder.join(format!("{}.token", KeyName::of(&key())))
}

fn generation(store: &Records<FileStore>) -> Option<u64> {
    store.load(&key(), WITHIN).unwrap().stored.map(|stored| stored.record.generation.value())
}

fn unnamed(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_str().unwrap().ends_with(".new")).count()
}

/// A store with the first of two saves, and the bytes of the second.
fn interrupted(folder: &Folder) -> (Records<FileStore>, Option<Version>, Vec<u8>) {
    let store = FileStore::open(folder.path()).unwrap();
    let Swap::Done(first) = store.save(&key(), None, &sample::counting(1), WITHIN).unwrap() else { panic!() };
    let before = fs::read(record(folder.path())).unwrap();
    store.save(&key(), Some(first), &sample::counting(2), WITHIN).unwrap();
    let second = fs::read(record(folder.path())).unwrap();
    write_private(&record(folder.path()), before);
    (store, Some(first), second)
}

/// The names under which a save that was killed may have left the record.
fn names(folder: &Path, version: Option<Version>) -> [PathBuf; 2] {
    let version = version.map_or("first".to_owned(), |version| format!("{:032x}", version.value()));
    let record = record(folder);
    [format!("{}.{version}.new", record.display()), format!("{}.new", record.display())].map(PathBuf::from)
}

#[test]
fn a_whole_save_without_its_name_is_finished_by_the_next_load() {
    for which in 0..2 {
        let folder = Folder::new();
        let (store, version, second) = interrupted(&folder);
        write_private(&names(folder.path(), version)[which], &second);
        assert_eq!(generation(&store), Some(2));
        assert_eq!((fs::read(record(folder.path())).unwrap(), unnamed(folder.path())), (second, 0));
    }
}

#[test]
fn a_whole_save_without_its_name_makes_the_next_save_a_conflict() {
    for which in 0..2 {
        let folder = Folder::new();
        let (store, version, second) = interrupted(&folder);
        write_private(&names(folder.path(), version)[which], &second);
        assert_eq!(store.save(&key(), version, &sample::counting(9), WITHIN).unwrap(), Swap::Conflict);
        assert_eq!((generation(&store), unnamed(folder.path())), (Some(2), 0));
    }
}

#[test]
fn the_first_save_of_a_record_is_finished_too() {
    let folder = Folder::new();
    let (store, _, second) = interrupted(&folder);
    fs::remove_file(record(folder.path())).unwrap();
    write_private(&names(folder.path(), None)[0], &second);
    assert_eq!(store.save(&key(), None, &sample::counting(9), WITHIN).unwrap(), Swap::Conflict);
    assert_eq!(generation(&store), Some(2));
}

#[test]
fn a_save_that_is_not_whole_is_discarded_at_whatever_byte_it_ends() {
    let folder = Folder::new();
    let (store, version, second) = interrupted(&folder);
    for length in 0..second.len() {
        write_private(&names(folder.path(), version)[0], &second[..length]);
        assert_eq!(generation(&store), Some(1), "{length} bytes");
        assert_eq!(unnamed(folder.path()), 0, "{length} bytes");
    }
    write_private(&names(folder.path(), version)[0], &second[..40]);
    assert!(matches!(store.save(&key(), version, &sample::counting(9), WITHIN), Ok(Swap::Done(_))));
    assert_eq!((generation(&store), unnamed(folder.path())), (Some(9), 0));
}

#[test]
fn an_interrupted_lease_is_discarded_because_nothing_was_sent_under_it() {
    for which in 0..2 {
        let folder = Folder::new();
        let (store, version, _) = interrupted(&folder);
        let before = fs::read(record(folder.path())).unwrap();
        let leased = (0..).map(sample::record).find(|record| record.lease.is_some()).unwrap();
        assert!(matches!(store.save(&key(), version, &leased, WITHIN).unwrap(), Swap::Done(_)));
        let lease = fs::read(record(folder.path())).unwrap();
        write_private(&record(folder.path()), before);
        write_private(&names(folder.path(), version)[which], &lease);
        assert_eq!((generation(&store), unnamed(folder.path())), (Some(1), 0));
    }
}

#[test]
fn a_save_of_another_version_is_not_finished() {
    let folder = Folder::new();
    let (store, version, second) = interrupted(&folder);
    let other = Some(Version::new(version.unwrap().value() ^ 1));
    write_private(&names(folder.path(), other)[0], &second);
    assert_eq!(generation(&store), Some(1));
    assert!(matches!(store.save(&key(), version, &sample::counting(9), WITHIN), Ok(Swap::Done(_))));
    assert_eq!(generation(&store), Some(9));
}

#[test]
fn the_first_save_of_a_process_removes_what_saves_of_other_versions_have_left_of_its_record_only() {
    let folder = Folder::new();
    let (_, version, second) = interrupted(&folder);
    let other = Some(Version::new(version.unwrap().value() ^ 1));
    let [left, _] = names(folder.path(), other);
    let [first, _] = names(folder.path(), None);
    let another_record = folder.path().join(format!("{}.token.first.new", "0".repeat(64)));
    for path in [&left, &first, &another_record] {
        write_private(path, &second);
    }
    let store = FileStore::open(folder.path()).unwrap();
    assert_eq!((generation(&store), left.exists()), (Some(1), true));
    assert!(matches!(store.save(&key(), version, &sample::counting(9), WITHIN), Ok(Swap::Done(_))));
    assert_eq!([&left, &first, &another_record].map(|path| path.exists()), [false, false, true]);
    assert_eq!(generation(&store), Some(9));
}

#[test]
fn a_load_leaves_a_save_that_is_under_way_alone() {
    let folder = Folder::new();
    let (store, version, second) = interrupted(&folder);
    write_private(&names(folder.path(), version)[0], &second);
    let locks = FileLocks::open(folder.path().join("locks"), "save").unwrap();
    let saving = locks.exclusive(&KeyName::of(&key()), WITHIN).unwrap();
    assert_eq!((generation(&store), unnamed(folder.path())), (Some(1), 1));
    drop(saving);
    assert_eq!((generation(&store), unnamed(folder.path())), (Some(2), 0));
}

#[test]
fn an_interrupted_save_of_a_newer_version_stays_and_is_reported() {
    let folder = Folder::new();
    let (store, version, _) = interrupted(&folder);
    let newer = format!("{:032x}\nwellspring record 7 canary\n", 5);
    write_private(&names(folder.path(), version)[0], &newer);
    let error = store.load(&key(), WITHIN).unwrap_err();
    assert!(error.is_unreadable() && error.to_string().contains("a newer one wrote it"), "{error}");
    assert!(store.save(&key(), version, &sample::counting(9), WITHIN).is_err());
    assert_eq!(fs::read_to_string(&names(folder.path(), version)[0]).unwrap(), newer);
}
