//! No other user gets in: the store uses only regular files and folders of this user that no other user can access.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use wellspring_core::{Loaded, Store as _, StoreError, Swap, TokenKey, Version};
use wellspring_store::contract::{Folder, sample, write_private};
use wellspring_store::{KeyName, Records};
use wellspring_store_file::FileStore;

const WITHIN: Duration = Duration::from_secs(60);
const STRANGER: u32 = 65_534;

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

struct Stage {
    folder: Folder,
    store: Records<FileStore>,
    version: Version,
}

impl Stage {
    fn new() -> Self {
        let folder = Folder::new();
        let store = FileStore::open(folder.path().join("store")).unwrap();
        let Swap::Done(version) = store.save(&key(), None, &sample::record(2), WITHIN).unwrap() else {
            panic!()
        };
        Self { folder, store, version }
    }

    fn path(&self, name: &str) -> PathBuf {
        let store = self.folder.path().join("store");
        if name.is_empty() { store } else { store.join(name) }
    }

    fn record(&self) -> PathBuf {
        self.path(&format!("{}.token", KeyName::of(&key())))
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        self.store.load(&key(), WITHIN)
    }

    fn save(&self) -> Result<Swap, StoreError> {
        self.store.save(&key(), Some(self.version), &sample::record(3), WITHIN)
    }
}

#[track_caller]
fn refused<T: core::fmt::Debug>(outcome: Result<T, StoreError>, path: &Path, pieces: &[&str]) {
    let error = outcome.unwrap_err();
    let text = error.to_string();
    assert!(error.is_refused() && text.contains(&path.display().to_string()), "{text}");
    assert!(pieces.iter().all(|piece| text.contains(piece)), "{text}");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Whether the test may give files to other users. Only root may.
fn is_root(folder: &Folder) -> bool {
    fs::metadata(folder.path()).unwrap().uid() == 0
}

#[test]
fn a_record_that_other_users_can_access_is_neither_read_nor_replaced() {
    let stage = Stage::new();
    let before = fs::read(stage.record()).unwrap();
    for mode in [0o644, 0o666, 0o640, 0o620, 0o602] {
        set_mode(&stage.record(), mode);
        let sentence = format!("is open to others (mode {mode:o}): chmod 600 it");
        refused(stage.load(), &stage.record(), &[&sentence]);
        refused(stage.save(), &stage.record(), &[&sentence]);
        refused(stage.store.watch(&key(), stage.version, None, WITHIN), &stage.record(), &[&sentence]);
    }
    set_mode(&stage.record(), 0o600);
    assert_eq!(fs::read(stage.record()).unwrap(), before);
    assert!(matches!(stage.save(), Ok(Swap::Done(_))), "corrected");
}

#[test]
fn only_a_regular_file_with_one_name_is_a_record_and_a_pipe_hangs_no_load() {
    let stage = Stage::new();
    let aside = stage.path("aside");
    let replace = |make: &dyn Fn(&Path)| {
        fs::rename(stage.record(), &aside).unwrap();
        make(&stage.record());
    };
    let restore = |remove: fn(&Path) -> std::io::Result<()>| {
        remove(&stage.record()).unwrap();
        fs::rename(&aside, stage.record()).unwrap();
    };
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());

    replace(&pipe);
    refused(stage.load(), &stage.record(), &["not a regular file"]);
    refused(stage.save(), &stage.record(), &["not a regular file"]);
    restore(|path| fs::remove_file(path));

    replace(&|path| fs::create_dir(path).unwrap());
    refused(stage.load(), &stage.record(), &["a folder, not a regular file"]);
    refused(stage.save(), &stage.record(), &["a folder, not a regular file"]);
    restore(|path| fs::remove_dir(path));

    replace(&|path| symlink(&aside, path).unwrap());
    refused(stage.load(), &stage.record(), &["symbolic link"]);
    refused(stage.save(), &stage.record(), &["symbolic link"]);
    restore(|path| fs::remove_file(path));

    fs::hard_link(stage.record(), &aside).unwrap();
    refused(stage.load(), &stage.record(), &["2 names"]);
    refused(stage.save(), &stage.record(), &["2 names"]);
    fs::remove_file(&aside).unwrap();

    let huge = fs::File::options().write(true).open(stage.record()).unwrap();
    let length = huge.metadata().unwrap().len();
    huge.set_len(1 << 40).unwrap();
    refused(stage.load(), &stage.record(), &["no record is as large"]);
    huge.set_len(length).unwrap();
    assert!(matches!(stage.save(), Ok(Swap::Done(_))), "corrected");
}

#[test]
fn a_folder_that_other_users_can_write_to_is_used_no_longer() {
    let stage = Stage::new();
    fs::create_dir(stage.path("spill")).unwrap();
    for mode in [0o1777, 0o777, 0o770, 0o702] {
        set_mode(&stage.path(""), mode);
        refused(FileStore::open(stage.path("")), &stage.path(""), &["writable by other users"]);
        refused(stage.load(), &stage.path(""), &["writable by other users", "chmod 700"]);
        refused(stage.save(), &stage.path(""), &["writable by other users"]);
        set_mode(&stage.path(""), 0o700);
        set_mode(&stage.path("spill"), mode);
        let loaded = stage.load().unwrap();
        assert!(loaded.stored.is_some(), "the record stays usable");
        let unseen = loaded.unseen_spills.map_or(Ok(()), Err);
        refused(unseen, &stage.path("spill"), &["writable by other users", "chmod 700"]);
        refused(
            stage.store.spill(&key(), &sample::pending_save(2)),
            &stage.path("spill"),
            &["writable by other users"],
        );
        set_mode(&stage.path("spill"), 0o700);
        set_mode(&stage.path("locks"), mode);
        refused(FileStore::open(stage.path("")), &stage.path("locks"), &["writable by other users"]);
        set_mode(&stage.path("locks"), 0o700);
    }
}

#[test]
fn a_lock_file_that_other_users_can_access_is_not_locked() {
    let stage = Stage::new();
    drop(stage.store.liveness_lock(&key(), WITHIN).unwrap());
    for entry in fs::read_dir(stage.path("locks")).unwrap() {
        set_mode(&entry.unwrap().path(), 0o666);
    }
    refused(
        stage.store.liveness_lock(&key(), WITHIN),
        &stage.path("locks/life"),
        &["(mode 666): chmod 600 it"],
    );
    refused(stage.save(), &stage.path("locks/save"), &["(mode 666): chmod 600 it"]);
}

#[test]
fn a_temporary_file_that_other_users_can_access_is_not_renamed_to_the_record() {
    let stage = Stage::new();
    let planted = stage.path(&format!("{}.token.new", KeyName::of(&key())));
    fs::copy(stage.record(), &planted).unwrap();
    set_mode(&planted, 0o666);
    refused(stage.load(), &planted, &["(mode 666): chmod 600 it"]);
    refused(stage.save(), &planted, &["(mode 666): chmod 600 it"]);
}

#[test]
fn a_store_that_is_opened_by_a_symbolic_link_has_its_locks_beside_the_data() {
    let stage = Stage::new();
    let link = stage.folder.path().join("link");
    symlink(stage.path(""), &link).unwrap();
    let by_link = FileStore::open(&link).unwrap();
    assert_eq!(by_link.map().folder(), fs::canonicalize(stage.path("")).unwrap());
    assert_eq!(by_link.spills().unwrap().folder(), fs::canonicalize(stage.path("")).unwrap().join("spill"));
    assert!(by_link.load(&key(), WITHIN).unwrap().stored.is_some());
    symlink(stage.path("none"), stage.folder.path().join("dangling")).unwrap();
    refused(
        FileStore::open(stage.folder.path().join("dangling")),
        &stage.folder.path().join("dangling"),
        &["symbolic link"],
    );
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    let stage = Stage::new();
    if !is_root(&stage.folder) {
        assert!(chown(stage.record(), Some(STRANGER), None).is_err(), "only root can make this test's files");
        return;
    }
    chown(stage.record(), Some(STRANGER), None).unwrap();
    let sentence = ["belongs to user 65534 (mode 600)", "chown 0 "];
    refused(stage.load(), &stage.record(), &sentence);
    refused(stage.save(), &stage.record(), &sentence);
    chown(stage.record(), Some(0), None).unwrap();

    let spills = stage.path("spill");
    stage.store.spill(&key(), &sample::pending_save(2)).unwrap();
    let spill = fs::read_dir(&spills).unwrap().next().unwrap().unwrap().path();
    chown(&spill, Some(STRANGER), None).unwrap();
    assert!(stage.load().unwrap().spilled.is_none(), "it stops only what it may have replaced");
    refused(stage.store.problems().into_iter().map(Err::<(), _>).next().unwrap(), &spill, &sentence);
    chown(&spill, Some(0), None).unwrap();

    for entry in fs::read_dir(stage.path("locks")).unwrap() {
        chown(entry.unwrap().path(), Some(STRANGER), None).unwrap();
    }
    refused(stage.save(), &stage.path("locks/save"), &sentence);
}

/// A container may mount a record without its folder: then no save can replace it, and what it shows may be old.
#[expect(clippy::disallowed_methods, reason = "the test starts itself again where it may mount")]
#[test]
fn a_record_that_is_mounted_without_its_folder_is_not_saved_and_the_error_says_why_at_once() {
    const MOUNTED: &str = "WELLSPRING_MOUNTED_RECORD";
    if let Some(path) = std::env::var_os(MOUNTED).map(PathBuf::from) {
        let store = FileStore::open(&path).unwrap();
        let version = store.load(&key(), WITHIN).unwrap().stored.unwrap().version;
        let saved = store.save(&key(), Some(version), &sample::record(3), WITHIN);
        refused(saved, &path, &["is mounted by itself", "mount its folder"]);
        return;
    }
    let mount = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script, "sh"]);
        command
    };
    if !mount("mount -t tmpfs tmpfs /mnt").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this user may not mount");
        return;
    }
    let stage = Stage::new();
    let status = mount(r#"mount --bind "$1" "$1" && exec "$2" --exact "$3""#)
        .args([stage.record(), std::env::current_exe().unwrap()])
        .arg("a_record_that_is_mounted_without_its_folder_is_not_saved_and_the_error_says_why_at_once")
        .env(MOUNTED, stage.path(""))
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn what_root_creates_in_the_store_of_a_user_belongs_to_that_user() {
    let folder = Folder::new();
    let store = folder.path().join("store");
    fs::create_dir(&store).unwrap();
    set_mode(&store, 0o700);
    if !is_root(&folder) {
        assert!(chown(&store, Some(STRANGER), None).is_err(), "only root can make this test's files");
        return;
    }
    chown(&store, Some(STRANGER), Some(STRANGER)).unwrap();
    let opened = FileStore::open(&store).unwrap();
    opened.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    opened.spill(&key(), &sample::pending_save(2)).unwrap();
    drop(opened.liveness_lock(&key(), WITHIN).unwrap());
    assert!(opened.load(&key(), WITHIN).unwrap().stored.is_some());
    let mut seen = 0;
    for below in ["", "locks", "spill"] {
        for entry in fs::read_dir(store.join(below)).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), (STRANGER, STRANGER), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 7, "the record, the spill key, two folders, two locks, a spill");
}

#[test]
fn a_store_that_another_user_put_in_the_way_of_root_is_refused() {
    let folder = Folder::new();
    let (shared, store) = (folder.path().join("shared"), folder.path().join("shared/store"));
    fs::create_dir_all(&store).unwrap();
    set_mode(&shared, 0o1777);
    set_mode(&store, 0o700);
    if !is_root(&folder) {
        assert!(chown(&store, Some(STRANGER), None).is_err(), "only root can make this test's files");
        return;
    }
    chown(&store, Some(STRANGER), Some(STRANGER)).unwrap();
    refused(FileStore::open(&store), &store, &["belongs to user 65534"]);
}

#[test]
fn problems_name_each_file_that_needs_a_person_and_say_what_to_do() {
    let stage = Stage::new();
    stage.store.spill(&key(), &sample::pending_save(2)).unwrap();
    drop(stage.store.liveness_lock(&key(), WITHIN).unwrap());
    assert_eq!(stage.store.problems().len(), 0);
    let spill = stage.store.spills().unwrap().files(&KeyName::of(&key())).unwrap().remove(0);
    let copy = stage.path(&format!("spill/{}-copy.spill", KeyName::of(&key())));
    fs::copy(&spill, &copy).unwrap();
    write_private(&stage.path("bad.token"), "x");
    write_private(&stage.path(&format!("{}.token.first.new", "0".repeat(64))), "x");
    set_mode(&stage.path("locks"), 0o755);
    let problems: Vec<_> = stage.store.problems().iter().map(ToString::to_string).collect();
    let said =
        |pieces: [&str; 2]| problems.iter().any(|text| pieces.iter().all(|piece| text.contains(piece)));
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(said(["-copy.spill", "it is ignored; move it away"]), "{problems:#?}");
    assert!(said(["bad.token is corrupt", "does not begin with a version"]), "{problems:#?}");
    let notes = stage.store.notes();
    assert!(notes.len() == 1 && notes[0].contains(".first.new is a save that is in progress"), "{notes:#?}");
    assert!(said(["locks is open to others (mode 755)", "chmod 700 it"]), "{problems:#?}");
}
