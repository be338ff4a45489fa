//! The store in files keeps the contract, between processes too.

#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

use core::any::Any;
use std::fs;

use wellspring_core::{Store, TokenKey};
use wellspring_store::contract::{self, Folder, Place};
use wellspring_store::{KeyName, Stripes};
use wellspring_store_file::FileStore;

struct InFolder(Folder);

impl Place for InFolder {
    fn open(&self) -> Box<dyn Store> {
        Box::new(FileStore::open(self.0.path()).unwrap())
    }

    fn corrupt(&self, key: &TokenKey) {
        fs::write(self.0.path().join(format!("{}.token", KeyName::of(key))), "no record").unwrap();
    }

    fn refuse(&self) -> Option<Box<dyn Any>> {
        let saves = Stripes::open(self.0.path().join("locks"), "save").unwrap();
        let locks: Vec<_> = (0..64)
            .filter_map(|n| saves.try_exclusive(&KeyName::of(&TokenKey::new("any", &n.to_string()))).unwrap())
            .collect();
        Some(Box::new(locks))
    }
}

#[test]
fn the_store_in_files_keeps_the_contract() {
    contract::check(|| Box::new(InFolder(Folder::new())));
}

#[test]
fn it_keeps_it_between_processes() {
    let place = InFolder(Folder::new());
    contract::across_processes(&place, place.0.path(), "a_child_plays_its_part");
}

#[test]
fn it_keeps_it_on_a_disk_that_is_full_or_can_only_be_read() {
    contract::on_a_small_disk("a_child_plays_its_part");
}

#[test]
fn a_child_plays_its_part() {
    contract::play_part(|folder| Ok(Box::new(FileStore::open(folder)?)));
}
