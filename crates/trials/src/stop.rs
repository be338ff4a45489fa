//! One trial of a stop: a process is stopped during its renewal for longer than its deadline, as by a closed lid, while
//! another asks; then it is continued. Nothing may be lost, and no refresh token may be sent twice.

use core::time::Duration;
use std::path::Path;
use std::thread;

use wellspring_core::Replay;

use crate::clock;
use crate::crash::drawn;
use crate::ending::Ending;
use crate::kill_point::{Blow, Effect, KillPoint, When};
use crate::moment::Moment;
use crate::part::{CallerResult, Driver, Part};
use crate::place::Kind;
use crate::process::End;
use crate::random::Random;
use crate::stage::{Stage, result, served};

/// The settings of a trial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// When the process is stopped.
    pub(crate) moment: Moment,
    pub(crate) kind: Kind,
    pub(crate) replay: Replay,
    pub(crate) victim: Driver,
    pub(crate) seed: u64,
}

/// The deadline of an exchange is one second.
const LONGER_THAN_THE_DEADLINE: Duration = Duration::from_millis(1_300);

/// A lease spans the exchange and the store before and after it, a second each.
const LONGER_THAN_THE_LEASE: Duration = Duration::from_millis(3_500);

/// How often a stop may come too late before that is an error.
const TRIES: u64 = 20;

impl Stop {
    /// Plays the trial; the error is a sentence about what broke.
    pub(crate) fn play(&self, program: &Path) -> Result<Ending, String> {
        for round in 0..TRIES {
            if let Some(ending) = self.play_once(program, round)? {
                return Ok(ending);
            }
        }
        Err("each stop came too late".to_owned())
    }

    /// `None` if the process had ended by itself before the stop.
    fn play_once(&self, program: &Path, round: u64) -> Result<Option<Ending>, String> {
        let mut random = Random::new(self.seed.wrapping_add(round << 32));
        let stage = Stage::new(self.kind, self.replay, program)?;
        if let Moment::Successor(..) = self.moment {
            spills(&stage, self.victim.other())?;
        }
        let mut victim = match self.moment {
            Moment::On(wire) => {
                stage.relay.arm(wire);
                let victim = stage.begin(&stage.part(self.victim))?;
                if !stage.relay.reached() {
                    return Err("the exchange did not get there".to_owned());
                }
                victim.stop();
                victim
            }
            Moment::At(effect, when) | Moment::Successor(effect, when) => {
                let mut part = stage.part(self.victim);
                part.refuses = effect == Effect::Spill;
                part.kill_point =
                    Some(KillPoint { effect, when: drawn(when, random.next()), blow: Blow::Stop });
                stage.begin(&part)?
            }
            Moment::Watched(_) | Moment::Whenever => return Err("no stop is defined there".to_owned()),
        };
        if !victim.is_stopped() {
            return Ok(None);
        }
        stage.relay.resume();
        let (early, long) = (random.below(2) == 0, random.below(3) == 0);
        let length = if long { LONGER_THAN_THE_LEASE } else { LONGER_THAN_THE_DEADLINE };
        // The other process asks during the stop, or after it. It may not even open a store that the stopped one has locked.
        let other = || stage.asks(self.victim.other());
        let (stopped, other) = thread::scope(|scope| {
            let asking = early.then(|| scope.spawn(other));
            clock::nap(length);
            victim.proceed();
            let stopped = result(&mut victim);
            let other = asking
                .map_or_else(other, |asking| asking.join().map_err(|_| "the trial panicked".to_owned())?);
            (stopped, other)
        });
        self.judge(&stage, &stopped?, &other?).map(Some)
    }

    fn judge(&self, stage: &Stage, stopped: &CallerResult, other: &CallerResult) -> Result<Ending, String> {
        let last = stage.asks(self.victim)?;
        for (who, result) in [("stopped", stopped), ("other", other), ("last", &last)] {
            if *result != served() {
                return Err(format!("the {who} process got {result:?}: {:?}", stage.server.seen()));
            }
        }
        stage.must_go_on().map(|()| Ending::Whole)
    }
}

/// A process spills its token and is killed.
fn spills(stage: &Stage, driver: Driver) -> Result<(), String> {
    let kill_point = Some(KillPoint { effect: Effect::Spill, when: When::After, blow: Blow::Kill });
    let part = Part { refuses: true, kill_point, ..stage.part(driver) };
    match stage.begin(&part)?.end()? {
        End::Killed => Ok(()),
        End::Done(_) => Err("no process died".to_owned()),
    }
}
