//! What only a disk that is full, or can only be read, can show: a child mounts a small one for itself.

use core::time::Duration;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use wellspring_core::{Store, StoreError, Swap};

use super::processes::child;
use super::{AMPLE, Folder, Handle, done, equal, key, sample};

/// Part of a child, on its small disk.
pub(super) const PART: &str = "disk";

/// Its size: a database's log and shared memory take some of it.
const SIZE: &str = "size=1m";

/// More than fits beside them.
const TOO_MUCH: usize = 400_000;

type Opening<'a> = &'a dyn Fn(&Path) -> Result<Box<dyn Store>, StoreError>;

/// Holds a store on a disk to what it owes when the disk is full or can only be read. `part` is the name of the test
/// that calls [`play_part`](super::play_part). Says so on stderr, and does nothing, where nobody may mount anything.
///
/// # Panics
///
/// When the store breaks its contract, or the child cannot be started.
pub fn on_a_small_disk(part: &str) {
    let may_mount = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        eprintln!("not tried: nobody may mount a small disk here");
        return;
    }
    let folder = Folder::new();
    let this = std::env::current_exe().expect("a test knows where it is");
    let mount = format!("mount -t tmpfs -o {SIZE} tmpfs '{}' && exec \"$0\" \"$@\"", folder.path().display());
    let before =
        [OsStr::new("-rm"), OsStr::new("sh"), OsStr::new("-c"), OsStr::new(&mount), this.as_os_str()];
    let mut child = child(OsStr::new("unshare"), &before, part, PART, folder.path());
    let status = child.status().expect("unshare can be started");
    assert!(status.success(), "the child on a small disk failed: {status}");
}

pub(super) fn play(disk: &Path, open: Opening<'_>) {
    let place = disk.join("store");
    a_full_disk_loses_nothing(disk, &place, open);
    a_disk_that_can_only_be_read_is_told(disk, &place, open);
}

fn a_full_disk_loses_nothing(disk: &Path, place: &Path, open: Opening<'_>) {
    let store = done("opening a store", open(place));
    let small = sample::counting(1);
    let large = sample::of_length(TOO_MUCH);
    let Swap::Done(version) = done("a save", store.save(&key(), None, &small, AMPLE)) else {
        panic!("a first save met something")
    };
    let filler = disk.join("filler");
    let mut file = File::create(&filler).expect("there is room for a name");
    while file.write_all(&[0; 1024]).is_ok() {}
    let names = || fs::read_dir(place).ok().map(Iterator::count);
    let before = names();
    let error = store.save(&key(), Some(version), &large, AMPLE).expect_err("a full disk took a record");
    equal(names(), before, "what a full disk would not take is half there");
    assert!(!error.is_unreadable(), "a full disk counts as garbage: {error}");
    let kept = Handle(store).stored(&key()).expect("a full disk has lost a record");
    assert!(sample::same(&kept.record, &small), "a full disk has changed a record");
    equal(kept.version, version, "a full disk has changed a version");

    let store = done("opening a store on a full disk", open(place));
    drop(file);
    fs::remove_file(filler).expect("a file can be removed");
    let swap = done("a save after a full disk", store.save(&key(), Some(version), &large, AMPLE));
    assert!(matches!(swap, Swap::Done(_)), "a full disk has changed a version");
}

fn a_disk_that_can_only_be_read_is_told(disk: &Path, place: &Path, open: Opening<'_>) {
    let status = Command::new("mount").args(["-o", "remount,ro"]).arg(disk).status();
    assert!(status.is_ok_and(|status| status.success()), "the small disk cannot be made read-only");
    match open(place) {
        Err(error) => {
            assert!(!error.is_unreadable(), "a disk that can only be read counts as garbage: {error}")
        }
        Ok(store) => {
            let loaded = done("a load", store.load(&key(), AMPLE)).stored.expect("a record is absent");
            let saved =
                store.save(&key(), Some(loaded.version), &sample::counting(3), Duration::from_secs(1));
            let error = saved.expect_err("a disk that can only be read took a record");
            assert!(!error.is_unreadable(), "a disk that can only be read counts as garbage: {error}");
        }
    }
}
