//! Stores with keys: what they read, seal, refuse and leave as it is.

use core::time::Duration;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use wellspring_core::{
    Attempt, Generation, Lease, LivenessLock, LockDomain, Obtained, PendingSave, Record, Store as _,
    StoreError, StoreGuarantees, Stored, Swap, TokenKey, UnixTime, Version, WatchOutcome,
};

use crate::contract::{Folder, sample};
use crate::map::{Entry, KeyName, Map};
use crate::memory::MemoryStore;
use crate::records::Records;
use crate::sealing::{SealingKey, SealingKeys};
use crate::sealing_key_id::SealingKeyId;
use crate::seals::Seal;

const WITHIN: Duration = Duration::from_secs(60);

fn keys<const N: usize>(bytes: [u8; N]) -> SealingKeys {
    let mut keys = bytes.into_iter().map(|byte| SealingKey::new(&[byte; 32]));
    let newest = SealingKeys::new(keys.next().expect("a key"));
    keys.fold(newest, SealingKeys::with_older)
}

fn id(byte: u8) -> SealingKeyId {
    SealingKey::new(&[byte; 32]).id()
}

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

fn save<M: Map>(store: &Records<M>, version: Option<Version>, record: &Record) -> Version {
    match store.save(&key(), version, record, WITHIN).unwrap() {
        Swap::Done(version) => version,
        Swap::Conflict => panic!("a conflict"),
    }
}

fn stored<M: Map>(store: &Records<M>) -> Stored {
    store.load(&key(), WITHIN).unwrap().stored.expect("a record")
}

fn raw(store: &Records<MemoryStore>, name: &KeyName) -> Entry {
    store.map().load(name, WITHIN).unwrap().expect("an entry")
}

fn only_file(folder: &Path) -> Vec<u8> {
    let mut files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let bytes = fs::read(files.next().expect("a file")).expect("its bytes");
    assert!(files.next().is_none(), "one file");
    bytes
}

fn contains(bytes: &[u8], canary: &str) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
}

/// A token of canaries that the store has refused.
fn pending() -> PendingSave {
    let attempt = sample::pending_save(1).attempt;
    PendingSave {
        attempt,
        record: sample::of_length(30),
        origin: Obtained::ByRenewal { spent: Generation::new(1) },
    }
}

const TOKEN: &str = "tttttttttttttttttttttttttttttt";

fn leased(attempt: Attempt) -> Record {
    let mut record = sample::counting(1);
    let (until, span) = (UnixTime::from_secs(2_000_000_000), Duration::from_secs(40));
    record.lease = Some(Lease { attempt, domain: None, first_sent: None, until, span, replays: 0 });
    record
}

#[test]
fn a_plain_record_is_read_by_a_store_with_a_key_and_sealed_at_its_next_save() {
    let plain = MemoryStore::open();
    let version = save(&plain, None, &sample::of_length(30));
    let name = KeyName::of(&key());
    assert!(contains(&raw(&plain, &name).bytes, TOKEN), "the canary is there without a key");
    let sealed = plain.clone().sealed(keys([1]));
    assert_eq!(sealed.seal(&key(), WITHIN).unwrap(), Some(Seal::Plain));
    assert!(sample::same(&stored(&sealed).record, &sample::of_length(30)));
    save(&sealed, Some(version), &sample::of_length(30));
    assert!(!contains(&raw(&plain, &name).bytes, TOKEN));
    assert_eq!(plain.seal(&key(), WITHIN).unwrap(), Some(Seal::Sealed(id(1))));
    assert!(sample::same(&stored(&sealed).record, &sample::of_length(30)));
}

#[test]
fn every_record_is_the_same_after_it_was_sealed_and_opened() {
    for number in 0..200 {
        let store = MemoryStore::open().sealed(keys([1]));
        let record = sample::record(number);
        save(&store, None, &record);
        assert!(sample::same(&stored(&store).record, &record), "record {number}");
        let entry = raw(&store, &KeyName::of(&key()));
        assert_eq!(entry.holds_lease(), record.lease.is_some(), "a map knows it without a key");
        assert!(entry.is_whole().unwrap());
        entry.check("x").unwrap();
        let cut = Entry { bytes: entry.bytes[..entry.bytes.len() - 1].to_vec().into(), ..entry };
        assert!(!cut.is_whole().unwrap() && !cut.holds_lease());
    }
}

#[test]
fn a_store_without_the_key_names_it_and_overwrites_nothing() {
    let sealed = MemoryStore::open().sealed(keys([1]));
    save(&sealed, None, &sample::of_length(30));
    let name = KeyName::of(&key());
    let before = raw(&sealed, &name);
    let without = Records::new(sealed.map().clone());
    for (store, says) in [
        (without.clone(), "and this store has no sealing key: give the store that key".to_owned()),
        (without.clone().sealed(keys([2])), format!("and this store has only {}: add that key", id(2))),
    ] {
        let error = store.load(&key(), WITHIN).unwrap_err();
        let said = error.to_string();
        assert!(error.is_refused() && said.contains(&says), "{said}");
        assert!(said.contains(&format!("the record {name} is sealed with the key {}", id(1))), "{said}");
        assert!(matches!(store.save(&key(), None, &sample::counting(1), WITHIN), Ok(Swap::Conflict)));
        assert_eq!(*raw(&store, &name).bytes, *before.bytes);
        let seals = store.seals(WITHIN).unwrap();
        assert_eq!((seals.plain, seals.sealed[&id(1)], seals.problems.len()), (0, 1, 1));
    }
}

#[test]
fn what_was_changed_or_moved_to_another_name_is_an_error_and_stays() {
    let store = MemoryStore::open().sealed(keys([1]));
    save(&store, None, &sample::of_length(30));
    let (name, other) = (KeyName::of(&key()), key().user("other"));
    let entry = raw(&store, &name);
    store.map().swap(&KeyName::of(&other), None, &entry, WITHIN).unwrap();
    let error = store.load(&other, WITHIN).unwrap_err();
    let said = error.to_string();
    assert!(error.is_unreadable() && said.contains("a copy of another entry: restore it"), "{said}");
    assert!(said.contains(&id(1).to_string()), "{said}");
    for at in 0..entry.bytes.len() {
        let mut bytes = entry.bytes.clone();
        bytes[at] ^= 1;
        let version = raw(&store, &name).version;
        store.map().swap(&name, Some(version), &Entry { version, bytes: bytes.clone() }, WITHIN).unwrap();
        assert!(store.load(&key(), WITHIN).unwrap_err().is_unreadable(), "byte {at}");
        assert!(matches!(store.save(&key(), None, &sample::counting(1), WITHIN), Ok(Swap::Conflict)));
        assert_eq!(*raw(&store, &name).bytes, *bytes, "byte {at}");
    }
}

#[test]
fn all_is_sealed_with_the_newest_key_and_keeps_its_version() {
    let folder = Folder::new();
    let old = MemoryStore::open().with_spills(folder.path());
    let version = save(&old, None, &leased(pending().attempt));
    old.save(&key().user("other"), None, &sample::counting(1), WITHIN).unwrap();
    old.spill(&key(), &pending()).unwrap();
    assert!(contains(&only_file(folder.path()), TOKEN), "the canary is there without a key");
    let first = old.clone().sealed(keys([1]));
    let resealed = first.reseal(WITHIN).unwrap();
    assert_eq!((resealed.records, resealed.spills, resealed.unchanged), (3, 1, 0), "{resealed:?}");
    let second = old.clone().sealed(keys([2, 1]));
    let resealed = second.reseal(WITHIN).unwrap();
    assert_eq!((resealed.records, resealed.spills, resealed.unchanged), (3, 1, 0), "{resealed:?}");
    assert!(resealed.problems.is_empty(), "{resealed:?}");
    let again = second.reseal(WITHIN).unwrap();
    assert_eq!((again.records, again.spills, again.unchanged), (0, 0, 4), "{again:?}");
    // The old key is not needed any more.
    let newest = old.clone().sealed(keys([2]));
    let loaded = newest.load(&key(), WITHIN).unwrap();
    let record = loaded.stored.expect("a record");
    assert_eq!(
        (record.version, record.record.lease.is_some()),
        (version, true),
        "the holder finds its version"
    );
    assert!(sample::same_pending_save(&loaded.spilled.expect("the spill"), &pending()));
    assert!(raw(&old, &KeyName::of(&key())).holds_lease());
    assert!(!contains(&only_file(folder.path()), TOKEN));
    let seals = newest.seals(WITHIN).unwrap();
    assert_eq!((seals.plain, seals.sealed[&id(2)], seals.problems.len()), (0, 3, 0));
    assert!(newest.problems().is_empty());
    let without = old.reseal(WITHIN).unwrap_err();
    assert_eq!(without.to_string(), "this store has no sealing key: give it one");
}

#[test]
fn what_cannot_be_opened_is_named_and_all_else_is_sealed() {
    let folder = Folder::new();
    let lost = MemoryStore::open().with_spills(folder.path()).sealed(keys([9]));
    lost.save(&key().user("lost"), None, &sample::counting(1), WITHIN).unwrap();
    lost.spill(&key().user("lost"), &pending()).unwrap();
    let plain = Records::new(lost.map().clone());
    save(&plain, None, &sample::of_length(30));
    let resealed = plain.with_spills(folder.path()).sealed(keys([1])).reseal(WITHIN).unwrap();
    assert_eq!((resealed.records, resealed.spills), (1, 0), "{resealed:?}");
    // The record and the key of the spills, without which no spill is looked at.
    assert_eq!(resealed.problems.len(), 2, "{resealed:?}");
    let said = format!("{:?}", resealed.problems);
    assert!(said.contains(&id(9).to_string()) && said.contains("the store's spill key"), "{said}");
}

#[test]
fn a_spill_is_sealed_and_without_its_key_it_is_not_absent() {
    let folder = Folder::new();
    let sealed = MemoryStore::open().with_spills(folder.path()).sealed(keys([1]));
    save(&sealed, None, &leased(pending().attempt));
    sealed.spill(&key(), &pending()).unwrap();
    assert!(!contains(&only_file(folder.path()), TOKEN));
    let spilled = sealed.load(&key(), WITHIN).unwrap().spilled.expect("the spill");
    assert!(sample::same_pending_save(&spilled, &pending()));
    // Another store's records are plain, and the spills of this folder are not.
    let plain = MemoryStore::open().with_spills(folder.path());
    let version = save(&plain, None, &leased(pending().attempt));
    let loaded = plain.load(&key(), WITHIN).unwrap();
    let said = loaded.unusable_spill.expect("the spill of the lease").to_string();
    assert!(said.contains(&format!("is sealed with the key {}", id(1))), "{said}");
    save(&plain, Some(version), &sample::counting(2));
    let loaded = plain.load(&key(), WITHIN).unwrap();
    assert!(loaded.stored.is_some() && loaded.spilled.is_none());
    let said = loaded.unseen_spills.expect("it may hold the newest token").to_string();
    assert!(said.contains(&format!("is sealed with the key {}", id(1))), "{said}");
    let problems = plain.problems();
    assert!(problems.len() == 1 && problems[0].to_string() == said, "{problems:?}");
    assert!(plain.clone().sealed(keys([2])).load(&key(), WITHIN).unwrap().unseen_spills.is_some());
}

#[test]
fn the_folder_of_the_spills_may_be_named_before_or_after_the_keys() {
    let folder = Folder::new();
    let store = MemoryStore::open().sealed(keys([1])).with_spills(folder.path());
    store.spill(&key(), &pending()).unwrap();
    assert!(only_file(folder.path()).starts_with(b"wellspring sealed 5 "));
}

#[test]
fn a_sealed_record_moves_to_its_new_key() {
    let plain = MemoryStore::open();
    for (former, store) in [(plain.clone(), plain.clone().sealed(keys([1]))), {
        let sealed = MemoryStore::open().sealed(keys([1]));
        (sealed.clone(), Records::new(sealed.map().clone()).sealed(keys([2, 1])))
    }] {
        save(&former, None, &sample::of_length(30));
        let renamed = TokenKey::new("p", "e").profile("new").formerly(key());
        assert!(store.seal(&renamed, WITHIN).unwrap().is_some());
        let found = store.load(&renamed, WITHIN).unwrap().stored.expect("the record of the former key");
        let swap = store.save(&renamed, Some(found.version), &found.record, WITHIN).unwrap();
        assert!(matches!(swap, Swap::Done(_)));
        assert!(
            store
                .load(&renamed, WITHIN)
                .unwrap()
                .stored
                .is_some_and(|stored| stored.record.granted().is_some())
        );
        let seals = store.seals(WITHIN).unwrap();
        let newest = store.sealing_key().expect("it has keys");
        assert_eq!((seals.plain, seals.sealed[&newest]), (0, 2), "the record and the tombstone");
    }
}

/// A map in which another process saves after each of the next loads, and before each of the next swaps.
#[derive(Debug)]
struct Busy {
    map: MemoryStore,
    other: Records<MemoryStore>,
    after_loads: Mutex<Vec<Record>>,
    before_swaps: Mutex<Vec<Record>>,
}

impl Busy {
    /// The other process saves the last of these records, if one is left.
    fn other_saves(&self, records: &Mutex<Vec<Record>>) {
        if let Some(record) = records.lock().expect("no panic").pop() {
            let stored = self.other.load(&key(), WITHIN).unwrap().stored;
            save(&self.other, stored.map(|stored| stored.version), &record);
        }
    }
}

impl Map for Busy {
    fn guarantees(&self) -> StoreGuarantees {
        self.map.guarantees()
    }

    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        let loaded = self.map.load(name, within);
        self.other_saves(&self.after_loads);
        loaded
    }

    fn names(&self, within: Duration) -> Result<Vec<KeyName>, StoreError> {
        self.map.names(within)
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        self.other_saves(&self.before_swaps);
        self.map.swap(name, expected, entry, within)
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.map.watch(name, version, domain, within)
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.map.liveness_lock(name, within)
    }
}

#[test]
fn a_record_that_is_saved_while_it_is_sealed_is_never_replaced_by_its_older_contents() {
    let plain = MemoryStore::open();
    let busy = |other: Records<MemoryStore>, records: Vec<Record>| {
        let (map, before_swaps) = (other.map().clone(), Mutex::new(records));
        Records::new(Busy { map, other, after_loads: Mutex::default(), before_swaps })
    };
    save(&plain, None, &sample::counting(1));
    let store = busy(plain.clone(), vec![sample::counting(3), sample::counting(2)]).sealed(keys([1]));
    let resealed = store.reseal(WITHIN).unwrap();
    assert_eq!((resealed.records, resealed.problems.len()), (1, 0), "{resealed:?}");
    assert_eq!(stored(&store).record.generation, Generation::new(3));
    assert_eq!(store.seal(&key(), WITHIN).unwrap(), Some(Seal::Sealed(id(1))));
    let always = busy(plain.sealed(keys([1])), (0..100).map(sample::counting).collect()).sealed(keys([2, 1]));
    let resealed = always.reseal(WITHIN).unwrap();
    assert!(resealed.problems[0].to_string().contains("again and again: try again"), "{resealed:?}");
}

#[test]
fn a_record_that_is_saved_after_it_was_read_to_be_sealed_is_read_again_with_its_version() {
    let plain = MemoryStore::open();
    save(&plain, None, &sample::counting(1));
    let (map, after_loads) = (plain.map().clone(), Mutex::new(vec![sample::counting(2)]));
    let busy = Busy { map, other: plain, after_loads, before_swaps: Mutex::default() };
    let store = Records::new(busy).sealed(keys([1]));
    let resealed = store.reseal(WITHIN).unwrap();
    assert_eq!((resealed.records, resealed.problems.len()), (1, 0), "{resealed:?}");
    assert_eq!(stored(&store).record.generation, Generation::new(2));
    assert_eq!(store.seal(&key(), WITHIN).unwrap(), Some(Seal::Sealed(id(1))));
}

#[test]
fn a_store_that_cannot_list_its_records_says_so() {
    #[derive(Debug)]
    struct Unlisted(MemoryStore);
    impl Map for Unlisted {
        fn guarantees(&self) -> StoreGuarantees {
            self.0.guarantees()
        }
        fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
            self.0.load(name, within)
        }
        fn swap(
            &self,
            name: &KeyName,
            expected: Option<Version>,
            entry: &Entry,
            within: Duration,
        ) -> Result<bool, StoreError> {
            self.0.swap(name, expected, entry, within)
        }
        fn watch(
            &self,
            name: &KeyName,
            version: Version,
            domain: Option<LockDomain>,
            within: Duration,
        ) -> Result<WatchOutcome, StoreError> {
            self.0.watch(name, version, domain, within)
        }
        fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
            self.0.liveness_lock(name, within)
        }
    }
    let store = Records::new(Unlisted(MemoryStore::default())).sealed(keys([1]));
    let error = store.reseal(WITHIN).unwrap_err();
    assert!(error.is_refused() && error.to_string() == "this store cannot list its records", "{error}");
}
