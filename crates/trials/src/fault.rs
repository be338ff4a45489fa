//! One trial of a store's fault: the n-th of some system calls of each thread fails, or every one of them. The process must
//! not hang, panic, lose the session, send a refresh token twice or ask for a sign-in; and afterwards another process goes on.

use core::time::Duration;
use std::path::Path;

use wellspring_core::Replay;

use crate::ending::Ending;
use crate::part::{CallerResult, Driver};
use crate::place::Kind;
use crate::process::Process;
use crate::relay::Wire;
use crate::stage::{Stage, result, served};
use crate::strace::Tracer;

/// The settings of a trial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) calls: &'static str,
    pub(crate) error: &'static str,
    /// Which call of a thread fails; `None` if each does. Then no lease can be saved, so nothing may be sent.
    pub(crate) nth: Option<u32>,
    /// Whether calls count only after the server has processed the refresh, when nothing may be lost any more.
    pub(crate) late: bool,
    pub(crate) kind: Kind,
    pub(crate) victim: Driver,
}

/// Longer than the store is tried for.
const SHORT_PATIENCE: Duration = Duration::from_secs(3);

/// System calls of the stores, and errors that they may bring.
pub(crate) const FAULTS: [(&str, &[&str]); 7] = [
    ("fsync,fdatasync", &["EIO", "ENOSPC"]),
    ("rename,renameat,renameat2", &["EIO", "ENOSPC", "EACCES"]),
    ("flock", &["ENOLCK", "ENOSYS", "EINVAL", "EIO"]),
    ("fcntl", &["ENOLCK", "ENOSYS", "EINVAL", "EIO"]),
    ("unlink,unlinkat", &["EIO", "EACCES"]),
    ("write,pwrite64,pwritev,ftruncate,fallocate", &["EIO", "ENOSPC", "EDQUOT"]),
    ("open,openat", &["EIO", "EACCES", "EMFILE"]),
];

impl Fault {
    /// Plays the trial; the error is a sentence about what broke.
    pub(crate) fn play(&self, program: &Path) -> Result<Ending, String> {
        let stage = Stage::new(self.kind, Replay::OwnerDead, program)?;
        let when = self.nth.map_or_else(|| "1+".to_owned(), |nth| nth.to_string());
        let what = format!("error={}:when={when}", self.error);
        let mut part = stage.part(self.victim);
        if self.nth.is_none() {
            // The caller's time ends beside a store that stays broken, and the caller is told what breaks it.
            part.patience = Some(SHORT_PATIENCE);
        }
        let mut victim = Process::start(program, &part)?;
        let attach = |victim: &Process| Tracer::attach(victim.id(), self.calls, &what, stage.folder.path());
        let tracer = if self.late {
            stage.relay.arm(Wire::Processed);
            victim.begin()?;
            if !stage.relay.reached() {
                return Err("the exchange did not get there".to_owned());
            }
            let tracer = attach(&victim)?;
            stage.relay.resume();
            tracer
        } else {
            let tracer = attach(&victim)?;
            victim.begin()?;
            tracer
        };
        let got = result(&mut victim);
        let injected = tracer.injected(stage.folder.path())?;
        if injected.is_empty() {
            // The fault hit nothing, or something else than the store.
            return Ok(Ending::Missed);
        }
        if self.late && injected.len() > 1 {
            // Each thread counts its own calls. Several failures at once may leave no place for the token.
            return Ok(Ending::Missed);
        }
        let says = |sentence: String| format!("{sentence}; failed {} times: {}", injected.len(), injected[0]);
        let got = got.map_err(says)?;
        match &got {
            CallerResult::Failed(why) if why.starts_with("Store") => {}
            got if *got == served() => {}
            other => return Err(says(format!("the process got {other:?}: {:?}", stage.server.seen()))),
        }
        let next = stage.asks(self.victim.other()).map_err(says)?;
        if next != served() {
            return Err(says(format!(
                "after {got:?} the next process got {next:?}: {:?}",
                stage.server.seen()
            )));
        }
        stage.must_go_on().map_err(says).map(|()| Ending::Whole)
    }
}
