//! Signals that end a process end this one: at once, or after the token request that is in flight.
//!
//! A server that has read a token request may have used up a single-use grant. A process that ends then loses the
//! response. Therefore a signal waits from before the first byte until the response is read, and with a store until the
//! save is done. That wait has a bound: [`LONGEST_WAIT`], or a second signal. The command then says what is lost.
//!
//! A process that ignores a signal from its start, as SIGHUP under `nohup`, continues to ignore it.

use core::time::Duration;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use rustix::process::Signal;
use signal_hook::consts::{
    SIGALRM, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

use crate::exit::{Exit, Failure, say};
use crate::progress;

/// Signals that ask a program to end.
const REQUESTS: [i32; 3] = [SIGINT, SIGTERM, SIGQUIT];

/// The other signals that end a program that does not handle them, and that are no crashes.
const DEADLY: [i32; 8] = [SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGIO];

/// More of them, on Linux.
#[cfg(target_os = "linux")]
const OF_LINUX: [Signal; 2] = [Signal::POWER, Signal::STKFLT];
#[cfg(not(target_os = "linux"))]
const OF_LINUX: [Signal; 0] = [];

/// How long a last sentence may take: nothing may read stderr.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The longest time between a signal and the end of the process.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct State {
    /// How many [`SignalGuard`]s are alive.
    guards: u32,
    /// The first signal that arrived while a guard was alive.
    pending: Option<i32>,
}

static STATE: Mutex<State> = Mutex::new(State { guards: 0, pending: None });
/// Notified when a signal is pending.
static SIGNALLED: Condvar = Condvar::new();

/// From now on a signal ends the process, at once or when the last [`SignalGuard`] is dropped.
pub(crate) fn watch() -> Result<(), Failure> {
    let deadly = DEADLY.into_iter().chain(OF_LINUX.map(Signal::as_raw)).filter(|signal| !is_ignored(*signal));
    let mut signals = Signals::new(REQUESTS.into_iter().chain(deadly)).map_err(|error| no_handler(&error))?;
    // A file that is larger than the user allows is a failed write, which says so.
    let limit = Signals::new([SIGXFSZ]).map_err(|error| no_handler(&error))?;
    let watching = thread::Builder::new().name("signals".into()).spawn(move || {
        let _limit = limit;
        for signal in signals.forever() {
            receive(signal);
        }
    });
    watching.map(drop).map_err(|error| no_handler(&error))
}

fn receive(signal: i32) {
    let mut state = state();
    if state.guards == 0 {
        end(signal);
    }
    if let Some(first) = state.pending {
        drop(state);
        // The kernel repeats this signal each second until the process has no time left.
        if (first, signal) != (SIGXCPU, SIGXCPU) {
            give_up(signal);
        }
        return;
    }
    state.pending = Some(signal);
    SIGNALLED.notify_all();
    drop(state);
    // Without a thread, the deadlines of the exchange and of the save bound the wait.
    let _ = thread::Builder::new().name("last call".into()).spawn(move || {
        nap(LONGEST_WAIT);
        give_up(signal)
    });
}

/// Signals wait while a guard is alive. When the last guard is dropped, a pending signal ends the process.
#[derive(Debug)]
pub(crate) struct SignalGuard(());

/// Makes signals wait until the guard is dropped.
pub(crate) fn defer_signals() -> SignalGuard {
    let mut state = state();
    state.guards = state.guards.saturating_add(1);
    SignalGuard(())
}

impl SignalGuard {
    /// Waits for a signal. It ends the process when this guard is dropped.
    pub(crate) fn wait(&self) {
        let mut state = state();
        while state.pending.is_none() {
            state = SIGNALLED.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for SignalGuard {
    fn drop(&mut self) {
        let mut state = state();
        state.guards = state.guards.saturating_sub(1);
        if let (0, Some(signal)) = (state.guards, state.pending) {
            drop(state);
            if let Some(result) = progress::result() {
                last_words(format!("wellspring: {result}; ended by {}", name(signal)));
            }
            end(signal);
        }
    }
}

/// Waits until no [`SignalGuard`] is alive, for `longest` at most, or until waiting is `hopeless`. Returns whether it waited
/// at all.
pub(crate) fn settle(longest: Duration, hopeless: impl Fn() -> bool) -> bool {
    const POLL: Duration = Duration::from_millis(10);
    let mut left = longest;
    while state().guards > 0 && !left.is_zero() && !hopeless() {
        nap(POLL);
        left = left.saturating_sub(POLL);
    }
    left < longest
}

/// Sleeps for this time.
#[expect(clippy::disallowed_methods, reason = "the command line has no other clock, and no test sleeps here")]
pub(crate) fn nap(time: Duration) {
    thread::sleep(time);
}

/// Ends the process in the middle of an exchange or its save.
fn give_up(signal: i32) -> ! {
    if let Some(what) = progress::waits() {
        last_words(format!(
            "wellspring: {} ended the command while it waited for {what}: the result is lost, and the next command says \
             whether a new sign-in is needed",
            name(signal)
        ));
    }
    end(signal)
}

/// Says this, unless nothing reads it.
fn last_words(text: String) {
    let (sender, said) = mpsc::channel();
    let saying = thread::Builder::new().name("last words".into()).spawn(move || {
        say(text);
        let _ = sender.send(());
    });
    if saying.is_ok() {
        let _ = said.recv_timeout(LAST_WORDS);
    }
}

fn name(signal: i32) -> String {
    signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// Exits with 128 + the signal's number, as shells report a process that a signal has ended.
fn end(signal: i32) -> ! {
    std::process::exit(128_i32.saturating_add(signal))
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this process ignores the signal. Linux tells it without a system call of its own; elsewhere the answer is no.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored(&status).is_some_and(|mask| mask >> signal.saturating_sub(1) & 1 == 1)
}

/// The mask of the ignored signals in the text of `/proc/self/status`.
fn ignored(status: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

fn no_handler(error: &io::Error) -> Failure {
    Failure::new(Exit::TryLater, format!("cannot install a signal handler: {error}; try again later"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_for_a_guard_ends_when_it_is_hopeless() {
        let guard = defer_signals();
        let looks = core::cell::Cell::new(0);
        assert!(settle(Duration::MAX, || looks.replace(looks.get() + 1) == 1));
        drop(guard);
    }

    #[test]
    fn the_mask_of_ignored_signals_is_read_from_the_process_status() {
        assert_eq!(ignored("Name:\tx\nSigBlk:\t0\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"), Some(0x1001));
        assert_eq!(ignored("Name:\tx\n"), None);
        assert_eq!(ignored("SigIgn:\tnone\n"), None);
    }
}
