//! A sealed store in files satisfies the contract, also between processes, and no file of it shows a token.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::any::Any;
use core::cell::Cell;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

use wellspring_core::{Store, Swap, TokenKey, Version};
use wellspring_store::contract::{self, Fixture, Folder, sample, write_private};
use wellspring_store::{FileLocks, KeyName, Records, SealingKey, SealingKeys};
use wellspring_store_file::FileStore;

const WITHIN: Duration = Duration::from_secs(60);

/// What only a sealed store hides: the access token of `sample::of_length`.
const TOKEN: &str = "tttttttttttttttttttttttttttttt";

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

fn keys(newest: u8, older: u8) -> SealingKeys {
    SealingKeys::new(SealingKey::new(&[newest; 32])).with_older(SealingKey::new(&[older; 32]))
}

fn open(folder: &Path, turn: usize) -> Records<FileStore> {
    let ring = if turn % 2 == 0 { keys(1, 2) } else { keys(2, 1) };
    FileStore::open(folder).unwrap().sealed(ring)
}

/// A store whose processes have the same two keys and seal with either of them, as during a rotation.
struct Rotating(Folder, Cell<usize>);

impl Rotating {
    fn new() -> Self {
        Self(Folder::new(), Cell::new(0))
    }
}

impl Fixture for Rotating {
    fn open(&self) -> Box<dyn Store> {
        self.1.set(self.1.get() + 1);
        Box::new(open(self.0.path(), self.1.get()))
    }

    fn corrupt(&self, key: &TokenKey) {
        fs::write(self.0.path().join(format!("{}.token", KeyName::of(key))), "not a record").unwrap();
    }

    fn remove_locks(&self) -> bool {
        fs::remove_dir_all(self.0.path().join("locks")).is_ok()
    }

    fn corrupt_spills(&self) -> bool {
        contract::corrupt_files(self.0.path().join("spill"))
    }

    fn refuse_saves(&self) -> Option<Box<dyn Any>> {
        let save_locks = FileLocks::open(self.0.path().join("locks"), "save").unwrap();
        let any = |n: u32| KeyName::of(&TokenKey::new("any", &n.to_string()));
        let guards: Vec<_> = (0..64).filter_map(|n| save_locks.try_exclusive(&any(n)).unwrap()).collect();
        Some(Box::new(guards))
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
    contract::check_across_processes(&fixture, fixture.0.path(), "child_process");
}

#[test]
fn a_sealed_store_satisfies_the_contract_on_a_full_and_on_a_read_only_disk() {
    contract::check_on_small_disk("child_process");
}

/// Not a test of its own: the child processes of the other tests run it.
#[test]
fn child_process() {
    contract::run_child(|folder| Ok(Box::new(FileStore::open(folder)?.sealed(keys(1, 2)))));
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

fn shows_token(folder: &Path) -> Vec<PathBuf> {
    let shows =
        |path: &PathBuf| fs::read(path).unwrap().windows(TOKEN.len()).any(|bytes| bytes == TOKEN.as_bytes());
    files(folder).into_iter().filter(shows).collect()
}

fn save(store: &dyn Store, version: Option<Version>) -> Version {
    match store.save(&key(), version, &sample::of_length(30), WITHIN).unwrap() {
        Swap::Done(version) => version,
        Swap::Conflict => panic!("a conflict"),
    }
}

#[test]
fn no_file_of_a_sealed_store_shows_a_token() {
    let use_store = |store: &dyn Store| {
        let mut pending_save = sample::pending_save(1);
        pending_save.record = sample::of_length(30);
        let version = save(store, None);
        save(store, Some(version));
        store.spill(&key(), &pending_save).unwrap();
    };
    let plain = Folder::new();
    use_store(&FileStore::open(plain.path()).unwrap());
    assert_eq!(shows_token(plain.path()).len(), 2, "without a key the record and the spill show it");
    let sealed = Folder::new();
    use_store(&open(sealed.path(), 0));
    assert_eq!(shows_token(sealed.path()), Vec::<PathBuf>::new());
    let spill_key =
        files(sealed.path()).into_iter().find(|path| path.extension().is_some_and(|x| x == "key"));
    let spill_key = fs::read(spill_key.unwrap()).unwrap();
    assert!(spill_key[33..].starts_with(b"wellspring sealed 5 "), "the key of the spills is sealed too");
}

#[test]
fn a_plain_store_becomes_a_sealed_one_and_is_whole_at_every_moment() {
    let folder = Folder::new();
    let plain = FileStore::open(folder.path()).unwrap();
    let version = save(&plain, None);
    plain.save(&key().user("other"), None, &sample::of_length(30), WITHIN).unwrap();
    let sealed = open(folder.path(), 0);
    assert!(sealed.load(&key(), WITHIN).unwrap().stored.is_some());
    save(&sealed, Some(version));
    assert_eq!(shows_token(folder.path()).len(), 1, "the other record is still plain");
    let resealed = sealed.reseal(WITHIN).unwrap();
    // The key of the spills too.
    assert_eq!((resealed.records, resealed.unchanged, resealed.problems.len()), (2, 1, 0), "{resealed:?}");
    assert!(shows_token(folder.path()).is_empty());
    assert!(
        sealed.problems().is_empty() && sealed.load(&key().user("other"), WITHIN).unwrap().stored.is_some()
    );
    let error = plain.load(&key(), WITHIN).unwrap_err().to_string();
    assert!(
        error.contains(".token is sealed with the key ") && error.ends_with("give the store that key"),
        "{error}"
    );
}

/// Leaves this record as a save of it leaves it that is interrupted before its file is renamed.
fn interrupt(folder: &Path, record: &wellspring_core::Record, cut: usize) -> PathBuf {
    let other = Folder::new();
    let store = open(other.path(), 0);
    store.save(&key(), None, record, WITHIN).unwrap();
    let name = KeyName::of(&key());
    let mut bytes = fs::read(other.path().join(format!("{name}.token"))).unwrap();
    bytes.truncate(bytes.len() - cut);
    let left = folder.join(format!("{name}.token.first.new"));
    write_private(&left, bytes);
    left
}

#[test]
fn an_interrupted_save_of_a_sealed_record_is_finished_if_it_is_whole_and_not_leased() {
    let mut leased = sample::with_attachments();
    assert!(leased.lease.is_some());
    let without_lease = {
        let mut record = leased.clone();
        record.lease = None;
        record
    };
    leased.attachments = wellspring_core::Attachments::default();
    for (record, cut, finished) in
        [(&without_lease, 0, true), (&leased, 0, false), (&without_lease, 1, false)]
    {
        let folder = Folder::new();
        // The store that finishes it needs no key, because it does not open it.
        let store = FileStore::open(folder.path()).unwrap();
        let left = interrupt(folder.path(), record, cut);
        assert_eq!(store.load(&key(), WITHIN).is_err(), finished, "without its key it cannot be read");
        assert!(!left.exists());
        let stored = open(folder.path(), 1).load(&key(), WITHIN).unwrap().stored;
        assert_eq!(stored.is_some_and(|stored| sample::same(&stored.record, record)), finished);
    }
}
