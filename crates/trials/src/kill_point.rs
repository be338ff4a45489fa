//! The point at which a process kills itself: before, during or after one of the effects of a renewal.
//!
//! The process sends itself SIGKILL, so no destructor runs and nothing is cleaned up.

use core::fmt;
use core::time::Duration;
use std::thread;

use rustix::process::{Signal, getpid, kill_process};

use crate::clock;

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

/// The point at which a process kills itself.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an effect and a point, nothing else")]
pub struct KillPoint {
    /// The effect.
    pub effect: Effect,
    /// The point relative to it.
    pub when: When,
}

impl KillPoint {
    /// Reads a kill point: `lease:before`, `lease:during:500`, `lease:after`.
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
        let (effect, when) = text.split_once(':').ok_or_else(unknown)?;
        let effect = ALL.into_iter().find(|known| known.to_string() == effect).ok_or_else(unknown)?;
        let when = match when.split_once(':') {
            None if when == "before" => When::Before,
            None if when == "after" => When::After,
            Some(("during", micros)) => When::During(micros.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        };
        Ok(Self { effect, when })
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
            Some(Self { effect: mine, when: When::Before }) if mine == effect => die(),
            Some(Self { effect: mine, when: When::During(micros) }) if mine == effect => {
                thread::spawn(move || {
                    clock::nap(Duration::from_micros(micros));
                    die()
                });
            }
            _ => {}
        }
    }

    pub(crate) fn after(kill_point: Option<Self>, effect: Effect) {
        match kill_point {
            Some(Self { effect: mine, when: When::After }) if mine == effect => die(),
            // The signal is on its way: nothing may happen before it arrives.
            Some(Self { effect: mine, when: When::During(_) }) if mine == effect => wait_for_signal(),
            _ => {}
        }
    }
}

impl fmt::Display for KillPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.when {
            When::Before => write!(f, "{}:before", self.effect),
            When::During(micros) => write!(f, "{}:during:{micros}", self.effect),
            When::After => write!(f, "{}:after", self.effect),
        }
    }
}

fn die() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    wait_for_signal()
}

fn wait_for_signal() -> ! {
    loop {
        thread::park();
    }
}
