//! Ctrl-C and SIGTERM end the process at once, or after the token request that is in flight.
//!
//! A server that has read a token request may have used up a single-use grant. A process that ends then loses the
//! response. Therefore a signal waits from before the first byte until the response is read, and with a store until the
//! save is done. The deadlines of the exchange and of the save bound that wait.

use core::time::Duration;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::{Exit, Failure};

#[derive(Debug)]
struct State {
    /// How many [`SignalGuard`]s are alive.
    guards: u32,
    /// The first signal that arrived while a guard was alive.
    pending: Option<i32>,
}

static STATE: Mutex<State> = Mutex::new(State { guards: 0, pending: None });

/// From now on a signal ends the process, at once or when the last [`SignalGuard`] is dropped.
pub(crate) fn watch() -> Result<(), Failure> {
    let mut signals = signals()?;
    let watching = thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let mut state = state();
            if state.guards == 0 {
                end(signal);
            }
            state.pending = state.pending.or(Some(signal));
        }
    });
    watching.map(drop).map_err(|error| no_handler(&error))
}

/// The signals of a command that only waits for one.
#[derive(Debug)]
pub(crate) struct Stop(Signals);

/// From now on signals do not end the process; [`Stop::wait`] returns at the first one.
pub(crate) fn listen() -> Result<Stop, Failure> {
    signals().map(Stop)
}

impl Stop {
    /// Waits for the first signal.
    pub(crate) fn wait(mut self) {
        self.0.forever().next();
    }
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

impl Drop for SignalGuard {
    fn drop(&mut self) {
        let mut state = state();
        state.guards = state.guards.saturating_sub(1);
        if let (0, Some(signal)) = (state.guards, state.pending) {
            end(signal);
        }
    }
}

/// Waits until no [`SignalGuard`] is alive, for `longest` at most. Returns whether it waited at all.
pub(crate) fn settle(longest: Duration) -> bool {
    const POLL: Duration = Duration::from_millis(10);
    let mut left = longest;
    while state().guards > 0 && !left.is_zero() {
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

/// Exits with 128 + the signal's number, as shells report a process that a signal has ended.
fn end(signal: i32) -> ! {
    std::process::exit(128_i32.saturating_add(signal))
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn signals() -> Result<Signals, Failure> {
    Signals::new([SIGINT, SIGTERM]).map_err(|error| no_handler(&error))
}

fn no_handler(error: &io::Error) -> Failure {
    Failure::new(Exit::TryLater, format!("cannot install a signal handler: {error}; try again later"))
}
