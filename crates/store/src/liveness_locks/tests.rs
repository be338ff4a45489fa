use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::vec;

use wellspring_core::TokenKey;

use super::*;
use crate::contract::Folder;
use crate::files;

fn name() -> KeyName {
    KeyName::of(&TokenKey::new("p", "e"))
}

fn open(folder: &Path) -> LivenessLocks {
    LivenessLocks::open(folder).unwrap()
}

fn domain(locks: &LivenessLocks) -> Option<LockDomain> {
    locks.acquire(&name(), Duration::ZERO).unwrap().domain()
}

/// One look at an unchanged record whose lease names this lock.
fn look(locks: &LivenessLocks, domain: Option<LockDomain>) -> WatchOutcome {
    let version = Version::new(1);
    locks.watch(&name(), version, domain, Duration::ZERO, |_| Ok(Some(version))).unwrap()
}

fn watch(
    mut load_version: impl FnMut(&LivenessLocks, &KeyName) -> Result<Option<Version>, StoreError>,
) -> Result<WatchOutcome, StoreError> {
    let folder = Folder::new();
    let (locks, name) = (open(folder.path()), name());
    let domain = domain(&locks);
    locks.watch(&name, Version::new(1), domain, Duration::ZERO, |_| load_version(&locks, &name))
}

#[test]
fn a_save_between_the_first_load_and_the_lock_is_a_change() {
    let mut versions = [1, 2].into_iter().map(Version::new);
    assert_eq!(watch(|_, _| Ok(versions.next())).unwrap(), WatchOutcome::Changed);
}

#[test]
fn no_liveness_lock_is_granted_while_the_version_is_loaded_again() {
    let mut granted = Vec::new();
    let outcome = watch(|locks, name| {
        granted.push(locks.acquire(name, Duration::ZERO).is_ok());
        Ok(Some(Version::new(1)))
    });
    assert_eq!((outcome.unwrap(), granted), (WatchOutcome::OwnerGone, vec![true, false]));
}

#[test]
fn a_failed_load_is_an_error_and_does_not_report_a_gone_owner() {
    let outcome = watch(|_, _| Err(StoreError::unavailable("x")));
    assert_eq!(outcome.unwrap_err().to_string(), "x");
}

#[test]
fn a_lock_file_that_is_removed_while_the_version_is_loaded_again_shows_nothing() {
    let folder = Folder::new();
    let (locks, version) = (open(folder.path()), Version::new(1));
    let domain = domain(&locks);
    let mut loads = 0;
    let outcome = locks.watch(&name(), version, domain, Duration::ZERO, |_| {
        loads += 1;
        if loads == 2 {
            fs::remove_file(locks.0.path(&name())).unwrap();
        }
        Ok(Some(version))
    });
    assert_eq!((outcome.unwrap(), loads), (WatchOutcome::OwnerUnknown, 2));
}

#[test]
fn processes_that_open_one_folder_by_two_paths_have_one_domain() {
    let folder = Folder::new();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let (here, there) = (open(&real.join("locks")), open(&link.join("locks")));
    assert_eq!((domain(&here).is_some(), domain(&here)), (true, domain(&there)));
    let lock = here.acquire(&name(), Duration::ZERO).unwrap();
    assert_eq!(look(&there, lock.domain()), WatchOutcome::Unchanged);
    let domain = lock.domain();
    drop(lock);
    assert_eq!(look(&there, domain), WatchOutcome::OwnerGone);
}

#[test]
fn the_locks_of_a_copied_folder_are_others_though_their_ids_are_copied() {
    let folder = Folder::new();
    let (original, copy) = (folder.path().join("original"), folder.path().join("copy"));
    let owner = open(&original);
    let lock = owner.acquire(&name(), Duration::ZERO).unwrap();
    let watcher = open(&copy);
    fs::copy(owner.0.path(&name()), watcher.0.path(&name())).unwrap();
    assert_eq!(look(&watcher, lock.domain()), WatchOutcome::OwnerUnknown);
    assert_ne!(domain(&watcher), lock.domain());
}

#[test]
fn the_locks_of_a_folder_that_was_made_anew_are_others() {
    let folder = Folder::new();
    let locks = open(&folder.path().join("locks"));
    let first = domain(&locks);
    fs::remove_dir_all(folder.path().join("locks")).unwrap();
    // A file system may give the new file the inode of the old one.
    let second = domain(&locks);
    assert!(first.is_some() && second.is_some() && first != second);
    assert_eq!(look(&locks, first), WatchOutcome::OwnerUnknown);
}

#[test]
fn a_watcher_creates_neither_a_lock_file_nor_its_folder() {
    let folder = Folder::new();
    let locks = open(&folder.path().join("locks"));
    let lock = locks.acquire(&name(), Duration::ZERO).unwrap();
    fs::remove_file(locks.0.path(&name())).unwrap();
    assert_eq!(look(&locks, lock.domain()), WatchOutcome::OwnerUnknown);
    assert!(!locks.0.path(&name()).exists());
    fs::remove_dir_all(folder.path().join("locks")).unwrap();
    assert_eq!(look(&locks, lock.domain()), WatchOutcome::OwnerUnknown);
    assert!(!folder.path().join("locks").exists());
}

/// Older versions of this store have left empty lock files. An id that was cut short by a full disk is none.
#[test]
fn a_lock_file_without_an_id_gets_one_once_no_process_holds_a_lock_on_it() {
    for contents in ["", "0123"] {
        let folder = Folder::new();
        let locks = open(folder.path());
        let path = locks.0.path(&name());
        files::open_or_create(&path).unwrap().write_all(contents.as_bytes()).unwrap();
        let held = locks.0.shared(&name(), Duration::ZERO).unwrap();
        assert_eq!(domain(&locks), None, "another process holds a lock that has no name");
        drop(held);
        let first = domain(&locks);
        assert!(first.is_some());
        assert_eq!((domain(&locks), fs::read(&path).unwrap().len()), (first, 33));
    }
}

#[test]
fn many_that_make_a_lock_file_at_once_agree_on_its_domain() {
    for _ in 0..20 {
        let folder = Folder::new();
        let locks = open(folder.path());
        let held = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| locks.acquire(&name(), Duration::from_secs(20)).unwrap()))
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).collect::<Vec<_>>()
        });
        let first = held[0].domain();
        assert!(first.is_some() && held.iter().all(|lock| lock.domain() == first), "{held:?}");
    }
}
