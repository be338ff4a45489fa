//! Clauses for a disk that is full or read-only: a child process mounts a small disk of its own.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use wellspring_core::{Applied, PendingSave, Store, StoreError, Swap};

use super::child::{self, Role};
use super::folder::Folder;
use super::handle::{Handle, TIMEOUT, assert_equal, expect_ok, key};
use super::sample;

/// The size of the disk, and its mode: no other user can write to it. The log and the shared memory of a database take part of it.
const SIZE: &str = "size=1m,mode=700";

/// The length of a token that does not fit in the rest.
const TOO_LONG: usize = 400_000;

type OpenStore<'a> = &'a dyn Fn(&Path) -> Result<Box<dyn Store>, StoreError>;

/// Runs the clauses of a store on a disk that is full or read-only. `test` is the name of the test that calls
/// [`run_child`](super::run_child). Where the user may not mount a disk, this prints a note to stderr and tests nothing.
///
/// # Panics
///
/// When the store breaks its contract, or the child process cannot be started.
pub fn check_on_small_disk(test: &str) {
    let may_mount = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this user may not mount a small disk");
        return;
    }
    let folder = Folder::new();
    let mount = format!("mount -t tmpfs -o {SIZE} tmpfs '{}' && exec \"$0\" \"$@\"", folder.path().display());
    let launcher = ["unshare", "-rm", "sh", "-c", &mount].map(OsStr::new);
    let status = child::command(&launcher, test, Role::SmallDisk, folder.path()).status();
    let status = status.expect("unshare can be started");
    assert!(status.success(), "the child on a small disk failed: {status}");
}

pub(super) fn use_small_disk(disk: &Path, open: OpenStore<'_>) {
    room_for_a_spill_grows_with_what_its_record_keeps(disk, open);
    let location = disk.join("store");
    a_full_disk_loses_nothing(disk, &location, open);
    room_for_a_spill_is_taken_before_the_lease(disk, &location, open);
    a_read_only_disk_serves_what_it_holds_and_refuses_saves(disk, &location, open);
}

fn a_full_disk_loses_nothing(disk: &Path, location: &Path, open: OpenStore<'_>) {
    let store = expect_ok("opening a store", open(location));
    let small = sample::counting(1);
    let large = sample::of_length(TOO_LONG);
    let Swap::Done(version) = expect_ok("a save", store.save(&key(), None, &small, TIMEOUT)) else {
        panic!("the first save in a new store returned a conflict")
    };
    let filler = fill(disk);
    let file_count = || fs::read_dir(location).ok().map(Iterator::count);
    let before = file_count();
    let error =
        store.save(&key(), Some(version), &large, TIMEOUT).expect_err("a save on a full disk succeeded");
    assert_equal(file_count(), before, "a save that a full disk refused left a file");
    assert!(!error.is_unreadable(), "a full disk is reported as an unreadable record: {error}");
    let stored = Handle::new(store).stored(&key()).expect("a full disk lost a record");
    assert!(sample::same(&stored.record, &small), "a full disk changed a record");
    assert_equal(stored.version, version, "a full disk changed a version");

    let store = expect_ok("opening a store on a full disk", open(location));
    fs::remove_file(filler).expect("the filler can be removed");
    let swap = expect_ok("a save after a full disk", store.save(&key(), Some(version), &large, TIMEOUT));
    assert!(matches!(swap, Swap::Done(_)), "a full disk changed a version");
}

/// Writes a file that takes all that is free.
fn fill(disk: &Path) -> PathBuf {
    let filler = disk.join("filler");
    let mut file = File::create(&filler).expect("the disk has room for a file name");
    while file.write_all(&[0; 1024]).is_ok() {}
    filler
}

fn room_for_a_spill_is_taken_before_the_lease(disk: &Path, location: &Path, open: OpenStore<'_>) {
    // The lock file exists, so a full disk prevents nothing but the room.
    drop(expect_ok(
        "a liveness lock",
        expect_ok("opening a store", open(location)).liveness_lock(&key(), TIMEOUT),
    ));
    let store = expect_ok("opening a store", open(location));
    let version = expect_ok("a load", store.load(&key(), TIMEOUT)).stored.map(|stored| stored.version);
    let pending_save = sample::pending_save(3);
    let filler = fill(disk);
    let lock = store.liveness_lock(&key(), TIMEOUT);
    let error = lock.expect_err("a lease on a full disk has no room for its token, and was granted");
    assert!(!error.is_permanent() && error.applied() == Applied::No, "a full disk is not retried: {error}");
    assert!(error.to_string().contains("room"), "the error does not say that room is missing: {error}");
    fs::remove_file(filler).expect("the filler can be removed");

    let lock = expect_ok("a liveness lock after a full disk", store.liveness_lock(&key(), TIMEOUT));
    let filler = fill(disk);
    let saved = store.save(&key(), version, &sample::of_length(TOO_LONG), TIMEOUT);
    saved.expect_err("a save on a full disk succeeded");
    expect_ok("a spill on a disk that was filled after the lease", store.spill(&key(), &pending_save));
    let found = expect_ok("a load", store.load(&key(), TIMEOUT)).spilled.expect("a spill is not found");
    assert!(sample::same_pending_save(&found, &pending_save), "a spill on a full disk is another token");
    drop(lock);
    expect_ok("forgetting a spill", store.forget_spill(&key(), pending_save.attempt));
    fs::remove_file(filler).expect("the filler can be removed");
}

fn room_for_a_spill_grows_with_what_its_record_keeps(disk: &Path, open: OpenStore<'_>) {
    // A place of its own, so that the disk is empty before and after.
    let folder = disk.join("attached");
    fs::create_dir(&folder).expect("the disk has room for a folder");
    let store = expect_ok("opening a store", open(&folder.join("store")));
    let lock = expect_ok("a liveness lock", store.liveness_lock(&key(), TIMEOUT));
    let lease = sample::with_attachments();
    let swap = expect_ok("a lease", store.save(&key(), None, &lease, TIMEOUT));
    assert!(matches!(swap, Swap::Done(_)), "a lease with attachments is a conflict");
    let filler = fill(disk);
    let pending_save = PendingSave { record: lease, ..sample::pending_save(3) };
    expect_ok(
        "a spill with attachments on a disk that was filled after the lease",
        store.spill(&key(), &pending_save),
    );
    drop((lock, store));
    fs::remove_file(filler).expect("the filler can be removed");
    fs::remove_dir_all(folder).expect("the folder can be removed");
}

fn a_read_only_disk_serves_what_it_holds_and_refuses_saves(
    disk: &Path,
    location: &Path,
    open: OpenStore<'_>,
) {
    let status = Command::new("mount").args(["-o", "remount,bind,ro"]).arg(disk).status();
    assert!(status.is_ok_and(|status| status.success()), "the small disk cannot be made read-only");
    let store = expect_ok("opening a store on a read-only disk", open(location));
    let loaded = expect_ok("a load on a read-only disk", store.load(&key(), TIMEOUT));
    let stored = loaded.stored.expect("a read-only disk lost a record");
    let again = expect_ok("a second load on a read-only disk", store.load(&key(), TIMEOUT)).stored;
    assert_equal(again.map(|stored| stored.version), Some(stored.version), "a record has another version");
    let saved = store.save(&key(), Some(stored.version), &sample::counting(3), TIMEOUT);
    let error = saved.expect_err("a save on a read-only disk succeeded");
    assert!(error.is_refused(), "a read-only disk is not reported as a refusal: {error}");
    let told = |error: &StoreError| error.to_string().to_lowercase().contains("read-only");
    assert!(told(&error), "the error does not say that the disk is read-only: {error}");
    let lock = store.liveness_lock(&key(), TIMEOUT);
    assert!(lock.is_err_and(|error| error.is_refused()), "a lease on a read-only disk is not refused");
}
