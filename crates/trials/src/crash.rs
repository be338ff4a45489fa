//! One trial of a crash: a process is killed during its renewal, another process takes over, and the state of the store and
//! the server is checked against the guarantees.

use core::time::Duration;
use std::path::Path;

use wellspring_core::{Provider as _, Record, Replay};
use wellspring_store::contract::Folder;

use crate::clock;
use crate::kill_point::{Effect, KillPoint, When};
use crate::moment::{Left, Moment};
use crate::part::{CallerResult, Driver, Part};
use crate::place::{Kind, Place};
use crate::process::{End, Process};
use crate::random::Random;
use crate::relay::{Relay, Wire};
use crate::server::{FIRST, Seen, Server, app};

/// The settings of a trial.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "trials make it")]
pub struct Trial {
    /// When the first process is killed.
    pub moment: Moment,
    /// The kind of store.
    pub kind: Kind,
    /// Whether a refresh token of unknown fate may be sent again: `Never`, or `OwnerDead`.
    pub replay: Replay,
    /// The driver of the killed process.
    pub victim: Driver,
    /// The driver of the process that takes over.
    pub taker: Driver,
    /// The seed of the delays.
    pub seed: u64,
}

/// The result of a trial.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "trials look at it")]
pub struct Verdict {
    /// How many processes were killed.
    pub kills: u32,
    /// How far they had come.
    pub left: Left,
    /// Whether the server had processed one of their requests.
    pub processed: bool,
    /// The result of the process that took over.
    pub result: CallerResult,
    /// The counters of the server at the end.
    pub seen: Seen,
}

/// The longest delay of a kill during a save: longer than a save takes.
const SAVE: u64 = 15_000;

/// The longest time until a parent kills its child.
const RENEWAL: u64 = 60_000;

/// Long enough for a process to start and to find the lease of another.
const WATCHING: Duration = Duration::from_millis(60);

/// How often a kill may come too late before that is an error.
const TRIES: u64 = 20;

impl Trial {
    /// Plays the trial. `program` is the executable of the children.
    ///
    /// # Errors
    ///
    /// A sentence about a broken guarantee, or why the trial cannot be played.
    pub fn play(&self, program: &Path) -> Result<Verdict, String> {
        for round in 0..TRIES {
            if let Some(verdict) = self.play_once(program, round).map_err(|sentence| self.says(&sentence))? {
                return Ok(verdict);
            }
        }
        Err(self.says("each kill came too late"))
    }

    /// `None` if the process had ended by itself before its parent killed it.
    fn play_once(&self, program: &Path, round: u64) -> Result<Option<Verdict>, String> {
        let folder = Folder::new();
        let place = self.kind.below(folder.path());
        let server = Server::start(Duration::ZERO)?;
        let relay = Relay::to(server.simulator().port()).map_err(|error| error.to_string())?;
        let stage = Stage { trial: self, program, place: &place, relay: &relay };
        server.sign_in_to(&place, &stage.app()?)?;

        if let Moment::Watched(wire) = self.moment {
            return self.play_watched(&stage, &server, wire).map(Some);
        }
        let random = Random::new(self.seed.wrapping_add(round << 32)).next();
        let first = match self.moment {
            Moment::At(effect, when) => stage.dies_at(self.victim, effect, when, random)?,
            Moment::On(wire) | Moment::Watched(wire) => {
                relay.arm(wire);
                stage.dies_when(self.victim, || relay.reached())?
            }
            Moment::Whenever => stage.dies_when(self.victim, || {
                clock::nap(Duration::from_micros(random % (RENEWAL >> round.min(5))));
                true
            })?,
            Moment::Successor(..) => stage.dies_at(self.victim, Effect::Spill, When::After, random)?,
        };
        if !first {
            return if self.moment == Moment::Whenever {
                Ok(None)
            } else {
                Err("no process died".to_owned())
            };
        }
        if let Moment::Successor(effect, when) = self.moment
            && !stage.inherits(effect, when, random)?
        {
            return Err("the second process survived".to_owned());
        }
        relay.settle().map_err(|error| error.to_string())?;
        let (left, before) = (left(&stage.record()?), server.seen());
        let result = stage.takes_over()?;
        self.verdict(&stage, &server, left, before, result).map(Some)
    }

    /// The process that takes over has waited for the killed process since before its end.
    fn play_watched(&self, stage: &Stage<'_>, server: &Server, wire: Wire) -> Result<Verdict, String> {
        stage.relay.arm(wire);
        let mut victim = Process::start(stage.program, &stage.part(self.victim))?;
        victim.begin()?;
        let reached = stage.relay.reached();
        let mut taker = Process::start(stage.program, &stage.part(self.taker))?;
        taker.begin()?;
        clock::nap(WATCHING);
        let before = server.seen();
        victim.kill();
        let end = victim.end();
        stage.relay.release();
        if !reached || !matches!(end?, End::Killed) {
            return Err("no process died".to_owned());
        }
        let result = stage.result(&mut taker)?;
        // The relay stopped the exchange, whose lease was saved before.
        self.verdict(stage, server, Left::Leased, before, result)
    }

    fn verdict(
        &self,
        stage: &Stage<'_>,
        server: &Server,
        left: Left,
        before: Seen,
        result: CallerResult,
    ) -> Result<Verdict, String> {
        let (processed, seen) = (before.exchanged > 0, server.seen());
        let verdict = Verdict { kills: self.moment.kills(), left, processed, result, seen };
        let (record, _) = stage.record()?;
        self.judge(&verdict, before, &record, server)?;
        Ok(verdict)
    }

    fn says(&self, sentence: &str) -> String {
        let Self { moment, kind, replay, victim, seed, .. } = self;
        format!("killed {moment} ({kind}, {replay:?}, {victim:?}, seed {seed}): {sentence}")
    }

    fn judge(&self, verdict: &Verdict, before: Seen, record: &Record, server: &Server) -> Result<(), String> {
        let Verdict { left, processed, result, seen, .. } = verdict;
        let must = |so: bool, sentence: &str| {
            if so { Ok(()) } else { Err(format!("{sentence}: {verdict:?}, before {before:?}")) }
        };
        must(self.moment.leaves(*left, *processed), "the store and the server show another moment")?;
        must(before.reused == 0 && before.revoked == 0, "a family was revoked before the takeover")?;
        let lost = *left == Left::Leased && (self.replay == Replay::Never || *processed);
        if lost {
            must(result.is_ambiguous(), "an unknown fate was not reported as ambiguous")?;
        } else {
            must(*result == CallerResult::Served(FIRST.next().value()), "something was lost")?;
            must(seen.exchanged == 1, "more than one exchange brought a token")?;
            let granted = record.granted().ok_or("the record holds no grant")?;
            must(record.lease.is_none(), "a lease is left behind")?;
            must(server.takes(&granted.response.access_token), "the server does not take the token")?;
        }
        let own_replay = lost && self.replay == Replay::OwnerDead;
        let again = u64::from(own_replay);
        must((seen.reused, seen.revoked) == (again, again), "a family was revoked, or was not")?;
        let sends = u64::from(own_replay || (!lost && seen.exchanged > before.exchanged));
        must(seen.asked == before.asked + sends, "the process that took over sent too many requests, or none")
    }
}

fn left((record, spilled): &(Record, bool)) -> Left {
    match (record.generation == FIRST, record.lease) {
        (false, _) => Left::Saved,
        (true, _) if *spilled => Left::Spilled,
        (true, Some(_)) => Left::Leased,
        (true, None) => Left::NoLease,
    }
}

/// The stage of a trial.
struct Stage<'a> {
    trial: &'a Trial,
    program: &'a Path,
    place: &'a Place,
    relay: &'a Relay,
}

impl Stage<'_> {
    fn app(&self) -> Result<oauth2_app::App, String> {
        app(&self.relay.url(), self.trial.replay, 0)
    }

    fn part(&self, driver: Driver) -> Part {
        Part::new(self.place.clone(), driver, self.trial.replay, self.relay.url())
    }

    /// The stored record, and whether there is a spill.
    fn record(&self) -> Result<(Record, bool), String> {
        let store = self.place.open().map_err(|error| error.to_string())?;
        let key = self.app()?.spec().key.clone();
        let loaded = store.load(&key, Duration::from_secs(10)).map_err(|error| error.to_string())?;
        let stored = loaded.stored.ok_or("the record is gone")?;
        Ok((stored.record, loaded.spilled.is_some()))
    }

    fn dies_at(&self, driver: Driver, effect: Effect, when: When, random: u64) -> Result<bool, String> {
        let mut part = self.part(driver);
        part.refuses = effect == Effect::Spill;
        self.dies(part, effect, when, random)
    }

    fn inherits(&self, effect: Effect, when: When, random: u64) -> Result<bool, String> {
        self.dies(self.part(self.trial.victim.other()), effect, when, random)
    }

    fn dies(&self, mut part: Part, effect: Effect, when: When, random: u64) -> Result<bool, String> {
        let when = if matches!(when, When::During(_)) {
            When::During(random % (SAVE >> (random >> 61)))
        } else {
            when
        };
        part.kill_point = Some(KillPoint { effect, when });
        let mut child = Process::start(self.program, &part)?;
        child.begin()?;
        Ok(matches!(child.end()?, End::Killed))
    }

    /// Kills a process when `now` returns. `false` if `now` returned `false`, or the process had ended by then.
    fn dies_when(&self, driver: Driver, now: impl FnOnce() -> bool) -> Result<bool, String> {
        let mut child = Process::start(self.program, &self.part(driver))?;
        child.begin()?;
        let now = now();
        child.kill();
        let end = child.end();
        self.relay.release();
        Ok(now && matches!(end?, End::Killed))
    }

    fn takes_over(&self) -> Result<CallerResult, String> {
        let mut child = Process::start(self.program, &self.part(self.trial.taker))?;
        child.begin()?;
        self.result(&mut child)
    }

    /// The result of the process that takes over.
    fn result(&self, child: &mut Process) -> Result<CallerResult, String> {
        match child.end()? {
            End::Done(done) if done.lines.len() == 1 => Ok(done.lines[0].result.clone()),
            other => Err(format!("the process that took over ended unexpectedly: {other:?}")),
        }
    }
}
