//! Where a process kills itself: before, during or after one of the effects of a renewal.
//!
//! The blow is SIGKILL, so nothing is tidied up and no destructor runs.

use core::fmt;
use core::time::Duration;
use std::thread;

use rustix::process::{Signal, getpid, kill_process};

use crate::clock;

/// An effect of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial kills at each")]
pub enum Effect {
    /// Reading the record.
    Load,
    /// Showing the liveness lock.
    Life,
    /// Saving the lease.
    Lease,
    /// The exchange.
    Send,
    /// Saving what it brought.
    Outcome,
    /// Spilling it, because the store will not take it.
    Spill,
    /// Removing what was spilled.
    Forget,
}

/// Where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial kills at each")]
pub enum When {
    /// Before it.
    Before,
    /// So many microseconds after its beginning.
    During(u64),
    /// After it, before anybody hears of it.
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

/// A process kills itself there.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is what it says")]
pub struct Blow {
    /// At which effect.
    pub effect: Effect,
    /// Where in it.
    pub when: When,
}

impl Blow {
    /// The blow that these words say: `lease:before`, `lease:during:500`, `lease:after`.
    ///
    /// # Errors
    ///
    /// When they say none.
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
        let unknown = || format!("{text} is no blow");
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

    /// Carries the effect out, if this process lives to see it.
    pub(crate) fn around<T>(blow: Option<Self>, effect: Effect, action: impl FnOnce() -> T) -> T {
        Self::before(blow, effect);
        let outcome = action();
        Self::after(blow, effect);
        outcome
    }

    pub(crate) fn before(blow: Option<Self>, effect: Effect) {
        match blow {
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

    pub(crate) fn after(blow: Option<Self>, effect: Effect) {
        match blow {
            Some(Self { effect: mine, when: When::After }) if mine == effect => die(),
            // It comes: nothing may happen before it does.
            Some(Self { effect: mine, when: When::During(_) }) if mine == effect => wait_for_it(),
            _ => {}
        }
    }
}

impl fmt::Display for Blow {
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
    wait_for_it()
}

fn wait_for_it() -> ! {
    loop {
        thread::park();
    }
}
