//! The point at which a process kills or stops itself: before, during or after one of the effects of a renewal.
//!
//! The process sends itself SIGKILL, so no destructor runs and nothing is cleaned up; or SIGSTOP, as a closed lid does.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::thread;

use rustix::process::{Signal, getpid, kill_process};

use crate::clock;

/// Longer than a busy machine takes to stop all threads of a process.
const STOPPING: Duration = Duration::from_millis(300);

/// An effect of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial kills at each")]
pub enum Effect {
    /// Load the record.
    Load,
    /// Take the liveness lock.
    Life,
    /// Save the lease.
    Lease,
    /// The exchange.
    Send,
    /// Save the outcome.
    Outcome,
    /// Spill the outcome, because the store refuses it.
    Spill,
    /// Remove the spill.
    Forget,
}

/// The point relative to the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial kills at each")]
pub enum When {
    /// Before the effect.
    Before,
    /// This number of microseconds after its beginning.
    During(u64),
    /// After the effect, before its result is used.
    After,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "load",
            Self::Life => "life",
            Self::Lease => "lease",
            Self::Send => "send",
            Self::Outcome => "outcome",
            Self::Spill => "spill",
            Self::Forget => "forget",
        })
    }
}

/// What a process does to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a trial plays each")]
pub enum Blow {
    /// It kills itself.
    Kill,
    /// It stops itself, once, until its parent continues it.
    Stop,
}

/// The point at which a process kills or stops itself.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an effect and a point, nothing else")]
pub struct KillPoint {
    /// The effect.
    pub effect: Effect,
    /// The point relative to it.
    pub when: When,
    /// What the process does there.
    pub blow: Blow,
}

impl KillPoint {
    /// Reads a kill point: `kill:lease:before`, `kill:lease:during:500`, `stop:lease:after`.
    ///
    /// # Errors
    ///
    /// If the text is malformed.
    pub fn parse(text: &str) -> Result<Self, String> {
        const ALL: [Effect; 7] = [
            Effect::Load,
            Effect::Life,
            Effect::Lease,
            Effect::Send,
            Effect::Outcome,
            Effect::Spill,
            Effect::Forget,
        ];
        let unknown = || format!("{text} is not a kill point");
        let (blow, text) = text.split_once(':').ok_or_else(unknown)?;
        let blow = match blow {
            "kill" => Blow::Kill,
            "stop" => Blow::Stop,
            _ => return Err(unknown()),
        };
        let (effect, when) = text.split_once(':').ok_or_else(unknown)?;
        let effect = ALL.into_iter().find(|known| known.to_string() == effect).ok_or_else(unknown)?;
        let when = match when.split_once(':') {
            None if when == "before" => When::Before,
            None if when == "after" => When::After,
            Some(("during", micros)) => When::During(micros.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        };
        Ok(Self { effect, when, blow })
    }

    /// Carries out the effect, if this process is alive by then.
    pub(crate) fn around<T>(kill_point: Option<Self>, effect: Effect, action: impl FnOnce() -> T) -> T {
        Self::before(kill_point, effect);
        let outcome = action();
        Self::after(kill_point, effect);
        outcome
    }

    pub(crate) fn before(kill_point: Option<Self>, effect: Effect) {
        match kill_point {
            Some(Self { effect: mine, when: When::Before, blow }) if mine == effect => blow.strike(),
            Some(Self { effect: mine, when: When::During(micros), blow }) if mine == effect => {
                thread::spawn(move || {
                    clock::nap(Duration::from_micros(micros));
                    blow.strike();
                });
            }
            _ => {}
        }
    }

    pub(crate) fn after(kill_point: Option<Self>, effect: Effect) {
        match kill_point {
            Some(Self { effect: mine, when: When::After, blow }) if mine == effect => blow.strike(),
            // The signal is on its way: nothing may happen before it arrives.
            Some(Self { effect: mine, when: When::During(_), blow: Blow::Kill }) if mine == effect => {
                wait_for_signal()
            }
            _ => {}
        }
    }
}

impl fmt::Display for KillPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.blow == Blow::Kill { "kill" } else { "stop" })?;
        match self.when {
            When::Before => write!(f, ":{}:before", self.effect),
            When::During(micros) => write!(f, ":{}:during:{micros}", self.effect),
            When::After => write!(f, ":{}:after", self.effect),
        }
    }
}

impl Blow {
    fn strike(self) {
        static STOPPED: AtomicBool = AtomicBool::new(false);
        match self {
            Self::Kill => {
                let _ = kill_process(getpid(), Signal::KILL);
                wait_for_signal()
            }
            Self::Stop if STOPPED.swap(true, Ordering::SeqCst) => {}
            Self::Stop => {
                let _ = kill_process(getpid(), Signal::STOP);
                // Another thread may take the signal, and this one would go on until that has happened.
                clock::nap(STOPPING);
            }
        }
    }
}

fn wait_for_signal() -> ! {
    loop {
        thread::park();
    }
}
