//! No other user gets in: the store uses only a database, side files and folders of this user that no other user can
//! access.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test asserts success by unwrapping")]

use core::time::Duration;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use wellspring_core::{Store as _, StoreError, Swap, TokenKey, Version};
use wellspring_store::contract::{Folder, sample};
use wellspring_store::{KeyName, Records};
use wellspring_store_sqlite::SqliteStore;

const WITHIN: Duration = Duration::from_secs(60);
const STRANGER: u32 = 65_534;

fn key() -> TokenKey {
    TokenKey::new("p", "e")
}

struct Stage {
    folder: Folder,
    store: Records<SqliteStore>,
    version: Version,
}

impl Stage {
    fn new() -> Self {
        let folder = Folder::new();
        let store = SqliteStore::open(folder.path().join("w.db")).unwrap();
        let Swap::Done(version) = store.save(&key(), None, &sample::record(2), WITHIN).unwrap() else {
            panic!()
        };
        Self { folder, store, version }
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.folder.path().join(format!("w.db{suffix}"))
    }

    fn open(&self) -> Result<Records<SqliteStore>, StoreError> {
        SqliteStore::open(self.path(""))
    }

    fn load(&self) -> Result<wellspring_core::Loaded, StoreError> {
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
fn a_database_that_other_users_can_access_is_neither_read_nor_written() {
    let stage = Stage::new();
    for mode in [0o644, 0o666, 0o640, 0o620] {
        set_mode(&stage.path(""), mode);
        let sentence = format!("is open to others (mode {mode:o}): chmod 600 it");
        refused(stage.open(), &stage.path(""), &[&sentence]);
        refused(stage.load(), &stage.path(""), &[&sentence]);
        refused(stage.save(), &stage.path(""), &[&sentence]);
        refused(stage.store.watch(&key(), stage.version, None, WITHIN), &stage.path(""), &[&sentence]);
    }
    set_mode(&stage.path(""), 0o600);
    assert!(matches!(stage.save(), Ok(Swap::Done(_))), "corrected");
}

#[test]
fn a_log_or_shared_memory_that_other_users_can_access_is_not_used() {
    let stage = Stage::new();
    for suffix in ["-wal", "-shm"] {
        set_mode(&stage.path(suffix), 0o666);
        refused(stage.open(), &stage.path(suffix), &["(mode 666): chmod 600 it"]);
        set_mode(&stage.path(suffix), 0o600);
    }
    assert!(stage.open().is_ok());
}

#[test]
fn a_side_file_that_lies_there_before_the_database_is_judged_too() {
    for suffix in ["-wal", "-shm", "-journal"] {
        let folder = Folder::new();
        let (path, side) = (folder.path().join("w.db"), folder.path().join(format!("w.db{suffix}")));
        fs::write(&side, "").unwrap();
        set_mode(&side, 0o666);
        refused(SqliteStore::open(&path), &side, &["(mode 666): chmod 600 it"]);
    }
}

#[test]
fn the_folders_of_locks_and_spills_are_used_only_if_no_other_user_can_write_to_them() {
    let stage = Stage::new();
    stage.store.spill(&key(), &sample::pending_save(2)).unwrap();
    for mode in [0o1777, 0o777, 0o770] {
        set_mode(&stage.path(".life"), mode);
        refused(stage.open(), &stage.path(".life"), &["writable by other users", "chmod 700"]);
        set_mode(&stage.path(".life"), 0o700);
        set_mode(&stage.path(".spill"), mode);
        let unseen = stage.load().unwrap().unseen_spills.map_or(Ok(()), Err);
        refused(unseen, &stage.path(".spill"), &["writable by other users", "chmod 700"]);
        let spilled = stage.store.spill(&key(), &sample::pending_save(3));
        refused(spilled, &stage.path(".spill"), &["writable by other users", "chmod 700"]);
        set_mode(&stage.path(".spill"), 0o700);
    }
    assert!(stage.load().unwrap().spilled.is_some());
    drop(stage.store.liveness_lock(&key(), WITHIN).unwrap());
    for entry in fs::read_dir(stage.path(".life")).unwrap() {
        set_mode(&entry.unwrap().path(), 0o666);
    }
    refused(stage.store.liveness_lock(&key(), WITHIN), &stage.path(".life"), &["(mode 666): chmod 600 it"]);
}

#[test]
fn a_database_in_a_folder_where_other_users_can_exchange_its_files_is_not_used() {
    let stage = Stage::new();
    let folder = stage.folder.path();
    for mode in [0o1777, 0o777, 0o702, 0o1775] {
        set_mode(folder, mode);
        let advice = if mode & 0o1000 == 0 {
            "run `chmod 700 "
        } else {
            "if it is meant for many users, as /tmp is, "
        };
        let sentence = format!("is writable by other users (mode {mode:o}): {advice}");
        refused(stage.open(), folder, &[&sentence]);
        refused(stage.load(), folder, &[&sentence]);
        refused(stage.save(), folder, &[&sentence]);
        refused(stage.store.watch(&key(), stage.version, None, WITHIN), folder, &[&sentence]);
        assert!(stage.store.problems().iter().any(|error| error.to_string().contains(&sentence)), "{mode:o}");
        let fresh = folder.join("other.db");
        refused(SqliteStore::open(&fresh), folder, &[&sentence]);
        assert!(!fresh.exists(), "nothing is created there");
    }
    set_mode(folder, 0o775);
    assert!(stage.open().is_ok() && stage.load().is_ok());
    assert_eq!(stage.store.problems().len(), 0);
    // SQLite itself has a note where it is an old one.
    let of_folder = || {
        let notes = stage.store.notes();
        notes.into_iter().filter(|note| note.contains(" is writable by ")).collect::<Vec<_>>()
    };
    let notes = of_folder();
    assert!(notes.len() == 1 && notes[0].contains("is writable by its group (mode 775)"), "{notes:?}");
    set_mode(folder, 0o755);
    assert_eq!(of_folder(), [""; 0]);
}

#[test]
fn a_database_in_the_folder_of_another_user_is_not_used() {
    let (around, stage) = (Folder::new(), Stage::new());
    let folder = around.path().join("theirs");
    fs::create_dir(&folder).unwrap();
    set_mode(around.path(), 0o777);
    if !is_root(&around) {
        assert!(chown(&folder, Some(STRANGER), None).is_err(), "only root can make this test's files");
        return;
    }
    chown(&folder, Some(STRANGER), None).unwrap();
    refused(SqliteStore::open(folder.join("w.db")), &folder, &["belongs to user 65534"]);
    chown(stage.folder.path(), Some(STRANGER), None).unwrap();
    set_mode(stage.folder.path(), 0o1777);
    refused(stage.load(), stage.folder.path(), &[]);
}

#[test]
fn only_a_regular_file_with_one_name_is_a_database_and_a_pipe_hangs_no_open() {
    let folder = Folder::new();
    let path = folder.path().join("w.db");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    refused(SqliteStore::open(&path), &path, &["not a regular file"]);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused(SqliteStore::open(&path), &path, &["is a folder, not a database"]);

    let stage = Stage::new();
    fs::hard_link(stage.path(""), stage.path(".other")).unwrap();
    refused(SqliteStore::open(stage.path(".other")), &stage.path(".other"), &["2 names"]);
    refused(stage.load(), &stage.path(""), &["2 names"]);
    refused(stage.save(), &stage.path(""), &["2 names"]);
}

#[test]
fn a_database_that_is_opened_by_a_symbolic_link_has_its_side_files_beside_the_data() {
    let stage = Stage::new();
    let elsewhere = Folder::new();
    let link = elsewhere.path().join("link.db");
    symlink(stage.path(""), &link).unwrap();
    let by_link = SqliteStore::open(&link).unwrap();
    assert_eq!(by_link.map().path(), fs::canonicalize(stage.path("")).unwrap());
    let Swap::Done(_) = by_link.save(&key(), Some(stage.version), &sample::record(3), WITHIN).unwrap() else {
        panic!()
    };
    let _alive = by_link.liveness_lock(&key(), WITHIN).unwrap();
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1, "nothing but the link");
    assert_eq!(stage.save().unwrap(), Swap::Conflict, "both see one database");
}

/// A container may mount the database without its folder: then SQLite's log lies beside another path.
#[expect(clippy::disallowed_methods, reason = "the test starts itself again where it may mount")]
#[test]
fn a_database_that_is_mounted_without_its_folder_is_refused() {
    const MOUNTED: &str = "WELLSPRING_MOUNTED_DATABASE";
    if let Some(path) = std::env::var_os(MOUNTED).map(PathBuf::from) {
        refused(SqliteStore::open(&path), &path, &["is mounted by itself", "mount its folder"]);
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
    let path = stage.path(".mounted");
    fs::write(&path, "").unwrap();
    let status = mount(r#"mount --bind "$1" "$2" && exec "$3" --exact "$4""#)
        .args([stage.path(""), path.clone(), std::env::current_exe().unwrap()])
        .arg("a_database_that_is_mounted_without_its_folder_is_refused")
        .env(MOUNTED, &path)
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_table_that_was_dropped_is_told_at_once() {
    let stage = Stage::new();
    let other = Connection::open(stage.path("")).unwrap();
    other.execute_batch("DROP TABLE record").unwrap();
    refused(stage.load(), &stage.path(""), &["has no table as this store created it"]);
    refused(stage.save(), &stage.path(""), &["has no table as this store created it"]);
    refused(stage.open(), &stage.path(""), &["the table of", "was dropped"]);
}

#[test]
fn what_belongs_to_another_user_is_refused() {
    let stage = Stage::new();
    if !is_root(&stage.folder) {
        assert!(chown(stage.path(""), Some(STRANGER), None).is_err(), "only root can make this test's files");
        return;
    }
    let sentence = ["belongs to user 65534", "chown 0 "];
    for suffix in ["", "-wal", "-shm"] {
        chown(stage.path(suffix), Some(STRANGER), None).unwrap();
        refused(stage.open(), &stage.path(suffix), &sentence);
        chown(stage.path(suffix), Some(0), None).unwrap();
    }
    chown(stage.path(""), Some(STRANGER), None).unwrap();
    refused(stage.load(), &stage.path(""), &sentence);
    refused(stage.save(), &stage.path(""), &sentence);
}

#[test]
fn what_root_creates_beside_the_database_of_a_user_belongs_to_that_user() {
    let folder = Folder::new();
    let (own, path) = (folder.path().join("own"), folder.path().join("own/w.db"));
    fs::create_dir(&own).unwrap();
    if !is_root(&folder) {
        assert!(chown(&own, Some(STRANGER), None).is_err(), "only root can make this test's files");
        return;
    }
    chown(&own, Some(STRANGER), Some(STRANGER)).unwrap();
    // The group of the user may write to the folder, as on many systems.
    set_mode(&own, 0o775);
    let store = SqliteStore::open(&path).unwrap();
    store.save(&key(), None, &sample::record(2), WITHIN).unwrap();
    store.spill(&key(), &sample::pending_save(2)).unwrap();
    drop(store.liveness_lock(&key(), WITHIN).unwrap());
    assert!(store.load(&key(), WITHIN).unwrap().stored.is_some());
    let mut seen = Vec::new();
    for below in [own.clone(), own.join("w.db.life"), own.join("w.db.spill")] {
        for entry in fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), (STRANGER, STRANGER), "{}", path.display());
            seen.push(path);
        }
    }
    assert!(seen.len() >= 7, "the database, its log and memory, two folders, a lock, a spill: {seen:?}");
}

/// SQLite is whole by itself: what a process that was killed has committed is in the log.
#[test]
fn a_copy_of_the_files_of_a_running_process_has_every_save_that_was_confirmed() {
    let stage = Stage::new();
    let mut version = stage.version;
    for generation in 2..20 {
        let saved = stage.store.save(&key(), Some(version), &sample::counting(generation), WITHIN).unwrap();
        let Swap::Done(next) = saved else { panic!("{saved:?}") };
        version = next;
        let copy = Folder::new();
        for suffix in ["", "-wal"] {
            fs::copy(stage.path(suffix), copy.path().join(format!("w.db{suffix}"))).unwrap();
        }
        let store = SqliteStore::open(copy.path().join("w.db")).unwrap();
        let stored = store.load(&key(), WITHIN).unwrap().stored.unwrap();
        assert_eq!((stored.version, stored.record.generation.value()), (version, generation));
    }
}

#[test]
fn a_half_written_end_of_the_log_loses_only_the_save_that_was_not_confirmed() {
    let stage = Stage::new();
    let before = fs::metadata(stage.path("-wal")).unwrap().len();
    let saved = stage.store.save(&key(), Some(stage.version), &sample::counting(7), WITHIN).unwrap();
    let Swap::Done(version) = saved else { panic!("{saved:?}") };
    let log = fs::read(stage.path("-wal")).unwrap();
    let before = usize::try_from(before).unwrap();
    for cut in (before..=log.len()).step_by(512).chain([log.len()]) {
        let copy = Folder::new();
        fs::copy(stage.path(""), copy.path().join("w.db")).unwrap();
        fs::copy(stage.path("-wal"), copy.path().join("w.db-wal")).unwrap();
        fs::write(copy.path().join("w.db-wal"), &log[..cut]).unwrap();
        let store = SqliteStore::open(copy.path().join("w.db")).unwrap();
        let stored = store.load(&key(), WITHIN).unwrap().stored.unwrap();
        let expected = if cut == log.len() { version } else { stage.version };
        assert_eq!(stored.version, expected, "cut to {cut} of {}", log.len());
    }
}

#[test]
fn problems_name_each_file_that_needs_a_person_and_say_what_to_do() {
    let stage = Stage::new();
    stage.store.spill(&key(), &sample::pending_save(2)).unwrap();
    drop(stage.store.liveness_lock(&key(), WITHIN).unwrap());
    assert_eq!(stage.store.problems().len(), 0);
    let spill = stage.store.spills().unwrap().files(&KeyName::of(&key())).unwrap().remove(0);
    let mut altered = fs::read(&spill).unwrap();
    *altered.last_mut().unwrap() ^= 1;
    fs::write(&spill, altered).unwrap();
    set_mode(&stage.path("-wal"), 0o640);
    let problems: Vec<_> = stage.store.problems().iter().map(ToString::to_string).collect();
    let said =
        |pieces: [&str; 2]| problems.iter().any(|text| pieces.iter().all(|piece| text.contains(piece)));
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(said([&spill.display().to_string(), "it is ignored; move it away"]), "{problems:#?}");
    assert!(said(["-wal is open to others (mode 640)", "chmod 600 it"]), "{problems:#?}");
    assert!(stage.load().unwrap().spilled.is_none(), "what was changed is not used");
    assert!(spill.exists(), "and not removed");
}
