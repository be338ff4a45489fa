//! Unusable paths and corrupt files: the store reports them in a sentence and changes nothing.
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

use wellspring_core::{Applied, Store as _, StoreError, Swap, TokenKey};
use wellspring_store::contract::{Folder, sample, write_private};
use wellspring_store::{FileLocks, KeyName};
use wellspring_store_file::FileStore;

const WITHIN: Duration = Duration::from_secs(5);

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

fn file_of(folder: &Path) -> PathBuf {
    folder.join(format!("{}.token", KeyName::of(&key())))
}

#[track_caller]
fn assert_fails<T: core::fmt::Debug>(outcome: Result<T, StoreError>, sentence: &str) -> StoreError {
    let error = outcome.unwrap_err();
    assert!(error.to_string().contains(sentence), "{error}");
    error
}

#[test]
fn a_path_that_cannot_be_a_store_is_named() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_fails(FileStore::open(&file), "/file is not a folder");
    assert_fails(FileStore::open(file.join("below")), "/file/below cannot be created");
    assert_fails(FileStore::open(folder.path().join("no/parent")), "/no/parent cannot be created");
    assert_fails(FileStore::open("/proc/wellspring"), "/proc/wellspring cannot be created");
    assert!(assert_fails(FileStore::open(""), "the path of the store is empty").is_refused());
}

#[test]
fn a_record_truncated_at_any_byte_is_an_error_and_stays() {
    let folder = Folder::new();
    let store = FileStore::open(folder.path()).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    let whole = fs::read(file_of(folder.path())).unwrap();
    for length in 0..whole.len() {
        fs::write(file_of(folder.path()), &whole[..length]).unwrap();
        let error = store.load(&key(), WITHIN).unwrap_err();
        assert!(error.is_unreadable(), "truncated to {length} bytes: {error}");
        let _ = store.save(&key(), None, &sample::record(3), WITHIN);
        assert_eq!(fs::read(file_of(folder.path())).unwrap(), whole[..length], "truncated to {length} bytes");
    }
    fs::write(file_of(folder.path()), &whole).unwrap();
    assert!(store.load(&key(), WITHIN).unwrap().stored.is_some());
}

#[test]
fn a_record_of_a_newer_format_is_reported_and_stays() {
    let folder = Folder::new();
    let store = FileStore::open(folder.path()).unwrap();
    let newer = format!("{:032x}\nwellspring record 7 canary\n", 5);
    write_private(&file_of(folder.path()), &newer);
    let sentence =
        "is of format 7; this version reads no format after 4, so a newer one wrote it: update this program";
    assert!(assert_fails(store.load(&key(), WITHIN), sentence).is_unreadable());
    let _ = store.save(&key(), None, &sample::record(3), WITHIN);
    assert_eq!(fs::read_to_string(file_of(folder.path())).unwrap(), newer);
}

#[test]
fn an_invalid_version_is_an_error_for_loads_saves_and_watches() {
    let folder = Folder::new();
    let store = FileStore::open(folder.path()).unwrap();
    for garbage in ["", "x", &"0".repeat(33), &format!("+{:031x}\n", 5), &format!("{:032X}\n", u128::MAX)] {
        write_private(&file_of(folder.path()), garbage);
        let sentence = ".token is corrupt: it does not begin with a version";
        assert!(assert_fails(store.load(&key(), WITHIN), sentence).is_unreadable());
        let version = wellspring_core::Version::new(5);
        assert!(assert_fails(store.watch(&key(), version, None, WITHIN), sentence).is_unreadable());
        for expected in [None, Some(version)] {
            let error = assert_fails(store.save(&key(), expected, &sample::record(3), WITHIN), sentence);
            assert_eq!(error.applied(), Applied::No);
        }
    }
}

#[test]
fn a_save_that_waits_for_a_lock_ends_at_its_deadline_and_loads_continue() {
    let folder = Folder::new();
    let store = FileStore::open(folder.path()).unwrap();
    let Swap::Done(version) = store.save(&key(), None, &sample::record(2), WITHIN).unwrap() else { panic!() };
    let save_locks = FileLocks::open(folder.path().join("locks"), "save").unwrap();
    let guard = save_locks.exclusive(&KeyName::of(&key()), WITHIN).unwrap();
    let saved = store.save(&key(), Some(version), &sample::record(3), Duration::from_millis(30));
    let error = assert_fails(saved, "was locked by another process or thread for longer than 30ms");
    assert_eq!((error.applied(), error.is_unreadable()), (Applied::No, false));
    assert!(store.load(&key(), WITHIN).unwrap().stored.is_some(), "a load waits for no save");
    let late = store.save(&key(), None, &sample::record(3), WITHIN).unwrap();
    assert_eq!(late, Swap::Conflict, "a save that can only conflict does not wait");
    drop(guard);
    assert!(matches!(store.save(&key(), Some(version), &sample::record(3), WITHIN), Ok(Swap::Done(_))));
}

#[test]
fn a_missing_folder_is_an_outage_and_not_an_empty_store() {
    let folder = Folder::new();
    let path = folder.path().join("store");
    let store = FileStore::open(&path).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    fs::rename(&path, folder.path().join("unmounted")).unwrap();
    let error =
        assert_fails(store.load(&key(), WITHIN), "/store does not exist: it was removed or unmounted");
    assert!(!error.is_unreadable());
    assert!(store.save(&key(), None, &sample::record(3), WITHIN).is_err());
    fs::rename(folder.path().join("unmounted"), &path).unwrap();
    assert!(store.load(&key(), WITHIN).unwrap().stored.is_some());
}

#[test]
fn an_emptied_store_is_empty_and_saves_records_again() {
    let folder = Folder::new();
    let store = FileStore::open(folder.path()).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    fs::remove_dir_all(folder.path().join("locks")).unwrap();
    fs::remove_file(file_of(folder.path())).unwrap();
    assert!(store.load(&key(), WITHIN).unwrap().stored.is_none());
    store.save(&key(), None, &sample::record(3), WITHIN).unwrap();
}

#[cfg(unix)]
#[test]
fn paths_that_other_users_can_access_are_listed() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let store = FileStore::open(folder.path()).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    assert_eq!(store.map().open_to_others(), [""; 0]);
    fs::set_permissions(file_of(folder.path()), fs::Permissions::from_mode(0o644)).unwrap();
    let listed = store.map().open_to_others();
    assert!(
        listed.len() == 1 && listed[0].ends_with("is open to others (mode 644): chmod 600 it"),
        "{listed:?}"
    );
}
