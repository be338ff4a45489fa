//! Groups put together by hand: who is told what, whatever becomes of the others and of the transaction.

use core::panic::AssertUnwindSafe;
use std::panic;
use std::sync::mpsc::{self, Receiver, Sender};
use std::{fs, thread};

use wellspring_core::{Applied, TokenKey};
use wellspring_store::Zeroizing;
use wellspring_store::contract::Folder;

use super::*;

const LONG: Duration = Duration::from_secs(20);

struct Place {
    folder: Folder,
    writer: Writer,
}

impl Place {
    fn new() -> Self {
        let folder = Folder::new();
        let writer = Writer::new(folder.path().join("tokens.db"));
        let place = Self { folder, writer };
        assert!(place.writer.swap(swap(0, None, 100), LONG).unwrap());
        place
    }

    /// Another program's connection.
    fn other(&self) -> Connection {
        Connection::open(self.folder.path().join("tokens.db")).unwrap()
    }

    /// The version that another program finds.
    fn held(&self, key: u64) -> Option<u128> {
        held_version(&self.other(), &name(key)).unwrap().map(Version::value)
    }

    fn waiting(&self) -> usize {
        self.writer.queue().waiting.len()
    }

    /// What becomes of these, which are written in one group and in this order.
    fn together<const N: usize>(&self, swaps: [Swap; N]) -> [Result<bool, StoreError>; N] {
        let other = self.other();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        thread::scope(|scope| {
            let mut many = 0;
            let saves = swaps.map(|swap| {
                let save = scope.spawn(|| self.writer.swap(swap, LONG));
                many += 1;
                until(|| self.waiting() == many);
                save
            });
            other.execute_batch("ROLLBACK").unwrap();
            saves.map(|save| save.join().unwrap())
        })
    }

    /// The connection that is kept for the next group.
    fn kept(&self, action: impl FnOnce(&Connection)) {
        let mut queue = self.writer.queue();
        let open = queue.connection.as_mut().expect("one group has been written");
        action(open.waiting(&self.writer.path, LONG).unwrap());
    }

    /// From now on each commit tells that it has come so far, and waits for a word.
    fn held_at_commit(&self) -> (Receiver<()>, Sender<()>) {
        let (committing, has_come) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        self.kept(|connection| {
            let hook = move || committing.send(()).is_err() || may_go_on.recv().is_err();
            connection.commit_hook(Some(hook)).unwrap();
        });
        (has_come, go_on)
    }
}

fn name(key: u64) -> KeyName {
    KeyName::of(&TokenKey::new("p", &format!("e{key}")))
}

fn swap(key: u64, expected: Option<u128>, version: u128) -> Swap {
    sized(key, expected, version, 10)
}

fn sized(key: u64, expected: Option<u128>, version: u128, length: usize) -> Swap {
    let entry = Entry { version: Version::new(version), bytes: Zeroizing::new(vec![7; length]) };
    Swap { name: name(key), expected: expected.map(Version::new), entry }
}

fn until(condition: impl Fn() -> bool) {
    let deadline = Deadline::after(LONG);
    while !condition() {
        assert!(deadline.nap(Duration::from_millis(1)), "this takes too long");
    }
}

#[track_caller]
fn told(outcome: &Result<bool, StoreError>, applied: Applied, sentence: &str) {
    let error = outcome.as_ref().expect_err("nothing has failed");
    assert!(error.to_string().contains(sentence), "{error}");
    assert_eq!(error.applied(), applied, "{error}");
}

#[test]
fn each_of_a_group_is_told_what_became_of_its_own() {
    let place = Place::new();
    let outcomes = place.together([
        swap(1, None, 101),
        swap(0, None, 102),
        swap(0, Some(100), 103),
        swap(1, Some(101), 104),
        swap(1, Some(101), 105),
        swap(2, Some(100), 106),
        swap(3, None, 107),
    ]);
    let outcomes = outcomes.map(Result::unwrap);
    assert_eq!(outcomes, [true, false, true, true, false, false, true]);
    assert_eq!([0, 1, 2, 3].map(|key| place.held(key)), [Some(103), Some(104), None, Some(107)]);
}

#[test]
fn a_damaged_row_is_its_owners_trouble_alone() {
    let place = Place::new();
    place.other().execute("UPDATE record SET version = x'00'", []).unwrap();
    let [before, damaged, again, conflict, after] = place.together([
        swap(1, None, 101),
        swap(0, Some(100), 102),
        swap(0, None, 103),
        swap(1, None, 104),
        swap(2, None, 105),
    ]);
    for own in [damaged, again] {
        told(&own, Applied::No, "tokens.db holds something that this store has not written");
        assert!(own.unwrap_err().is_unreadable());
    }
    assert_eq!([before, conflict, after].map(Result::unwrap), [true, false, true]);
    assert_eq!([1, 2].map(|key| place.held(key)), [Some(101), Some(105)]);
    let damaged = "SELECT count(*) FROM record WHERE version = x'00'";
    let left: i64 = place.other().query_row(damaged, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1, "a damaged row is left as it is");
    assert!(place.writer.queue().connection.is_some(), "nothing is wrong with the connection");
}

#[test]
fn where_the_database_itself_is_damaged_nobody_of_the_group_is_written() {
    let place = Place::new();
    // So many that the table has several pages, and the first key is on another than the last.
    for key in 10..20 {
        assert!(place.writer.swap(sized(key, None, 100, 1_000), LONG).unwrap());
    }
    // With the last connection ends the log.
    place.writer.queue().connection = None;
    let path = &place.writer.path;
    let mut pages = fs::read(path).unwrap();
    let (leaf, first) = (0x0d, name(0));
    let has = |page: &[u8]| page.windows(64).any(|part| part == first.as_str().as_bytes());
    let damaged = pages.chunks_mut(4_096).find(|page| page[0] == leaf && has(page)).unwrap();
    damaged.fill(0);
    fs::write(path, pages).unwrap();
    for outcome in place.together([swap(1, None, 101), swap(0, Some(100), 102)]) {
        told(&outcome, Applied::No, "tokens.db is damaged, or no SQLite database");
    }
    assert_eq!(place.held(1), None);
    assert!(place.together([swap(1, None, 101)])[0].as_ref().unwrap(), "what is whole is written by itself");
}

#[test]
fn where_sqlite_refuses_one_nobody_of_its_group_is_written() {
    let place = Place::new();
    let refuses = "CREATE TRIGGER refuses BEFORE INSERT ON record WHEN new.version = zeroblob(16)
         BEGIN SELECT RAISE(ABORT, 'no'); END";
    place.other().execute_batch(refuses).unwrap();
    for outcome in place.together([swap(1, None, 101), swap(2, None, 0), swap(3, None, 103)]) {
        told(&outcome, Applied::No, "tokens.db cannot be used");
    }
    assert_eq!([1, 2, 3].map(|key| place.held(key)), [None; 3]);
}

#[test]
fn where_there_is_no_room_for_one_nobody_of_its_group_is_written() {
    let place = Place::new();
    place.kept(|connection| {
        connection.pragma_update_and_check(None, "max_page_count", 12, |_| Ok(())).unwrap();
    });
    let swaps = || [swap(1, None, 101), sized(2, None, 102, 100_000), swap(0, Some(100), 103)];
    for outcome in place.together(swaps()) {
        told(&outcome, Applied::No, "tokens.db cannot be written: its disk is full");
    }
    assert_eq!([0, 1, 2].map(|key| place.held(key)), [Some(100), None, None]);
    // The next has a connection of its own, and nothing of what has failed is in its way.
    assert_eq!(place.together(swaps()).map(Result::unwrap), [true; 3]);
}

#[test]
fn whoever_gives_up_while_it_is_written_may_have_saved() {
    let place = Place::new();
    let (has_come, go_on) = place.held_at_commit();
    // Long enough to be in the group for certain.
    let within = Duration::from_secs(2);
    let other = place.other();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (under_way, gave_up, held) = thread::scope(|scope| {
        let leads = scope.spawn(|| place.writer.swap(swap(1, None, 101), LONG));
        until(|| place.waiting() == 1);
        let impatient = scope.spawn(|| place.writer.swap(swap(2, None, 102), within));
        until(|| place.waiting() == 2);
        other.execute_batch("ROLLBACK").unwrap();
        has_come.recv().unwrap();
        let under_way = place.writer.queue().under_way.len();
        let seen = (under_way, impatient.join().unwrap(), place.held(2));
        go_on.send(()).unwrap();
        assert!(leads.join().unwrap().unwrap());
        seen
    });
    assert_eq!((under_way, held), (2, None));
    told(&gave_up, Applied::Maybe, "was busy with other saves for longer than 2s");
    assert_eq!(place.held(2), Some(102));
    assert!(place.writer.queue().done.is_empty(), "nobody asks any more");
}

#[test]
fn after_a_commit_that_failed_each_of_the_group_may_be_there() {
    let place = Place::new();
    // SQLite looks at it when it commits, and not before.
    let broken = "CREATE TABLE nobody (id INTEGER PRIMARY KEY);
         CREATE TABLE guard (id INTEGER REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER breaks AFTER INSERT ON record BEGIN INSERT INTO guard VALUES (1); END;";
    place.other().execute_batch(broken).unwrap();
    let swaps = || [swap(1, None, 101), swap(2, None, 102), swap(1, None, 103), swap(3, None, 104)];
    for outcome in place.together(swaps()) {
        told(&outcome, Applied::Maybe, "tokens.db cannot be used");
    }
    assert_eq!([1, 2, 3].map(|key| place.held(key)), [None; 3]);
    place.other().execute_batch("DROP TRIGGER breaks").unwrap();
    assert_eq!(place.together(swaps()).map(Result::unwrap), [true, true, false, true]);
}

#[test]
fn after_a_panic_those_who_were_written_may_be_there_and_the_others_go_on() {
    let place = Place::new();
    place.writer.queue().led = true;
    let lead = Lead { writer: &place.writer, open: None };
    thread::scope(|scope| {
        let written = scope.spawn(|| place.writer.swap(swap(1, None, 101), LONG));
        until(|| place.waiting() == 1);
        assert_eq!(lead.take_group().len(), 1);
        let came_later = scope.spawn(|| place.writer.swap(swap(2, None, 102), LONG));
        until(|| place.waiting() == 1);
        let panics = AssertUnwindSafe(|| {
            let _lead = lead;
            // Unlike `panic!` it prints nothing.
            panic::resume_unwind(Box::new(()))
        });
        assert!(panic::catch_unwind(panics).is_err());
        told(&written.join().unwrap(), Applied::Maybe, "a save was cut short by a panic");
        assert!(came_later.join().unwrap().unwrap());
    });
    assert_eq!([1, 2].map(|key| place.held(key)), [None, Some(102)]);
}
