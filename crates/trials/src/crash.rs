//! One trial of a crash: a process is killed during its renewal, another process takes over, and the state of the store and
//! the server is checked against the guarantees.

use core::time::Duration;
use std::path::Path;

use wellspring_core::{Record, Replay};

use crate::clock;
use crate::kill_point::{Blow, Effect, KillPoint, When};
use crate::moment::{Left, Moment};
use crate::part::{CallerResult, Driver, Part};
use crate::place::Kind;
use crate::process::End;
use crate::random::Random;
use crate::relay::Wire;
use crate::server::{FIRST, Seen, Server};
use crate::stage::{Stage, result};

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
pub(crate) const WATCHING: Duration = Duration::from_millis(60);

/// How long a killed process counts as alive in an engine.
const PRESENCE: Duration = Duration::from_secs(1);

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
        let stage = Stage::new(self.kind, self.replay, program)?.present_for(PRESENCE);
        if let Moment::Watched(wire) = self.moment {
            return self.play_watched(&stage, wire).map(Some);
        }
        let (played, relay) = (Played { trial: self, stage: &stage }, &stage.relay);
        let random = Random::new(self.seed.wrapping_add(round << 32)).next();
        let first = match self.moment {
            Moment::At(effect, when) => played.dies_at(self.victim, effect, when, random)?,
            Moment::On(wire) | Moment::Watched(wire) => {
                relay.arm(wire);
                played.dies_when(self.victim, || relay.reached())?
            }
            Moment::Whenever => played.dies_when(self.victim, || {
                clock::nap(Duration::from_micros(random % (RENEWAL >> round.min(5))));
                true
            })?,
            Moment::Successor(..) => played.dies_at(self.victim, Effect::Spill, When::After, random)?,
        };
        if !first {
            return if self.moment == Moment::Whenever {
                Ok(None)
            } else {
                Err("no process died".to_owned())
            };
        }
        if let Moment::Successor(effect, when) = self.moment
            && !played.inherits(effect, when, random)?
        {
            return Err("the second process survived".to_owned());
        }
        relay.settle().map_err(|error| error.to_string())?;
        let (left, before) = (left(&stage.record()?), stage.server.seen());
        let result = stage.asks(self.taker)?;
        self.verdict(&stage, left, before, result).map(Some)
    }

    /// The process that takes over has waited for the killed process since before its end.
    fn play_watched(&self, stage: &Stage, wire: Wire) -> Result<Verdict, String> {
        stage.relay.arm(wire);
        let mut victim = stage.begin(&stage.part(self.victim))?;
        let reached = stage.relay.reached();
        let mut taker = stage.begin(&stage.part(self.taker))?;
        clock::nap(WATCHING);
        let before = stage.server.seen();
        victim.kill();
        let end = victim.end();
        stage.relay.release();
        if !reached || !matches!(end?, End::Killed) {
            return Err("no process died".to_owned());
        }
        let result = result(&mut taker)?;
        // The relay stopped the exchange, whose lease was saved before.
        self.verdict(stage, Left::Leased, before, result)
    }

    fn verdict(
        &self,
        stage: &Stage,
        left: Left,
        before: Seen,
        result: CallerResult,
    ) -> Result<Verdict, String> {
        let (processed, seen) = (before.exchanged > 0, stage.server.seen());
        let verdict = Verdict { kills: self.moment.kills(), left, processed, result, seen };
        let (record, _) = stage.record()?;
        self.judge(&verdict, before, &record, &stage.server)?;
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
        // Where no kernel is shared, a process cannot know that the killed one had not sent anything.
        let known = self.replay == Replay::OwnerDead && !self.kind.is_engine();
        let lost = *left == Left::Leased && (!known || *processed);
        if lost {
            must(result.is_ambiguous(), "an unknown fate was not reported as ambiguous")?;
        } else {
            must(*result == CallerResult::Served(FIRST.next().value()), "something was lost")?;
            must(seen.exchanged == 1, "more than one exchange brought a token")?;
            let granted = record.granted().ok_or("the record holds no grant")?;
            must(record.lease.is_none(), "a lease is left behind")?;
            must(server.takes(&granted.response.access_token), "the server does not take the token")?;
        }
        let own_replay = lost && known;
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

/// A trial on its stage.
struct Played<'a> {
    trial: &'a Trial,
    stage: &'a Stage,
}

impl Played<'_> {
    fn dies_at(&self, driver: Driver, effect: Effect, when: When, random: u64) -> Result<bool, String> {
        let mut part = self.stage.part(driver);
        part.refuses = effect == Effect::Spill;
        self.dies(part, effect, when, random)
    }

    fn inherits(&self, effect: Effect, when: When, random: u64) -> Result<bool, String> {
        self.dies(self.stage.part(self.trial.victim.other()), effect, when, random)
    }

    fn dies(&self, mut part: Part, effect: Effect, when: When, random: u64) -> Result<bool, String> {
        let when = drawn(when, random);
        part.kill_point = Some(KillPoint { effect, when, blow: Blow::Kill });
        let mut child = self.stage.begin(&part)?;
        Ok(matches!(child.end()?, End::Killed))
    }

    /// Kills a process when `now` returns. `false` if `now` returned `false`, or the process had ended by then.
    fn dies_when(&self, driver: Driver, now: impl FnOnce() -> bool) -> Result<bool, String> {
        let mut child = self.stage.begin(&self.stage.part(driver))?;
        let now = now();
        child.kill();
        let end = child.end();
        self.stage.relay.release();
        Ok(now && matches!(end?, End::Killed))
    }
}

/// The point with a delay that is drawn from this number, if it has one.
pub(crate) fn drawn(when: When, random: u64) -> When {
    if matches!(when, When::During(_)) { When::During(random % (SAVE >> (random >> 61))) } else { when }
}
