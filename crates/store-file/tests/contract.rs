//! The store in files satisfies the contract, also between processes.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::any::Any;
use std::fs;

use wellspring_core::{Store, TokenKey};
use wellspring_store::contract::{self, Fixture, Folder};
use wellspring_store::{FileLocks, KeyName};
use wellspring_store_file::FileStore;

/// The store's folder, and one for links to it.
struct InFolder(Folder, Folder);

impl InFolder {
    fn new() -> Self {
        Self(Folder::new(), Folder::new())
    }
}

impl Fixture for InFolder {
    fn open(&self) -> Box<dyn Store> {
        Box::new(FileStore::open(self.0.path()).unwrap())
    }

    fn corrupt(&self, key: &TokenKey) {
        fs::write(self.0.path().join(format!("{}.token", KeyName::of(key))), "not a record").unwrap();
    }

    fn open_elsewhere(&self) -> Vec<Box<dyn Store>> {
        let link = self.1.path().join("link");
        if !link.exists() {
            std::os::unix::fs::symlink(self.0.path(), &link).unwrap();
        }
        vec![Box::new(FileStore::open(link).unwrap())]
    }

    fn remove_locks(&self) -> bool {
        fs::remove_dir_all(self.0.path().join("locks")).is_ok()
    }

    fn corrupt_spills(&self) -> bool {
        contract::corrupt_files(self.0.path().join("spill"))
    }

    fn refuse_saves(&self) -> Option<Box<dyn Any>> {
        let save_locks = FileLocks::open(self.0.path().join("locks"), "save").unwrap();
        // Enough keys to lock every lock file.
        let guards: Vec<_> = (0..64)
            .filter_map(|n| {
                save_locks.try_exclusive(&KeyName::of(&TokenKey::new("any", &n.to_string()))).unwrap()
            })
            .collect();
        Some(Box::new(guards))
    }
}

#[test]
fn the_store_in_files_satisfies_the_contract() {
    contract::check(|| Box::new(InFolder::new()));
}

#[test]
fn a_record_of_an_earlier_version_moves_to_its_new_key_once() {
    contract::check_moved_records(|| Box::new(InFolder::new()));
}

#[test]
fn the_store_in_files_satisfies_the_contract_between_processes() {
    let fixture = InFolder::new();
    contract::check_across_processes(&fixture, fixture.0.path(), "child_process");
}

#[test]
fn the_store_in_files_satisfies_the_contract_on_a_full_and_on_a_read_only_disk() {
    contract::check_on_small_disk("child_process");
}

/// Not a test of its own: the child processes of the other tests run it.
#[test]
fn child_process() {
    contract::run_child(|folder| Ok(Box::new(FileStore::open(folder)?)));
}
