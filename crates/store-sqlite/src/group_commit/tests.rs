//! Groups with chosen members: the outcome of each save when another save, the commit or the leader fails.

use core::panic::AssertUnwindSafe;
use std::panic;
use std::sync::mpsc::{self, Receiver, Sender};
use std::{fs, thread};

use wellspring_core::{Applied, TokenKey};
use wellspring_store::Zeroizing;
use wellspring_store::contract::Folder;

use super::*;

const LONG: Duration = Duration::from_secs(20);

/// A database with one record: key 0 at version 100.
struct Database {
    folder: Folder,
    commits: GroupCommit,
}

impl Database {
    fn new() -> Self {
        let folder = Folder::new();
        let commits = GroupCommit::new(folder.path().join("tokens.db"));
        let database = Self { folder, commits };
        assert!(database.commits.save(save(0, None, 100), LONG).unwrap());
        database
    }

    /// The connection of another program.
    fn other_connection(&self) -> Connection {
        Connection::open(self.folder.path().join("tokens.db")).unwrap()
    }

    /// The version that another program reads.
    fn version(&self, key: u64) -> Option<u128> {
        stored_version(&self.other_connection(), &name(key)).unwrap().map(Version::value)
    }

    fn waiting(&self) -> usize {
        self.commits.lock().waiting.len()
    }

    /// Commits these saves in one group and in this order.
    fn commit_together<const N: usize>(&self, saves: [SaveRequest; N]) -> [Result<bool, StoreError>; N] {
        let other = self.other_connection();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        thread::scope(|scope| {
            let mut started = 0;
            let threads = saves.map(|save| {
                let thread = scope.spawn(|| self.commits.save(save, LONG));
                started += 1;
                wait_until(|| self.waiting() == started);
                thread
            });
            other.execute_batch("ROLLBACK").unwrap();
            threads.map(|thread| thread.join().unwrap())
        })
    }

    /// Runs `action` on the connection of the next group.
    fn on_connection(&self, action: impl FnOnce(&mut Connection)) {
        let mut queue = self.commits.lock();
        let tracked = queue.connection.as_mut().expect("a group was committed");
        action(tracked.with_busy_timeout(&self.commits.path, LONG).unwrap());
    }

    /// Makes each commit report that it has begun, and wait for permission to continue.
    fn pause_commits(&self) -> (Receiver<()>, Sender<()>) {
        let (begin, begun) = mpsc::channel();
        let (resume, resumed) = mpsc::channel();
        self.on_connection(|connection| {
            let hook = move || begin.send(()).is_err() || resumed.recv().is_err();
            // A `Result` from rusqlite 0.38 on. Without the hook the test would wait in vain.
            let _ = connection.commit_hook(Some(hook));
        });
        (begun, resume)
    }
}

fn name(key: u64) -> KeyName {
    KeyName::of(&TokenKey::new("p", &format!("e{key}")))
}

fn save(key: u64, expected: Option<u128>, version: u128) -> SaveRequest {
    save_of_length(key, expected, version, 10)
}

fn save_of_length(key: u64, expected: Option<u128>, version: u128, length: usize) -> SaveRequest {
    let entry = Entry { version: Version::new(version), bytes: Zeroizing::new(vec![7; length]) };
    SaveRequest { name: name(key), expected: expected.map(Version::new), entry }
}

fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Deadline::after(LONG);
    while !condition() {
        assert!(deadline.sleep(Duration::from_millis(1)), "the condition is not met in time");
    }
}

#[track_caller]
fn assert_failed(outcome: &Result<bool, StoreError>, applied: Applied, sentence: &str) {
    let error = outcome.as_ref().expect_err("the save succeeded");
    assert!(error.to_string().contains(sentence), "{error}");
    assert_eq!(error.applied(), applied, "{error}");
}

#[test]
fn each_save_of_a_group_gets_its_own_outcome() {
    let database = Database::new();
    let outcomes = database.commit_together([
        save(1, None, 101),
        save(0, None, 102),
        save(0, Some(100), 103),
        save(1, Some(101), 104),
        save(1, Some(101), 105),
        save(2, Some(100), 106),
        save(3, None, 107),
    ]);
    let outcomes = outcomes.map(Result::unwrap);
    assert_eq!(outcomes, [true, false, true, true, false, false, true]);
    assert_eq!([0, 1, 2, 3].map(|key| database.version(key)), [Some(103), Some(104), None, Some(107)]);
}

#[test]
fn a_damaged_row_fails_only_the_saves_of_its_key() {
    let database = Database::new();
    database.other_connection().execute("UPDATE record SET version = x'00'", []).unwrap();
    let [before, damaged, again, conflict, after] = database.commit_together([
        save(1, None, 101),
        save(0, Some(100), 102),
        save(0, None, 103),
        save(1, None, 104),
        save(2, None, 105),
    ]);
    for outcome in [damaged, again] {
        assert_failed(&outcome, Applied::No, "tokens.db has a row that this store did not write");
        assert!(outcome.unwrap_err().is_unreadable());
    }
    assert_eq!([before, conflict, after].map(Result::unwrap), [true, false, true]);
    assert_eq!([1, 2].map(|key| database.version(key)), [Some(101), Some(105)]);
    let damaged = "SELECT count(*) FROM record WHERE version = x'00'";
    let left: i64 = database.other_connection().query_row(damaged, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1, "a damaged row stays unchanged");
    assert!(database.commits.lock().connection.is_some(), "the connection is kept");
}

#[test]
fn no_save_of_a_group_is_applied_to_a_damaged_database() {
    let database = Database::new();
    // So many records that the table has several pages, with the first key and the last key on different pages.
    for key in 10..20 {
        assert!(database.commits.save(save_of_length(key, None, 100, 1_000), LONG).unwrap());
    }
    // Closing the last connection removes the write-ahead log.
    database.commits.lock().connection = None;
    let path = &database.commits.path;
    let mut pages = fs::read(path).unwrap();
    let (leaf, first) = (0x0d, name(0));
    let has_first = |page: &[u8]| page.windows(64).any(|part| part == first.as_str().as_bytes());
    let damaged = pages.chunks_mut(4_096).find(|page| page[0] == leaf && has_first(page)).unwrap();
    damaged.fill(0);
    fs::write(path, pages).unwrap();
    for outcome in database.commit_together([save(1, None, 101), save(0, Some(100), 102)]) {
        assert_failed(&outcome, Applied::No, "tokens.db is damaged, or is not a SQLite database");
    }
    assert_eq!(database.version(1), None);
    let [outcome] = database.commit_together([save(1, None, 101)]);
    assert!(outcome.unwrap(), "a save that reads only undamaged pages succeeds");
}

#[test]
fn no_save_of_a_group_is_applied_if_sqlite_refuses_one() {
    let database = Database::new();
    let refuses = "CREATE TRIGGER refuses BEFORE INSERT ON record WHEN new.version = zeroblob(16)
         BEGIN SELECT RAISE(ABORT, 'no'); END";
    database.other_connection().execute_batch(refuses).unwrap();
    for outcome in database.commit_together([save(1, None, 101), save(2, None, 0), save(3, None, 103)]) {
        assert_failed(&outcome, Applied::No, "tokens.db cannot be used: no");
    }
    assert_eq!([1, 2, 3].map(|key| database.version(key)), [None; 3]);
}

#[test]
fn no_save_of_a_group_is_applied_if_the_disk_has_no_room_for_one() {
    let database = Database::new();
    database.on_connection(|connection| {
        connection.query_row("PRAGMA max_page_count = 12", [], |_| Ok(())).unwrap();
    });
    let saves = || [save(1, None, 101), save_of_length(2, None, 102, 100_000), save(0, Some(100), 103)];
    for outcome in database.commit_together(saves()) {
        assert_failed(&outcome, Applied::No, "tokens.db cannot be written: the disk is full");
    }
    assert_eq!([0, 1, 2].map(|key| database.version(key)), [Some(100), None, None]);
    // The next group has a new connection, which has no page limit.
    assert_eq!(database.commit_together(saves()).map(Result::unwrap), [true; 3]);
}

#[test]
fn a_save_that_gives_up_during_the_commit_may_be_applied() {
    let database = Database::new();
    let (begun, resume) = database.pause_commits();
    // Long enough for the save to be in the group.
    let within = Duration::from_secs(2);
    let other = database.other_connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (in_flight, gave_up, version) = thread::scope(|scope| {
        let leader = scope.spawn(|| database.commits.save(save(1, None, 101), LONG));
        wait_until(|| database.waiting() == 1);
        let impatient = scope.spawn(|| database.commits.save(save(2, None, 102), within));
        wait_until(|| database.waiting() == 2);
        other.execute_batch("ROLLBACK").unwrap();
        begun.recv().unwrap();
        let in_flight = database.commits.lock().in_flight.len();
        let seen = (in_flight, impatient.join().unwrap(), database.version(2));
        resume.send(()).unwrap();
        assert!(leader.join().unwrap().unwrap());
        seen
    });
    assert_eq!((in_flight, version), (2, None));
    assert_failed(&gave_up, Applied::Maybe, "was busy with other saves for longer than 2s");
    assert_eq!(database.version(2), Some(102));
    assert!(database.commits.lock().outcomes.is_empty(), "an outcome without a saver is dropped");
}

#[test]
fn after_a_failed_commit_each_save_of_the_group_may_be_applied() {
    let database = Database::new();
    // SQLite checks a deferred foreign key only at the commit.
    let broken = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER breaks AFTER INSERT ON record BEGIN INSERT INTO child VALUES (1); END;";
    database.other_connection().execute_batch(broken).unwrap();
    let saves = || [save(1, None, 101), save(2, None, 102), save(1, None, 103), save(3, None, 104)];
    for outcome in database.commit_together(saves()) {
        assert_failed(&outcome, Applied::Maybe, "tokens.db cannot be used: FOREIGN KEY constraint failed");
    }
    assert_eq!([1, 2, 3].map(|key| database.version(key)), [None; 3]);
    database.other_connection().execute_batch("DROP TRIGGER breaks").unwrap();
    assert_eq!(database.commit_together(saves()).map(Result::unwrap), [true, true, false, true]);
}

#[test]
fn after_a_panic_the_saves_of_the_group_may_be_applied_and_later_saves_continue() {
    let database = Database::new();
    database.commits.lock().has_leader = true;
    let leader = Leader { commits: &database.commits, connection: None };
    thread::scope(|scope| {
        let taken = scope.spawn(|| database.commits.save(save(1, None, 101), LONG));
        wait_until(|| database.waiting() == 1);
        assert_eq!(leader.take_group().len(), 1);
        let later = scope.spawn(|| database.commits.save(save(2, None, 102), LONG));
        wait_until(|| database.waiting() == 1);
        let panics = AssertUnwindSafe(|| {
            let _leader = leader;
            // Unlike `panic!` it prints nothing.
            panic::resume_unwind(Box::new(()))
        });
        assert!(panic::catch_unwind(panics).is_err());
        assert_failed(&taken.join().unwrap(), Applied::Maybe, "the save was interrupted by a panic");
        assert!(later.join().unwrap().unwrap());
    });
    assert_eq!([1, 2].map(|key| database.version(key)), [None, Some(102)]);
}
