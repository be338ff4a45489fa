//! The stage of a trial: a session in a store, its server, and a relay between the processes and the server.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oauth2_app::App;
use wellspring_core::{Provider as _, Record, Replay};
use wellspring_store::contract::Folder;

use crate::engine::Engine;
use crate::part::{CallerResult, Driver, Part};
use crate::place::{Kind, Place};
use crate::process::{End, Process};
use crate::relay::Relay;
use crate::server::{FIRST, Server, app};

/// Long enough for a load by the trial itself.
const LOADING: Duration = Duration::from_secs(10);

/// The stage of a trial.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) program: PathBuf,
    pub(crate) folder: Folder,
    pub(crate) place: Place,
    pub(crate) server: Server,
    pub(crate) relay: Relay,
    replay: Replay,
    /// The server of the store, which runs for as long as a stage has it.
    _engine: Option<Arc<Engine>>,
}

impl Stage {
    /// A stage with an expired session. `program` is the executable of the children.
    pub(crate) fn new(kind: Kind, replay: Replay, program: &Path) -> Result<Self, String> {
        let folder = Folder::new();
        let engine = Engine::shared(kind);
        let place = match &engine {
            Some(engine) => engine.place()?.spilling_to(folder.path().join("spills")),
            None => kind.below(folder.path()),
        };
        let server = Server::start(Duration::ZERO)?;
        let relay = Relay::to(server.simulator().port()).map_err(|error| error.to_string())?;
        let program = program.to_owned();
        let stage = Self { program, folder, place, server, relay, replay, _engine: engine };
        stage.server.sign_in_to(&stage.place, &stage.app()?)?;
        Ok(stage)
    }

    /// The same stage, where a process in an engine counts as alive for this time after it last showed that.
    pub(crate) fn present_for(mut self, presence: Duration) -> Self {
        self.place = self.place.present_for(presence);
        self
    }

    pub(crate) fn app(&self) -> Result<App, String> {
        app(&self.relay.url(), self.replay, 0)
    }

    pub(crate) fn part(&self, driver: Driver) -> Part {
        Part::new(self.place.clone(), driver, self.replay, self.relay.url())
    }

    /// The stored record, and whether there is a spill.
    pub(crate) fn record(&self) -> Result<(Record, bool), String> {
        let store = self.place.open().map_err(|error| error.to_string())?;
        let key = self.app()?.spec().key.clone();
        let loaded = store.load(&key, LOADING).map_err(|error| error.to_string())?;
        let stored = loaded.stored.ok_or("the record is gone")?;
        Ok((stored.record, loaded.spilled.is_some()))
    }

    /// Starts a process with this part; its callers ask at once.
    pub(crate) fn begin(&self, part: &Part) -> Result<Process, String> {
        let mut process = Process::start(&self.program, part)?;
        process.begin()?;
        Ok(process)
    }

    /// A new process on this driver, and its result.
    pub(crate) fn asks(&self, driver: Driver) -> Result<CallerResult, String> {
        result(&mut self.begin(&self.part(driver))?)
    }

    /// Checks that the session goes on: one exchange, whose token is in the store, and no refresh token sent twice.
    pub(crate) fn must_go_on(&self) -> Result<(), String> {
        let seen = self.server.seen();
        let must = |so: bool, sentence: &str| if so { Ok(()) } else { Err(format!("{sentence}: {seen:?}")) };
        must((seen.reused, seen.revoked) == (0, 0), "a refresh token was sent twice")?;
        must(seen.exchanged == 1, "not exactly one exchange brought a token")?;
        let (record, spilled) = self.record()?;
        must(!spilled, "a spill is left behind")?;
        must(record.lease.is_none(), "a lease is left behind")?;
        let granted = record.granted().ok_or("the record holds no grant")?;
        must(self.server.takes(&granted.response.access_token), "the server does not take the token")
    }
}

/// The token of the one exchange.
pub(crate) fn served() -> CallerResult {
    CallerResult::Served(FIRST.next().value())
}

/// The result of the one caller of this process.
pub(crate) fn result(process: &mut Process) -> Result<CallerResult, String> {
    match process.end()? {
        End::Done(done) if done.lines.len() == 1 => Ok(done.lines[0].result.clone()),
        other => Err(format!("the process ended unexpectedly: {other:?}")),
    }
}
