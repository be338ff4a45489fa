//! Which files of the spill folder are used, which are ignored, and which are errors.

use core::time::Duration;
use std::time::SystemTime;

use wellspring_core::{Lease, Store as _, TokenKey, Version};

use super::*;
use crate::contract::{Folder, sample, write_private};
use crate::map::{Entry, Map as _};
use crate::memory::MemoryStore;
use crate::records::Records;

const WITHIN: Duration = Duration::from_secs(60);

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

/// A store that has its spill key, with this folder for spills.
fn store_with(folder: &Path) -> Records<MemoryStore> {
    let store = MemoryStore::open().with_spills(folder);
    store.save(&TokenKey::new("any", "key"), None, &sample::counting(1), WITHIN).unwrap();
    store
}

fn only_file(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files.next().unwrap();
    assert!(files.next().is_none());
    file
}

fn found(spills: &Spills, name: &KeyName) -> Result<Option<PendingSave>, StoreError> {
    Ok(spills.find(&spills.files(name)?, name, None, None)?.found)
}

/// Why the spill of the leased attempt cannot be used. The record beside it is loaded all the same.
fn unusable(store: &Records<MemoryStore>) -> StoreError {
    let loaded = store.load(&key(), WITHIN).unwrap();
    assert!(loaded.stored.is_some() && loaded.spilled.is_none());
    loaded.unusable_spill.unwrap()
}

#[test]
fn a_spilled_token_that_cannot_be_decoded_is_named_and_stays() {
    let folder = Folder::new();
    let spills = Spills::new(folder.path());
    let (name, pending_save) = (KeyName::of(&TokenKey::new("p", "e")), sample::pending_save(1));
    spills.put(&name, &pending_save, None, None).unwrap();
    let path = spills.files(&name).unwrap().remove(0);
    fs::write(&path, "canary").unwrap();
    assert!(found(&spills, &name).unwrap().is_none(), "no lease names its attempt");
    let error = spills.problems(None).remove(0);
    let text = error.to_string();
    assert!(error.is_unreadable() && text.contains(&path.display().to_string()), "{text}");
    assert!(!format!("{error:?}").contains("canary"));
    assert_eq!(fs::read(&path).unwrap(), b"canary");
}

#[test]
fn a_load_ignores_the_temporary_file_of_a_crash_and_forgetting_the_spill_removes_it() {
    let folder = Folder::new();
    let spills = Spills::new(folder.path());
    let (name, pending_save) = (KeyName::of(&TokenKey::new("p", "e")), sample::pending_save(1));
    let temporary = folder.path().join(format!("{name}-{}{EXTENSION}.new", pending_save.attempt));
    files::replace(&temporary, &folder.path().join("t"), &[b"incomplete"]).unwrap();
    assert!(found(&spills, &name).unwrap().is_none());
    spills.forget(&name, pending_save.attempt).unwrap();
    assert!(!temporary.exists());
}

#[test]
fn a_path_that_is_not_a_folder_is_an_error_for_loads_and_spills() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let spills = Spills::new(&file);
    let name = KeyName::of(&TokenKey::new("p", "e"));
    assert!(found(&spills, &name).unwrap_err().to_string().ends_with("file is not a folder: move it away"));
    let error = spills.put(&name, &sample::pending_save(1), None, None).unwrap_err();
    assert!(error.to_string().ends_with("file is not a folder: move it away"), "{error}");
}

#[test]
fn a_spill_of_another_store_is_ignored_and_reported_and_stays() {
    let folder = Folder::new();
    let (ours, theirs) = (store_with(folder.path()), store_with(folder.path()));
    theirs.spill(&key(), &sample::pending_save(1)).unwrap();
    assert!(theirs.load(&key(), WITHIN).unwrap().spilled.is_some());
    assert!(ours.load(&key(), WITHIN).unwrap().spilled.is_none());
    let file = only_file(folder.path());
    let problems = ours.problems();
    assert!(problems.len() == 1 && problems[0].to_string().contains(file.to_str().unwrap()), "{problems:?}");
    assert!(problems[0].to_string().contains("is ignored; move it away"), "{problems:?}");
    assert_eq!(theirs.problems().len(), 0);
}

#[test]
fn a_spill_that_was_altered_is_ignored_and_hides_no_other() {
    let folder = Folder::new();
    let store = store_with(folder.path());
    store.spill(&key(), &sample::pending_save(1)).unwrap();
    let file = only_file(folder.path());
    let whole = fs::read(&file).unwrap();
    for at in [0, 20, 90, whole.len() / 2, whole.len() - 1] {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(&file, altered).unwrap();
        let loaded = store.load(&key(), WITHIN);
        assert!(loaded.is_err() || loaded.unwrap().spilled.is_none(), "byte {at}");
        assert_eq!(store.problems().len(), 1, "byte {at}");
    }
    store.spill(&key(), &sample::pending_save(2)).unwrap();
    assert!(store.load(&key(), WITHIN).unwrap().spilled.is_some());
}

#[test]
fn a_copy_of_a_spill_is_not_found_so_what_is_found_can_be_removed() {
    let folder = Folder::new();
    let store = store_with(folder.path());
    let pending_save = sample::pending_save(1);
    store.spill(&key(), &pending_save).unwrap();
    let file = only_file(folder.path());
    let name = KeyName::of(&key());
    for copy in
        ["copy", "0000000000000000-1", "0000000000000000-1-copy", &format!("{}-copy", pending_save.attempt)]
    {
        fs::copy(&file, folder.path().join(format!("{name}-{copy}.spill"))).unwrap();
    }
    let found = store.load(&key(), WITHIN).unwrap().spilled.unwrap();
    store.forget_spill(&key(), found.attempt).unwrap();
    assert!(store.load(&key(), WITHIN).unwrap().spilled.is_none());
    assert_eq!((fs::read_dir(folder.path()).unwrap().count(), store.problems().len()), (4, 4));
}

#[test]
fn a_copy_under_another_name_is_not_even_opened() {
    let folder = Folder::new();
    let store = store_with(folder.path());
    let planted = folder.path().join(format!("{}-x.spill", KeyName::of(&key())));
    // Other users can read it: as a spill it would be refused.
    fs::write(&planted, "canary").unwrap();
    assert!(store.load(&key(), WITHIN).unwrap().spilled.is_none());
    assert_eq!(fs::read(&planted).unwrap(), b"canary");
}

#[test]
fn a_whole_spill_that_was_not_yet_renamed_is_found_and_forgotten() {
    let folder = Folder::new();
    let store = store_with(folder.path());
    let pending_save = sample::pending_save(1);
    store.spill(&key(), &pending_save).unwrap();
    let file = only_file(folder.path());
    let whole = fs::read(&file).unwrap();
    let unnamed = files::with_suffix(&file, UNNAMED);
    fs::remove_file(&file).unwrap();
    for length in [0, 30, whole.len() - 1] {
        write_private(&unnamed, &whole[..length]);
        assert!(store.load(&key(), WITHIN).unwrap().spilled.is_none(), "{length} bytes");
        assert!(store.problems()[0].to_string().contains("is an interrupted spill"), "{length} bytes");
    }
    write_private(&unnamed, &whole);
    let found = store.load(&key(), WITHIN).unwrap().spilled.unwrap();
    assert!(sample::same_pending_save(&found, &pending_save));
    store.forget_spill(&key(), found.attempt).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A spill that is bound to no store, as an earlier version wrote it.
fn put_unbound(folder: &Path, number: u64) -> PendingSave {
    let pending_save = sample::of_format_1(sample::pending_save(number));
    Spills::new(folder).put(&KeyName::of(&key()), &pending_save, None, None).unwrap();
    pending_save
}

#[test]
fn a_spill_of_an_earlier_version_is_found_before_and_after_the_store_gets_its_key() {
    let folder = Folder::new();
    let pending_save = put_unbound(folder.path(), 1);
    assert!(fs::read(only_file(folder.path())).unwrap().starts_with(b"wellspring spill 1 "));
    let store = MemoryStore::open().with_spills(folder.path());
    for saves in 0..2 {
        let found = store.load(&key(), WITHIN).unwrap().spilled.unwrap();
        assert!(sample::same_pending_save(&found, &pending_save), "after {saves} saves");
        assert_eq!(store.problems().len(), 0, "after {saves} saves");
        store.save(&TokenKey::new("any", "key"), None, &sample::counting(1), WITHIN).unwrap();
    }
    assert!(store.parts().known_spill_key().is_some(), "the store has a key");
}

#[test]
fn an_unbound_spill_that_is_put_beside_a_store_with_a_key_is_ignored_and_reported_and_hides_no_other() {
    let folder = Folder::new();
    let store = store_with(folder.path());
    put_unbound(folder.path(), 1);
    let planted = only_file(folder.path());
    assert!(store.load(&key(), WITHIN).unwrap().spilled.is_none());
    let problems = store.problems();
    assert!(
        problems.len() == 1 && problems[0].to_string().contains("without the store's key"),
        "{problems:?}"
    );
    store.spill(&key(), &sample::pending_save(2)).unwrap();
    let found = store.load(&key(), WITHIN).unwrap().spilled.unwrap();
    assert!(sample::same_pending_save(&found, &sample::pending_save(2)));
    assert!(planted.exists(), "it is not removed");
}

#[test]
fn the_key_is_known_before_a_lease_can_be_saved() {
    let folder = Folder::new();
    let store = MemoryStore::open().with_spills(folder.path());
    assert!(store.parts().known_spill_key().is_none());
    drop(store.liveness_lock(&key(), WITHIN).unwrap());
    assert!(store.parts().known_spill_key().is_some());
}

#[test]
fn a_store_that_was_emptied_gets_a_new_key_and_its_old_spills_are_foreign() {
    let folder = Folder::new();
    store_with(folder.path()).spill(&key(), &sample::pending_save(1)).unwrap();
    let emptied = store_with(folder.path());
    assert!(emptied.load(&key(), WITHIN).unwrap().spilled.is_none());
}

#[test]
fn a_process_binds_its_spills_as_soon_as_it_has_loaded_or_saved_anything() {
    let map = MemoryStore::default();
    let first_line = |store: &Records<MemoryStore>| {
        let pending_save = sample::of_format_1(sample::pending_save(1));
        store.spill(&key(), &pending_save).unwrap();
        let bytes = fs::read(only_file(store.spills().unwrap().folder())).unwrap();
        store.forget_spill(&key(), pending_save.attempt).unwrap();
        String::from_utf8(bytes).unwrap().lines().next().unwrap()[..18].to_owned()
    };
    let open = |folder: &Folder| Records::new(map.clone()).with_spills(folder.path());
    let folder = Folder::new();
    let saving = open(&folder);
    assert_eq!(first_line(&saving), "wellspring spill 1", "it knows no key yet");
    saving.save(&key(), None, &sample::counting(1), WITHIN).unwrap();
    assert_eq!(first_line(&saving), "wellspring spill 2");
    let loading = open(&folder);
    loading.load(&key(), WITHIN).unwrap();
    assert_eq!(first_line(&loading), "wellspring spill 2");
}

#[test]
fn a_spill_folder_that_cannot_be_used_prevents_no_renewal() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for unusable in [file, folder.path().join("no/parent")] {
        let store = store_with(&unusable);
        assert!(store.liveness_lock(&key(), WITHIN).is_ok(), "{}", unusable.display());
        assert!(store.spill(&key(), &sample::pending_save(1)).is_err(), "{}", unusable.display());
    }
}

#[test]
fn only_a_full_disk_prevents_a_renewal_for_want_of_room() {
    use std::io::{Error, ErrorKind};
    let full = |kind: ErrorKind| is_of_full_disk(&files::failed("x", Path::new("/s"), Error::from(kind)));
    assert!([ErrorKind::StorageFull, ErrorKind::QuotaExceeded].into_iter().all(full));
    let others = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem, ErrorKind::NotFound];
    assert!(!others.into_iter().any(full));
}

/// A store whose record has a lease of the attempt of this spilled token.
fn store_with_lease_of(pending_save: &PendingSave, folder: &Path) -> Records<MemoryStore> {
    let store = store_with(folder);
    let mut record = sample::counting(1);
    let lease = (1..).find_map(|number| sample::record(number).lease).unwrap();
    record.lease = Some(Lease { attempt: pending_save.attempt, ..lease });
    store.save(&key(), None, &record, WITHIN).unwrap();
    store
}

#[test]
fn a_damaged_spill_of_the_leased_attempt_is_named_beside_the_record() {
    let folder = Folder::new();
    let pending_save = sample::pending_save(1);
    let store = store_with_lease_of(&pending_save, folder.path());
    store.spill(&key(), &pending_save).unwrap();
    let file = only_file(folder.path());
    let whole = fs::read(&file).unwrap();
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(&file, altered).unwrap();
        let error = unusable(&store);
        let text = error.to_string();
        assert!(error.is_unreadable() && text.contains(file.to_str().unwrap()), "byte {at}: {text}");
    }
    for other in [store_with(folder.path()), store_with_lease_of(&sample::pending_save(2), folder.path())] {
        let loaded = other.load(&key(), WITHIN).unwrap();
        assert!(
            loaded.spilled.is_none() && loaded.unusable_spill.is_none(),
            "the lease is of another attempt"
        );
    }
    fs::write(&file, whole).unwrap();
    let loaded = store.load(&key(), WITHIN).unwrap();
    assert!(loaded.spilled.is_some() && loaded.unusable_spill.is_none());
}

/// What a person must correct stops only the sending of the refresh token that it may have replaced.
#[cfg(unix)]
#[test]
fn a_pipe_a_folder_or_a_huge_file_in_the_place_of_a_spill_stops_only_its_own_attempt() {
    let folder = Folder::new();
    let pending_save = sample::pending_save(1);
    let leased = store_with_lease_of(&pending_save, folder.path());
    leased.spill(&key(), &pending_save).unwrap();
    let file = only_file(folder.path());
    let other = store_with(folder.path());
    for kind in ["pipe", "folder", "huge", "link", "open"] {
        fs::remove_file(&file).or_else(|_| fs::remove_dir(&file)).unwrap();
        match kind {
            "pipe" => {
                assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
            }
            "folder" => fs::create_dir(&file).unwrap(),
            "link" => std::os::unix::fs::symlink("/dev/null", &file).unwrap(),
            "open" => {
                use std::os::unix::fs::PermissionsExt as _;
                fs::write(&file, "x").unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
            }
            _ => {
                write_private(&file, "x");
                fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(5 << 30).unwrap();
            }
        }
        let loaded = other.load(&key(), WITHIN).unwrap();
        assert!(loaded.spilled.is_none() && loaded.unusable_spill.is_none(), "{kind}");
        let error = unusable(&leased).to_string();
        let found: Vec<_> = other.problems().iter().map(ToString::to_string).collect();
        assert_eq!(found, [error], "{kind}: doctor says the same");
    }
}

#[test]
fn an_interrupted_spill_of_the_leased_attempt_is_named_until_it_is_complete_or_removed() {
    let folder = Folder::new();
    let pending_save = sample::pending_save(1);
    let store = store_with_lease_of(&pending_save, folder.path());
    store.spill(&key(), &pending_save).unwrap();
    let file = only_file(folder.path());
    let whole = fs::read(&file).unwrap();
    let unnamed = files::with_suffix(&file, UNNAMED);
    fs::remove_file(&file).unwrap();
    for length in [0, 30, whole.len() - 1] {
        write_private(&unnamed, &whole[..length]);
        let error = unusable(&store);
        assert!(!error.is_permanent(), "its process may complete it: {error}");
        assert!(error.to_string().contains(unnamed.to_str().unwrap()), "{error}");
    }
    write_private(&file, &whole);
    assert!(store.load(&key(), WITHIN).unwrap().spilled.is_some(), "the other file is no obstacle");
    store.forget_spill(&key(), pending_save.attempt).unwrap();
    assert!(store.load(&key(), WITHIN).unwrap().spilled.is_none());
}

#[test]
fn a_damaged_spill_key_hides_the_spills_and_not_the_record() {
    let folder = Folder::new();
    let pending_save = sample::pending_save(1);
    let store = store_with_lease_of(&pending_save, folder.path());
    store.spill(&key(), &pending_save).unwrap();
    let name = KeyName::of_spill_key();
    let version = store.map().load(&name, WITHIN).unwrap().unwrap().version;
    let damaged = Entry { version: Version::new(7), bytes: b"canary".to_vec().into() };
    assert!(store.map().swap(&name, Some(version), &damaged, WITHIN).unwrap());
    let loaded = store.load(&key(), WITHIN).unwrap();
    assert!(loaded.stored.is_some() && loaded.spilled.is_none() && loaded.unusable_spill.is_none());
    let error = loaded.unseen_spills.unwrap().to_string();
    assert!(error.contains("spill key") && !error.contains("canary"), "{error}");
    assert!(store.problems().iter().any(|problem| problem.to_string() == error), "doctor says the same");
}

/// Sets when the folder was last changed.
fn set_changed(folder: &Path, changed: SystemTime) {
    fs::File::open(folder).unwrap().set_modified(changed).unwrap();
}

#[test]
fn a_folder_is_listed_again_as_soon_as_it_has_changed() {
    let folder = Folder::new();
    let store = store_with(folder.path());
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    set_changed(folder.path(), old);
    assert!(store.load(&key(), WITHIN).unwrap().spilled.is_none());
    let name = KeyName::of(&key());
    let spills = store.spills().unwrap();
    write_private(&folder.path().join(format!("{name}-0000000000000000-1.spill")), "x");
    set_changed(folder.path(), old);
    assert!(spills.files(&name).unwrap().is_empty(), "an unchanged folder is not listed");
    set_changed(folder.path(), old + Duration::from_nanos(1));
    assert_eq!(spills.files(&name).unwrap().len(), 1);
}

#[test]
fn a_folder_that_has_just_changed_is_listed_each_time() {
    let folder = Folder::new();
    let (spills, name) = (Spills::new(folder.path()), KeyName::of(&key()));
    // A clock that was set back gives the same times again.
    let changed = fs::metadata(folder.path()).unwrap().modified().unwrap() + Duration::from_secs(3_600);
    set_changed(folder.path(), changed);
    assert!(spills.files(&name).unwrap().is_empty());
    write_private(&folder.path().join(format!("{name}-0000000000000000-1.spill")), "x");
    set_changed(folder.path(), changed);
    assert_eq!(spills.files(&name).unwrap().len(), 1);
}
