//! What only several processes can show: the test starts itself again, as its own children.
//!
//! A test file that wants this has two tests: one, named as it likes, calls [`play_part`] and is what the children
//! run; the other calls [`across_processes`] with the name of the first.

use core::time::Duration;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use wellspring_core::{Store, StoreError, Swap, WatchOutcome};

use super::clauses::increment;
use super::lives::naps_until_done;
use super::{AMPLE, Handle, Place, disks, done, equal, key, sample};
use crate::Deadline;

const PART: &str = "WELLSPRING_CONTRACT_PART";
const PLACE: &str = "WELLSPRING_CONTRACT_PLACE";
const READY: &str = "ready";

const CHILDREN: u64 = 8;
const EACH: u64 = 10;

/// Plays the part of a child, if this process is one; else does nothing.
///
/// # Panics
///
/// When the store breaks its contract.
#[expect(clippy::disallowed_methods, reason = "a child learns from its environment that it is one")]
pub fn play_part(open: impl Fn(&Path) -> Result<Box<dyn Store>, StoreError>) {
    let (Some(part), Some(place)) = (std::env::var_os(PART), std::env::var_os(PLACE)) else { return };
    let place = Path::new(&place);
    if part == disks::PART {
        return disks::play(place, &open);
    }
    let store = done("opening a store", open(place));
    if part == "increment" {
        return (0..EACH).for_each(|_| increment(&*store));
    }
    if part == "write" {
        return write(&*store);
    }
    let _alive = done("a liveness lock", store.liveness_lock(&key(), AMPLE));
    // A child of one's own outlives oneself, and inherits nothing that looks alive.
    drop(Command::new("sleep").arg("3").stdout(Stdio::null()).spawn());
    ready();
    // Until it is killed.
    let _ = Deadline::after(Duration::MAX).nap(Duration::from_secs(60));
}

fn ready() {
    println!("{READY}");
    drop(std::io::stdout().flush());
}

/// Saves one record after the other, until it is killed.
fn write(store: &dyn Store) {
    let record = sample::of_length(30_000);
    let mut version = done("a load", store.load(&key(), AMPLE)).stored.map(|stored| stored.version);
    for saved in 0.. {
        match done("a save", store.save(&key(), version, &record, AMPLE)) {
            Swap::Done(next) => version = Some(next),
            Swap::Conflict => return,
        }
        if saved == 0 {
            ready();
        }
    }
}

/// Holds a store that processes share to what it promises them. `location` is what [`play_part`] is to open, and
/// `part` the name of the test that calls it.
///
/// # Panics
///
/// When the store breaks its promise, or the children cannot be started.
pub fn across_processes(place: &dyn Place, location: &Path, part: &str) {
    let this = std::env::current_exe().expect("a test knows where it is");
    let start = |role: &str, output: Stdio| {
        let mut command = child(this.as_os_str(), &[], part, role, location);
        command.stdout(output).spawn().expect("a test can be started again")
    };
    nothing_is_lost_between_processes(place, || start("increment", Stdio::null()));
    a_killed_owner_is_gone_at_once(place, || start("live", Stdio::piped()));
    a_killed_writer_leaves_a_whole_record(place, || start("write", Stdio::piped()));
}

/// This test file once more, to run the test `part` alone and play this role in it.
pub(super) fn child(program: &OsStr, before: &[&OsStr], part: &str, role: &str, place: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(before)
        .args([part, "--exact", "--nocapture", "--test-threads=1"])
        .env(PART, role)
        .env(PLACE, place);
    command
}

fn nothing_is_lost_between_processes(place: &dyn Place, start: impl Fn() -> Child) {
    let children: Vec<Child> = (0..CHILDREN).map(|_| start()).collect();
    for mut child in children {
        let status = child.wait().expect("a child can be waited for");
        assert!(status.success(), "a child failed: {status}");
    }
    let stored = Handle::of(place).stored(&key()).expect("what children saved is absent");
    equal(stored.record.generation.value(), CHILDREN * EACH, "increments of processes were lost");
}

fn a_killed_owner_is_gone_at_once(place: &dyn Place, start: impl Fn() -> Child) {
    let watcher = Handle::of(place);
    let held = watcher.stored(&key()).map(|stored| stored.version);
    let version = watcher.save(&key(), held, &sample::counting(0));
    let mut child = start();
    let ready = is_ready(&mut child);
    let sighting = watcher.watch(&key(), version, Duration::from_millis(100));
    child.kill().expect("a child can be killed");
    assert!(ready, "a child could not show its liveness lock");
    equal(sighting, WatchOutcome::Unchanged, "the liveness lock of another process was not seen");
    let (sighting, took) = thread::scope(|scope| {
        let watching = scope.spawn(|| watcher.watch(&key(), version, AMPLE));
        // A process that was killed takes its own time to be gone.
        child.wait().expect("a child can be waited for");
        let took = naps_until_done(&watching);
        (watching.join().expect("a watcher panicked"), took)
    });
    equal(sighting, WatchOutcome::OwnerGone, "a killed process counts as alive");
    assert!(took < Duration::from_millis(200), "that a process was killed was seen only after {took:?}");
}

fn a_killed_writer_leaves_a_whole_record(place: &dyn Place, start: impl Fn() -> Child) {
    let store = Handle::of(place);
    for round in 0..8 {
        let mut child = start();
        let ready = is_ready(&mut child);
        let _ = Deadline::after(AMPLE).nap(Duration::from_millis(3 * round));
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for");
        assert!(ready, "a child could not begin to save");
        let stored = store.stored(&key()).expect("a writer was killed, and the record is gone");
        assert!(stored.record.granted().is_some(), "a writer was killed, and a save of it is gone");
        store.save(&key(), Some(stored.version), &sample::counting(0));
    }
}

fn is_ready(child: &mut Child) -> bool {
    let output = child.stdout.take().expect("the child's output is piped");
    BufReader::new(output).lines().map_while(Result::ok).any(|line| line.ends_with(READY))
}
