//! Many processes that request the same tokens from an engine at once, of which half are killed at random moments.
//!
//! No process knows of a killed one on another host whether it had sent a refresh token. So each session of which a killed
//! process held the lease ends, with no second use of its refresh token; every other session is renewed once. All processes
//! that are left say the same of a session, and so does the next one.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wellspring_core::{LoginReason, Provider as _, Record, Replay};
use wellspring_store::Deadline;

use crate::clock;
use crate::engine::Engine;
use crate::housing::Housing;
use crate::part::{CallerResult, Driver, Line, Part};
use crate::place::{Kind, Place};
use crate::process::{End, Process};
use crate::random::Random;
use crate::scratch::Scratch;
use crate::server::{FIRST, Seen, Server, app};

/// The settings of a cull.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests make it")]
pub struct Cull {
    /// The kind of engine.
    pub kind: Kind,
    /// Where the processes live.
    pub housing: Housing,
    /// The number of processes; every second one is async.
    pub processes: usize,
    /// The number of expired keys.
    pub keys: u32,
    /// The seed of the choice of processes and of the moments.
    pub seed: u64,
}

/// The result of a cull.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests look at it")]
pub struct Survived {
    /// The counters of the server.
    pub seen: Seen,
    /// How many processes were killed before they had all their tokens.
    pub killed: usize,
    /// How many sessions were renewed.
    pub renewed: u64,
    /// How many sessions ended with a killed process.
    pub ended: u64,
}

/// The delay of the server's responses: most kills meet a renewal.
const LATENCY: Duration = Duration::from_millis(200);

/// The latest kill after the first request, in microseconds.
const LAST_KILL: u64 = 400_000;

/// How long a killed process counts as alive.
const PRESENCE: Duration = Duration::from_millis(1_500);

/// The deadline of an exchange, and of the store: a lease lasts twice as long.
const DEADLINE: Duration = Duration::from_secs(3);

/// How long a caller waits through the lease of a killed process, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The number of tasks or threads for each key.
const CALLERS: u32 = 4;

impl Cull {
    /// Runs the cull. `program` is the executable of the children.
    ///
    /// # Errors
    ///
    /// A sentence about a broken guarantee, or why the cull cannot be run.
    pub fn run(&self, program: &Path) -> Result<Survived, String> {
        let Self { kind, housing, seed, .. } = self;
        let cull = |sentence| format!("{kind}, {housing:?}, seed {seed}: {sentence}");
        self.play(program).map_err(cull)
    }

    fn play(&self, program: &Path) -> Result<Survived, String> {
        let engine = Engine::shared(self.kind).ok_or("processes on several hosts need an engine")?;
        let (folder, place) = (Scratch::new(), engine.place()?.present_for(PRESENCE));
        let server = Server::start(LATENCY)?;
        let url = server.simulator().url();
        server.sign_in_all(&place, &url, self.keys)?;
        let part = |number: usize| {
            let mut part = Part::new(place.clone(), Driver::ALL[number % 2], Replay::OwnerDead, url.clone());
            part.place = part.place.spilling_to(self.housing.folder(number, folder.path()).join("spills"));
            part.keys = self.keys;
            part.callers = CALLERS;
            part.deadline = DEADLINE;
            part.store_deadline = DEADLINE;
            part.patience = Some(PATIENCE);
            part
        };
        let start = |number| Process::start_in(self.housing, number, folder.path(), program, &part(number));
        let mut children = (0..self.processes).map(start).collect::<Result<Vec<_>, _>>()?;
        children.iter_mut().try_for_each(Process::begin)?;
        let first = Deadline::after(PATIENCE);
        while server.seen().asked == 0 {
            if !first.sleep(Duration::from_millis(1)) {
                return Err("no process sends anything".to_owned());
            }
        }
        let killed = self.kill_half(&mut children);
        let mut lines = Vec::new();
        let mut dead = 0;
        for (number, child) in children.iter_mut().enumerate() {
            match child.end()? {
                End::Done(done) => lines.extend(done.lines),
                End::Killed if killed.contains(&number) => dead += 1,
                End::Killed => return Err(format!("process {number} was killed by another")),
            }
        }
        let callers = (self.processes - dead) as u32 * CALLERS;
        let results = self.agreed(&lines, callers)?;
        let survived = self.judge(&results, &place, &server, dead)?;
        // The next process says the same, and sends nothing.
        let mut next = start(self.processes)?;
        next.begin()?;
        let End::Done(done) = next.end()? else { return Err("the last process was killed".to_owned()) };
        let again = self.agreed(&done.lines, CALLERS)?;
        if again != results || server.seen() != survived.seen {
            return Err(format!("the next process got {again:?} after {results:?}: {:?}", server.seen()));
        }
        Ok(survived)
    }

    /// Kills half of the processes, each at a moment of its own. Returns which.
    fn kill_half(&self, children: &mut [Process]) -> BTreeSet<usize> {
        let mut random = Random::new(self.seed);
        let mut order: Vec<(u64, usize)> =
            (0..children.len()).map(|number| (random.next(), number)).collect();
        order.sort_unstable();
        let mut kills: Vec<(u64, usize)> = order
            .iter()
            .take(children.len() / 2)
            .map(|(_, number)| (random.below(LAST_KILL), *number))
            .collect();
        kills.sort_unstable();
        let mut now = 0;
        for (at, number) in &kills {
            clock::nap(Duration::from_micros(at - now));
            children[*number].kill();
            now = *at;
        }
        kills.into_iter().map(|(_, number)| number).collect()
    }

    /// The one result of each key, which this number of callers have got.
    fn agreed(&self, lines: &[Line], callers: u32) -> Result<BTreeMap<u32, CallerResult>, String> {
        let mut results = BTreeMap::new();
        for user in 0..self.keys {
            let mut of_user = lines.iter().filter(|line| line.user == user);
            let counted: u32 = of_user.clone().map(|line| line.callers).sum();
            let first =
                of_user.next().map(|line| line.result.clone()).ok_or(format!("user {user} has no result"))?;
            if let Some(other) = of_user.find(|line| line.result != first) {
                return Err(format!("user {user}: one process got {first:?}, another {:?}", other.result));
            }
            if counted != callers {
                return Err(format!("user {user}: {counted} of {callers} callers have a result"));
            }
            results.insert(user, first);
        }
        Ok(results)
    }

    fn judge(
        &self,
        results: &BTreeMap<u32, CallerResult>,
        place: &Place,
        server: &Server,
        killed: usize,
    ) -> Result<Survived, String> {
        let mut survived = Survived { seen: server.seen(), killed, renewed: 0, ended: 0 };
        let store = place.open().map_err(|error| error.to_string())?;
        for (user, result) in results {
            let key = app(&server.simulator().url(), Replay::OwnerDead, *user)?.spec().key.clone();
            let loaded = store.load(&key, PATIENCE).map_err(|error| error.to_string())?;
            let record = loaded.stored.ok_or(format!("the record of user {user} is gone"))?.record;
            if *result == CallerResult::Served(FIRST.next().value()) && is_renewed(&record, server) {
                survived.renewed += 1;
            } else if result.is_ambiguous() && has_ended(&record) {
                survived.ended += 1;
            } else {
                return Err(format!(
                    "user {user}: the processes got {result:?}, and the store holds another state"
                ));
            }
        }
        let Survived { seen, renewed, ended, .. } = &survived;
        let must =
            |so: bool, sentence: &str| if so { Ok(()) } else { Err(format!("{sentence}: {survived:?}")) };
        must((seen.reused, seen.revoked) == (0, 0), "a refresh token was sent twice")?;
        must(seen.exchanged >= *renewed, "a token has come from nowhere")?;
        must(seen.asked <= renewed + ended, "a session was refreshed more than once")?;
        must(*ended == 0 || killed > 0, "a session ended, and no process was killed")?;
        Ok(survived)
    }
}

fn is_renewed(record: &Record, server: &Server) -> bool {
    let taken = record.granted().is_some_and(|granted| server.takes(&granted.response.access_token));
    record.generation == FIRST.next() && record.lease.is_none() && record.dead.is_none() && taken
}

fn has_ended(record: &Record) -> bool {
    let ambiguous = record.dead.is_some_and(|dead| dead.reason == LoginReason::Ambiguous);
    record.generation == FIRST && record.lease.is_none() && ambiguous
}
