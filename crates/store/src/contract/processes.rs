//! Clauses that need several processes: the test file starts itself again as child processes.

use core::time::Duration;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use wellspring_core::{LockDomain, Store, Swap, WatchOutcome};

use super::child::{self, Role};
use super::fixture::Fixture;
use super::fleet;
use super::handle::{Handle, TIMEOUT, assert_equal, expect_ok, is_fleet, key, sleeps_until_finished};
use super::load_save::increment;
use super::sample;
use crate::clock::Deadline;

/// The line by which a child says that it has begun its work.
const READY: &str = "ready";

const CHILDREN: u64 = 8;
const INCREMENTS: u64 = 10;

/// Runs the clauses of a store that processes share. `location` is the path from which [`run_child`](super::run_child)
/// opens the store, and `test` is the name of the test that calls it.
///
/// # Panics
///
/// When the store breaks its contract, or a child process cannot be started.
pub fn check_across_processes(fixture: &dyn Fixture, location: &Path, test: &str) {
    let start = |role, output: Stdio| {
        let mut command = child::command(&[], test, role, location);
        command.stdout(output).spawn().expect("the test file can be started again")
    };
    increments_of_many_processes_are_all_kept(fixture, || start(Role::Increment, Stdio::null()));
    let hold = || start(Role::HoldLivenessLock, Stdio::piped());
    if is_fleet(fixture) {
        a_killed_owner_is_unknown_once_its_presence_has_ended(fixture, hold);
    } else {
        a_killed_owner_is_gone_at_once(fixture, hold);
    }
    a_killed_writer_leaves_a_complete_record(fixture, || start(Role::Save, Stdio::piped()));
}

pub(super) fn increment_repeatedly(store: &dyn Store) {
    (0..INCREMENTS).for_each(|_| increment(store));
}

pub(super) fn save_until_killed(store: &dyn Store) {
    let record = sample::of_length(30_000);
    let mut version = expect_ok("a load", store.load(&key(), TIMEOUT)).stored.map(|stored| stored.version);
    for saves in 0.. {
        match expect_ok("a save", store.save(&key(), version, &record, TIMEOUT)) {
            Swap::Done(saved) => version = Some(saved),
            Swap::Conflict => return,
        }
        if saves == 0 {
            report_ready();
        }
    }
}

pub(super) fn hold_liveness_lock_until_killed(store: &dyn Store) {
    let liveness_lock = expect_ok("acquiring a liveness lock", store.liveness_lock(&key(), TIMEOUT));
    // A grandchild that outlives this process must not inherit the lock.
    drop(Command::new("sleep").arg("3").stdout(Stdio::null()).spawn());
    if let Some(domain) = liveness_lock.domain() {
        println!("{}", domain.value());
    }
    report_ready();
    let _ = Deadline::after(Duration::MAX).sleep(Duration::from_secs(60));
}

fn report_ready() {
    println!("{READY}");
    drop(io::stdout().flush());
}

fn is_ready(child: &mut Child) -> bool {
    lines_until_ready(child).is_some()
}

/// What the child printed before it was ready; `None` if it never was.
fn lines_until_ready(child: &mut Child) -> Option<Vec<String>> {
    let output = child.stdout.take().expect("the output of the child is piped");
    let mut lines = Vec::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if line.ends_with(READY) {
            return Some(lines);
        }
        lines.push(line);
    }
    None
}

fn increments_of_many_processes_are_all_kept(fixture: &dyn Fixture, start: impl Fn() -> Child) {
    let children: Vec<Child> = (0..CHILDREN).map(|_| start()).collect();
    for mut child in children {
        let status = child.wait().expect("the child can be waited for");
        assert!(status.success(), "a child failed: {status}");
    }
    let stored = Handle::open(fixture).stored(&key()).expect("the record that the children saved is absent");
    assert_equal(
        stored.record.generation.value(),
        CHILDREN * INCREMENTS,
        "increments of processes were lost",
    );
}

fn a_killed_owner_is_gone_at_once(fixture: &dyn Fixture, start: impl Fn() -> Child) {
    let watcher = Handle::open(fixture);
    let expected = watcher.stored(&key()).map(|stored| stored.version);
    let version = watcher.save(&key(), expected, &sample::counting(0));
    // The child takes a lock of the same domain: it opens the same store.
    let domain = watcher.liveness_lock(&key()).domain();
    let mut child = start();
    let ready = is_ready(&mut child);
    let before = watcher.watch(&key(), version, domain, Duration::from_millis(100));
    child.kill().expect("the child can be killed");
    assert!(ready, "a child could not acquire its liveness lock");
    assert_equal(before, WatchOutcome::Unchanged, "the liveness lock of another process was not seen");
    let (after, took) = thread::scope(|scope| {
        let watching = scope.spawn(|| watcher.watch(&key(), version, domain, TIMEOUT));
        // The kernel takes its time to end a killed process.
        child.wait().expect("the child can be waited for");
        let took = sleeps_until_finished(&watching);
        (watching.join().expect("the watcher panicked"), took)
    });
    assert_equal(after, WatchOutcome::OwnerGone, "a killed process still holds its liveness lock");
    assert!(took < 2 * fixture.notice(), "the watcher noticed the killed process only after {took:?}");
}

/// A machine cannot see at once that a process of another one was killed: its presence ends some time later.
fn a_killed_owner_is_unknown_once_its_presence_has_ended(fixture: &dyn Fixture, start: impl Fn() -> Child) {
    let watcher = Handle::open(fixture);
    let expected = watcher.stored(&key()).map(|stored| stored.version);
    let version = watcher.save(&key(), expected, &sample::counting(0));
    let mut child = start();
    let lines = lines_until_ready(&mut child);
    // The runner's words may stand before the number on its line.
    let number = lines.iter().flatten().filter_map(|line| line.rsplit(' ').next()?.parse().ok()).next_back();
    let domain = number.and_then(LockDomain::new);
    let before = watcher.watch(&key(), version, domain, Duration::from_millis(100));
    child.kill().expect("the child can be killed");
    assert!(domain.is_some(), "a child could not acquire its liveness lock");
    assert_equal(before, WatchOutcome::Unchanged, "the liveness lock of another process was not seen");
    let (after, took) = thread::scope(|scope| {
        let watching = scope.spawn(|| watcher.watch(&key(), version, domain, 3 * TIMEOUT));
        child.wait().expect("the child can be waited for");
        let took = sleeps_until_finished(&watching);
        (watching.join().expect("the watcher panicked"), took)
    });
    assert_equal(after, WatchOutcome::OwnerUnknown, "the process of an owner was killed");
    assert!(
        took < fleet::killed_within(fixture),
        "the watcher noticed the killed process only after {took:?}"
    );
}

fn a_killed_writer_leaves_a_complete_record(fixture: &dyn Fixture, start: impl Fn() -> Child) {
    let store = Handle::open(fixture);
    for round in 0..8 {
        let mut child = start();
        let ready = is_ready(&mut child);
        let _ = Deadline::after(TIMEOUT).sleep(Duration::from_millis(3 * round));
        child.kill().expect("the child can be killed");
        child.wait().expect("the child can be waited for");
        assert!(ready, "a child could not save");
        // A server may carry out what a killed process has sent after a load.
        let replaced = (0..100).any(|_| {
            let stored = store.stored(&key()).expect("the record is absent after its writer was killed");
            assert!(
                stored.record.granted().is_some(),
                "a completed save is lost after its writer was killed"
            );
            matches!(store.try_save(&key(), Some(stored.version), &sample::counting(0)), Swap::Done(_))
        });
        assert!(replaced, "a killed writer still saves");
    }
}
