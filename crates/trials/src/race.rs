//! Many processes that request the same tokens at once.

use core::time::Duration;
use std::path::Path;

use wellspring_core::Replay;

use crate::engine::Engine;
use crate::housing::Housing;
use crate::part::{CallerResult, Driver, Part};
use crate::place::{Kind, Place};
use crate::process::{End, Process};
use crate::scratch::Scratch;
use crate::server::{FIRST, Seen, Server};

/// The settings of a race.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests make it")]
pub struct Race {
    /// The kind of store.
    pub kind: Kind,
    /// Where the processes live. Processes of several hosts, or of containers with a folder each, share only an engine.
    pub housing: Housing,
    /// The number of expired keys.
    pub keys: u32,
    /// The number of processes; every second one is async.
    pub processes: usize,
    /// Tasks for each key in an async process.
    pub tasks: u32,
    /// Threads for each key in a blocking process.
    pub threads: u32,
    /// The delay of the server's responses.
    pub latency: Duration,
}

/// The result of a race.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests look at it")]
pub struct Outcome {
    /// The counters of the server.
    pub seen: Seen,
    /// How many callers got the new token.
    pub served: u32,
    /// The results of the other callers.
    pub others: Vec<CallerResult>,
    /// The time from the last save until the last caller of each waiting process was served, if there is only one key.
    pub lags: Vec<Duration>,
}

impl Race {
    /// The number of callers.
    #[must_use]
    pub const fn callers(&self) -> u32 {
        let pairs = (self.processes / 2) as u32;
        let odd = (self.processes % 2) as u32;
        self.keys * (pairs * (self.tasks + self.threads) + odd * self.tasks)
    }

    /// Runs the race. `program` is the executable of the children.
    ///
    /// # Errors
    ///
    /// Why the race cannot be run.
    pub fn run(&self, program: &Path) -> Result<Outcome, String> {
        let folder = if self.keys > 1 { Scratch::new() } else { Scratch::Disk(<_>::default()) };
        match Engine::shared(self.kind) {
            Some(engine) => self.run_in(program, &engine.place()?, folder.path()),
            None => self.run_in(program, &self.kind.below(folder.path()), folder.path()),
        }
    }

    fn run_in(&self, program: &Path, place: &Place, folder: &Path) -> Result<Outcome, String> {
        let server = Server::start(self.latency)?;
        let url = server.simulator().url();
        server.sign_in_all(place, &url, self.keys)?;
        let mut children = Vec::new();
        for n in 0..self.processes {
            let driver = if n % 2 == 0 { Driver::Async } else { Driver::Blocking };
            let mut part = Part::new(place.clone(), driver, Replay::OwnerDead, url.clone());
            part.keys = self.keys;
            part.callers = if driver == Driver::Async { self.tasks } else { self.threads };
            part.deadline = Duration::from_secs(30);
            part.store_deadline = Duration::from_secs(30);
            part.patience = None;
            if self.kind.is_engine() {
                part.place = part.place.spilling_to(self.housing.folder(n, folder).join("spills"));
            }
            children.push(Process::start_in(self.housing, n, folder, program, &part)?);
        }
        children.iter_mut().try_for_each(Process::begin)?;
        let mut done = Vec::new();
        for child in &mut children {
            match child.end()? {
                End::Done(it) => done.push(it),
                End::Killed => return Err("a child was killed".to_owned()),
            }
        }
        let saved = done.iter().filter_map(|it| it.saved).max().unwrap_or_default();
        let mut outcome = Outcome { seen: server.seen(), served: 0, others: Vec::new(), lags: Vec::new() };
        for it in &done {
            for line in &it.lines {
                if line.result == CallerResult::Served(FIRST.next().value()) {
                    outcome.served += line.callers;
                } else {
                    outcome.others.push(line.result.clone());
                }
                if it.saved.is_none() && self.keys == 1 {
                    outcome.lags.push(line.last.saturating_sub(saved));
                }
            }
        }
        outcome.lags.sort();
        Ok(outcome)
    }
}
