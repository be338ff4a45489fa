//! A disk that becomes full during a renewal, and a read-only disk.
//!
//! The disk is a tmpfs of one megabyte, which a child mounts. In addition, and also where mounting is not allowed, a child
//! exceeds its own limit on the size of files, which every process may set.

use core::any::Any;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wellspring_core::{
    Attempt, ErrorKind, LivenessLock, Loaded, LockDomain, PendingSave, Record, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, Version, WatchOutcome,
};
use wellspring_store::Deadline;
use wellspring_store::contract::Folder;
use wellspring_trials::{Driver, Kind, Source, clock};

use crate::stage::{AMPLE, Stage};

const PART: &str = "WELLSPRING_BAD_PLACE";
const WHERE: &str = "WELLSPRING_BAD_PLACE_PATH";

/// The deadline of a store that fails.
const SHORT: Duration = Duration::from_secs(1);

/// Takes all space of a store and gives it back.
trait Room: Send + Sync {
    fn take(&self);
    fn give(&self);
}

struct SmallDisk {
    filler: PathBuf,
    filling: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl SmallDisk {
    fn on(disk: &Path) -> Self {
        Self { filler: disk.join("filler"), filling: Arc::default(), thread: Mutex::default() }
    }
}

impl Room for SmallDisk {
    /// Fills the disk again and again until `give`: SQLite frees space by removing its log.
    fn take(&self) {
        self.filling.store(true, Ordering::SeqCst);
        let (mut file, filling) = (File::create(&self.filler).unwrap(), Arc::clone(&self.filling));
        while file.write_all(&[0; 512]).is_ok() {}
        *self.thread.lock().unwrap() = Some(thread::spawn(move || {
            while filling.load(Ordering::SeqCst) {
                while file.write_all(&[0; 512]).is_ok() {}
                clock::nap(Duration::from_micros(500));
            }
        }));
    }

    fn give(&self) {
        self.filling.store(false, Ordering::SeqCst);
        // A file that is still open keeps its space.
        self.thread.lock().unwrap().take().unwrap().join().unwrap();
        fs::remove_file(&self.filler).unwrap();
    }
}

/// Limits the files of this process to a few bytes.
struct FileSize;

impl Room for FileSize {
    fn take(&self) {
        let limit = getrlimit(Resource::Fsize);
        setrlimit(Resource::Fsize, Rlimit { current: Some(16), ..limit }).unwrap();
    }

    fn give(&self) {
        let limit = getrlimit(Resource::Fsize);
        setrlimit(Resource::Fsize, Rlimit { current: limit.maximum, ..limit }).unwrap();
    }
}

/// Another holder keeps the store locked.
struct Locked {
    stage: Arc<Stage>,
    lock: Mutex<Option<Box<dyn Any + Send + Sync>>>,
}

impl Room for Locked {
    fn take(&self) {
        *self.lock.lock().unwrap() = Some(self.stage.lock());
    }

    fn give(&self) {
        *self.lock.lock().unwrap() = None;
    }
}

/// A store that loses its space just before the save of an obtained token.
struct Filled {
    store: Arc<dyn Store>,
    room: Arc<dyn Room>,
    full: AtomicBool,
}

impl core::fmt::Debug for Filled {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Filled")
    }
}

impl Store for Filled {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        self.store.load(key, within)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        if record.lease.is_none() && !self.full.swap(true, Ordering::SeqCst) {
            self.room.take();
        }
        self.store.save(key, expected, record, within)
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.store.watch(key, version, domain, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.store.liveness_lock(key, within)
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)
    }
}

fn filled(store: Arc<dyn Store>, room: &Arc<dyn Room>) -> Arc<dyn Store> {
    Arc::new(Filled { store, room: Arc::clone(room), full: AtomicBool::new(false) })
}

/// The record still carries the lease. SQLite cannot show it without space for its shared memory.
fn is_leased(stage: &Stage) {
    let store = match stage.place.open() {
        Ok(store) => store,
        Err(_) if stage.place.kind() == Kind::Sqlite => return,
        Err(error) => panic!("{error}"),
    };
    let loaded = store.load(&stage.key(), AMPLE).unwrap();
    let record = loaded.stored.unwrap().record;
    assert!(record.generation.value() == 1 && record.lease.is_some(), "the record has changed");
}

/// With space in another folder the token is spilled there, returned, found by others, and stored later.
fn it_is_spilled_and_stored_later(stage: &Stage, driver: Driver, room: &Arc<dyn Room>) {
    let elsewhere = Folder::new();
    let kind = stage.place.kind();
    let open = || stage.place.open_spilling_to(elsewhere.path()).unwrap();
    let source = stage.source(driver, &filled(open(), room), SHORT);
    let other = stage.source(driver.other(), &open(), SHORT);
    assert_eq!(source.token().unwrap().generation().value(), 2, "{kind} {driver:?}");
    is_leased(stage);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1, "the token is spilled");
    assert_eq!(other.token().unwrap().generation().value(), 2, "other sources find it on a full disk too");
    room.give();
    stage.wait_for(2);
    let deadline = Deadline::after(AMPLE);
    while fs::read_dir(elsewhere.path()).unwrap().count() > 0 {
        assert!(deadline.sleep(Duration::from_millis(5)), "{kind} {driver:?}: the spill stays");
    }
    assert_eq!(stage.server.seen().asked, 1, "{kind} {driver:?}");
}

/// On the same disk the token has the room that was taken before its lease was saved.
fn it_is_spilled_beside_the_store_in_room_taken_before(stage: &Stage, driver: Driver, room: &Arc<dyn Room>) {
    let kind = stage.place.kind();
    let source = stage.source(driver, &filled(stage.place.open().unwrap(), room), SHORT);
    let token = source.token().unwrap_or_else(|error| panic!("{kind} {driver:?}: {error}"));
    assert_eq!(token.generation().value(), 2, "{kind} {driver:?}");
    is_leased(stage);
    room.give();
    stage.wait_for(2);
    assert_eq!(stage.server.seen().asked, 1, "{kind} {driver:?}");
}

/// Without it, the error says so, and the token is kept in memory and stored when there is space again.
fn it_is_kept_in_memory_and_stored_later(stage: &Stage, driver: Driver, room: &Arc<dyn Room>) {
    let kind = stage.place.kind();
    let source = stage.source(driver, &filled(stage.place.open().unwrap(), room), SHORT);
    let error = source.token().expect_err(&format!("{kind} {driver:?}: a full disk accepts a token"));
    assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
    let text = "a new token was obtained, but neither the store nor the fallback place takes it; it is kept in \
                memory and tried again";
    assert!(error.to_string().starts_with(text), "{error}");
    is_leased(stage);
    assert_eq!(
        source.token().unwrap_err().kind(),
        ErrorKind::Store,
        "nothing is sent while the token is not stored"
    );
    room.give();
    assert_eq!(source.acquire(AMPLE).unwrap().generation().value(), 2, "a caller that waits is served");
    stage.wait_for(2);
    assert_eq!(stage.server.seen().asked, 1, "{kind} {driver:?}");
}

/// With a full disk before the request nothing is sent.
fn nothing_is_sent_if_no_lease_can_be_saved(stage: &Stage, driver: Driver, room: &Arc<dyn Room>) {
    let source = stage.source(driver, &stage.place.open().unwrap(), SHORT);
    let bytes = stage.bytes();
    room.take();
    let error = source.token().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
    assert!(error.to_string().starts_with("the lease could not be saved, and nothing was sent: "), "{error}");
    room.give();
    assert_eq!((stage.bytes(), stage.server.seen().asked), (bytes, 0));
    assert_eq!(source.acquire(AMPLE).unwrap().generation().value(), 2);
    assert_eq!(stage.server.seen().asked, 1);
}

fn a_disk_that_can_only_be_read(stage: &Stage, driver: Driver, mount: &Path) {
    let bytes = stage.bytes();
    // Threads of earlier sources may still have a file open.
    let remount = |how: &str| {
        let (deadline, mount) = (Deadline::after(AMPLE), || {
            Command::new("mount").args(["-o", how]).arg(mount).output().unwrap().status.success()
        });
        while !mount() {
            assert!(deadline.sleep(Duration::from_millis(20)), "the small disk cannot be remounted");
        }
    };
    let nothing_is_sent = |source: &Source| {
        let error = source.token().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
        assert!(error.to_string().contains("nothing was sent"), "{error}");
    };
    let open = || stage.place.open();
    match stage.place.kind() {
        Kind::File => {
            let source = stage.source(driver, &open().unwrap(), SHORT);
            remount("remount,ro");
            nothing_is_sent(&source);
            nothing_is_sent(&stage.source(driver, &open().unwrap(), SHORT));
        }
        // A disk cannot be remounted read-only while a database on it is open.
        Kind::Sqlite | Kind::Sealed | Kind::Redis | Kind::Postgres => {
            remount("remount,ro");
            nothing_is_sent(&stage.source(driver, &open().unwrap(), SHORT));
        }
    }
    remount("remount,rw");
    assert_eq!((stage.bytes(), stage.server.seen().asked), (bytes, 0));
    let source = stage.source(driver, &open().unwrap(), AMPLE);
    assert_eq!(source.token().unwrap().generation().value(), 2);
}

/// The part of the children; in a process that is not a child this test does nothing.
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment marks a child")]
fn a_child_plays_its_part() {
    let (Ok(part), Some(disk)) = (std::env::var(PART), std::env::var_os(WHERE)) else { return };
    let disk = PathBuf::from(disk);
    for (n, kind) in Kind::ALL.into_iter().enumerate() {
        for (m, driver) in Driver::ALL.into_iter().enumerate() {
            let place = |name: &str| {
                let place = disk.join(format!("{name}-{n}{m}"));
                fs::create_dir(&place).unwrap();
                Stage::below(kind, &place)
            };
            let room: Arc<dyn Room> =
                if part == "disk" { Arc::new(SmallDisk::on(&disk)) } else { Arc::new(FileSize) };
            nothing_is_sent_if_no_lease_can_be_saved(&place("unsent"), driver, &room);
            if part != "disk" {
                it_is_kept_in_memory_and_stored_later(&place("memory"), driver, &room);
            } else {
                it_is_spilled_beside_the_store_in_room_taken_before(&place("room"), driver, &room);
                it_is_spilled_and_stored_later(&place("spilled"), driver, &room);
                a_disk_that_can_only_be_read(&place("read"), driver, &disk);
            }
        }
    }
    println!("played");
}

#[test]
fn a_token_obtained_while_the_store_is_locked_is_spilled_and_stored_later() {
    for kind in Kind::ALL {
        for driver in Driver::ALL {
            let folder = Folder::new();
            let stage = Arc::new(Stage::below(kind, folder.path()));
            let room: Arc<dyn Room> = Arc::new(Locked { stage: Arc::clone(&stage), lock: Mutex::default() });
            it_is_spilled_and_stored_later(&stage, driver, &room);
        }
    }
}

/// Runs this test file as a child of this script.
fn child(script: &str, part: &str, folder: &Path, before: &[&str]) {
    let this = std::env::current_exe().unwrap();
    let (program, arguments) = before.split_first().unwrap();
    let output = Command::new(program)
        .args(arguments)
        .args(["sh", "-c", script])
        .arg(this)
        .args(["full::a_child_plays_its_part", "--exact", "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .env(WHERE, folder)
        .output()
        .unwrap();
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && said.contains("played"), "the child failed: {said}");
}

#[test]
fn an_obtained_token_survives_a_full_disk_and_a_read_only_disk_stays_as_it_is() {
    let may = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("cannot mount a small disk here: the limit on the size of files replaces it");
        return;
    }
    let folder = Folder::new();
    let path = folder.path().display();
    let script = format!("mount -t tmpfs -o size=1m,mode=700 tmpfs '{path}' && exec \"$0\" \"$@\"");
    child(&script, "disk", folder.path(), &["unshare", "-rm"]);
}

#[test]
fn an_obtained_token_survives_a_limit_on_the_size_of_files() {
    let folder = Folder::new();
    child("trap '' XFSZ; exec \"$0\" \"$@\"", "limit", folder.path(), &["env"]);
}
