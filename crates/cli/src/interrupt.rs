//! Ctrl-C and SIGTERM: at once when nothing is at stake, later when a token request is under way.
//!
//! An endpoint that has read a request may have spent a single-use grant for it, and a process that dies then
//! loses what comes back. So from before the first byte to the answer, and with a store to the save, a signal waits,
//! for no longer than the deadlines of the exchange and of the save.

use core::time::Duration;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::{Exit, Failure};

#[derive(Debug)]
struct State {
    /// Token requests under way.
    held: u32,
    /// The signal that has come meanwhile.
    came: Option<i32>,
}

static STATE: Mutex<State> = Mutex::new(State { held: 0, came: None });

/// From now on a signal ends the process, unless a [`Hold`] makes it wait.
pub(crate) fn watch() -> Result<(), Failure> {
    let mut signals = signals()?;
    let watching = thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            let mut state = state();
            if state.held == 0 {
                end(signal);
            }
            state.came = state.came.or(Some(signal));
        }
    });
    watching.map(drop).map_err(|error| unwatched(&error))
}

/// A signal to be waited for, with nothing else to do.
#[derive(Debug)]
pub(crate) struct Stop(Signals);

/// From now on a signal is kept for whoever waits.
pub(crate) fn listen() -> Result<Stop, Failure> {
    signals().map(Stop)
}

impl Stop {
    /// Waits for it.
    pub(crate) fn wait(mut self) {
        self.0.forever().next();
    }
}

/// While it lives, signals wait; with the last one, a signal that has come ends the process.
#[derive(Debug)]
pub(crate) struct Hold(());

/// Signals wait from now on.
pub(crate) fn hold() -> Hold {
    let mut state = state();
    state.held = state.held.saturating_add(1);
    Hold(())
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = state();
        state.held = state.held.saturating_sub(1);
        if let (0, Some(signal)) = (state.held, state.came) {
            end(signal);
        }
    }
}

/// Waits until nothing is held any more, for so long at most. Whether there was anything to wait for.
pub(crate) fn settle(longest: Duration) -> bool {
    const LOOK: Duration = Duration::from_millis(10);
    let mut left = longest;
    while state().held > 0 && !left.is_zero() {
        nap(LOOK);
        left = left.saturating_sub(LOOK);
    }
    left < longest
}

/// Waits so long, where there is nothing to wait for but time.
#[expect(clippy::disallowed_methods, reason = "the command line has no other clock, and no test sleeps here")]
pub(crate) fn nap(time: Duration) {
    thread::sleep(time);
}

/// Ends the process as shells expect of one that a signal has ended.
fn end(signal: i32) -> ! {
    std::process::exit(128_i32.saturating_add(signal))
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn signals() -> Result<Signals, Failure> {
    Signals::new([SIGINT, SIGTERM]).map_err(|error| unwatched(&error))
}

fn unwatched(error: &io::Error) -> Failure {
    Failure::new(Exit::TryLater, format!("signals cannot be watched for: {error}; try again later"))
}
