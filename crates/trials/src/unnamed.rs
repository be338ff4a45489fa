//! One trial of a save that a kill interrupts between its data and its name: the new contents are flushed to a temporary
//! file that is not renamed yet, or to SQLite's log that is not flushed yet. What is whole must be found.

use std::path::Path;

use wellspring_core::Replay;

use crate::part::Driver;
use crate::place::Kind;
use crate::process::{End, Process};
use crate::relay::Wire;
use crate::stage::{Stage, served};
use crate::strace::Tracer;

/// The save that is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Save {
    /// The save of the lease.
    Lease,
    /// The save of the outcome.
    Outcome,
    /// The spill of the outcome, because the store refuses it.
    Spill,
}

/// The settings of a trial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unnamed {
    pub(crate) save: Save,
    pub(crate) kind: Kind,
    pub(crate) replay: Replay,
    pub(crate) victim: Driver,
    pub(crate) taker: Driver,
}

impl Save {
    pub(crate) const ALL: [Self; 3] = [Self::Lease, Self::Outcome, Self::Spill];
}

impl Unnamed {
    /// The calls that give a save its name. A spill is a file in both stores.
    const fn calls(&self) -> &'static str {
        match (self.kind, self.save) {
            (Kind::Sqlite | Kind::Sealed, Save::Lease | Save::Outcome) => "fsync,fdatasync",
            _ => "rename,renameat,renameat2",
        }
    }

    /// Plays the trial; the error is a sentence about what broke.
    pub(crate) fn play(&self, program: &Path) -> Result<(), String> {
        let stage = Stage::new(self.kind, self.replay, program)?;
        let mut part = stage.part(self.victim);
        part.refuses = self.save == Save::Spill;
        let mut victim = Process::start(program, &part)?;
        let attach = |victim: &Process| {
            Tracer::attach(victim.id(), self.calls(), "error=EIO:signal=KILL:when=1", stage.folder.path())
        };
        let tracer = if self.save == Save::Lease {
            let tracer = attach(&victim)?;
            victim.begin()?;
            tracer
        } else {
            // The lease is saved; the next save is that of the outcome.
            stage.relay.arm(Wire::Processed);
            victim.begin()?;
            if !stage.relay.reached() {
                return Err("the exchange did not get there".to_owned());
            }
            let tracer = attach(&victim)?;
            stage.relay.resume();
            tracer
        };
        match victim.end()? {
            End::Killed => {}
            End::Done(done) => return Err(format!("no process died: {done:?}")),
        }
        drop(tracer);
        stage.relay.settle().map_err(|error| error.to_string())?;
        let taken = stage.asks(self.taker)?;
        if taken != served() {
            return Err(format!("the process that took over got {taken:?}: {:?}", stage.server.seen()));
        }
        stage.must_go_on()
    }
}
