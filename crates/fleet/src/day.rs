//! A day of one key: the instances that use it, their store and the endpoint, event by event.
//!
//! Keys meet only at the endpoint, which takes every call. So each key has its day for itself, and the counts are added.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{
    Answer, Epoch, Generation, Granted, Loaded, PendingSave, Provider, Record, Save, SessionState, Step,
    StoreError, StoreOp, Version, WatchOutcome,
};

use crate::endpoint::{Client, Endpoint, refused};
use crate::plan::{DAY, Plan};
use crate::random::Random;
use crate::shared_store::SharedStore;
use crate::source::{Source, clocks, time_of};
use crate::tally::Tally;

/// How long the store takes for one operation.
const ROUND_TRIP: Duration = Duration::from_millis(1);

struct Day<'a> {
    plan: &'a Plan,
    provider: Arc<dyn Provider>,
    random: Random,
    endpoint: Endpoint,
    store: SharedStore,
    /// Each with the source that has spilled it.
    spills: Vec<(usize, PendingSave)>,
    tally: &'a mut Tally,
}

/// The day of this key. Its counts are added to the tally.
pub(crate) fn live(plan: &Plan, client: &Arc<Client>, key: u64, tally: &mut Tally) {
    let mut random = Random::of_key(key);
    let mut sources: Vec<Source> = (0..plan.sharers).map(|_| source(plan, &mut random)).collect();
    let age = random.time_below(plan.lifetime * 11 / 12);
    let record = record(client, age);
    for source in &mut sources {
        // Without a store each instance has its own token.
        let own_age = random.time_below(plan.lifetime * 11 / 12);
        if plan.stored {
            let _ = source.lifecycle.adopt(&record, clocks(Duration::ZERO));
        } else {
            let sent = clocks(Duration::ZERO).minus(own_age);
            let _ = source.lifecycle.take_over(client.token(0), sent, clocks(Duration::ZERO));
        }
        source.sleep(Duration::ZERO);
    }
    let provider: Arc<dyn Provider> = Arc::<Client>::clone(client);
    let (endpoint, store) = (Endpoint::default(), SharedStore::holding(record));
    let mut day = Day { plan, provider, random, endpoint, store, spills: Vec::new(), tally };
    while day.next(&mut sources) {}
    let has_ended = sources.iter().any(|source| source.has_ended);
    tally.ended += u64::from(has_ended);
}

fn source(plan: &Plan, random: &mut Random) -> Source {
    let instance = random.below(plan.instances);
    let restarts = plan.deployment.as_ref().map_or(DAY, |deployment| {
        let each = (deployment.end - deployment.start) / u32::try_from(plan.instances).unwrap_or(u32::MAX);
        deployment.start + each * u32::try_from(instance).unwrap_or(u32::MAX)
    });
    Source::new(plan, random.number(), u32::try_from(instance).unwrap_or(u32::MAX), restarts)
}

fn record(client: &Client, age: Duration) -> Record {
    let granted = Granted::new(clocks(Duration::ZERO).unix.minus(age), client.token(0));
    Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(granted))
}

/// What a source does next.
#[derive(Clone, Copy)]
enum Event {
    Restart,
    Wake,
    Step(usize),
}

fn next_event(source: &Source) -> (Duration, Event) {
    let mut next = (source.wakes, Event::Wake);
    if source.runs.is_empty() && source.restarts < next.0 {
        next = (source.restarts, Event::Restart);
    }
    for (n, run) in source.runs.iter().enumerate() {
        if run.at < next.0 {
            next = (run.at, Event::Step(n));
        }
    }
    next
}

impl Day<'_> {
    /// Lets the next thing happen. Says whether there was one today.
    fn next(&mut self, sources: &mut [Source]) -> bool {
        let events = sources.iter().map(next_event).enumerate();
        let Some((who, (at, event))) = events.min_by_key(|(_, (at, _))| *at) else { return false };
        if at >= DAY {
            return false;
        }
        match event {
            Event::Restart => {
                sources[who].restart(self.plan, at);
                sources[who].lacks_since = None;
            }
            Event::Wake => {
                sources[who].wake(self.plan, &self.provider, at);
                self.schedule(&mut sources[who], at);
            }
            Event::Step(n) => self.carry_out(sources, who, n, at),
        }
        true
    }

    /// When the newest step of this source is done.
    fn schedule(&mut self, source: &mut Source, at: Duration) {
        let Some(run) = source.runs.last_mut() else { return };
        run.at = at + self.duration(run.step.as_ref(), at);
    }

    fn duration(&mut self, step: Option<&Step>, at: Duration) -> Duration {
        match step {
            Some(Step::Send(..)) => Duration::from_millis(100 + self.random.below(200)),
            Some(Step::Sleep(until, _)) => time_of(*until).saturating_sub(at),
            Some(Step::Watch(watch)) => time_of(watch.deadline).saturating_sub(at),
            Some(Step::Load(_) | Step::Save(_)) => ROUND_TRIP,
            _ => Duration::ZERO,
        }
    }

    /// One step is done.
    fn carry_out(&mut self, sources: &mut [Source], who: usize, n: usize, at: Duration) {
        let Some(step) = sources[who].runs[n].step.take() else { return };
        let now = clocks(at);
        let version = self.store.version();
        let next = match step {
            Step::Load(load) => load.resume(self.load(who, at), now),
            Step::Save(save) => {
                if save.operation.liveness_lock && sources[who].runs[n].lock.is_none() {
                    sources[who].runs[n].lock = sources[who].lock();
                }
                let held = sources[who].runs[n].lock;
                let record = save.operation.record_under(held).into_owned();
                let saved = self
                    .answers(at)
                    .map(|()| self.store.swap(self.plan, save.operation.expected, record, at));
                Save::resume(save.next, saved, now)
            }
            Step::Watch(watch) => {
                let seen = match self.answers(at) {
                    Ok(()) if self.store.version() == Some(watch.operation.version) => {
                        Ok(WatchOutcome::Unchanged)
                    }
                    Ok(()) => Ok(WatchOutcome::Changed),
                    Err(error) => Err(error),
                };
                watch.resume(seen, now)
            }
            Step::Send(request, sent) => sent.resume(self.send(&request.request, at), now),
            Step::Sleep(_, sleeping) => sleeping.resume(now),
            Step::Spill(spill) => {
                let pending = spill.operation.pending_save.clone();
                self.spills.retain(|(of, spilled)| (*of, spilled.attempt) != (who, pending.attempt));
                self.spills.push((who, pending));
                spill.resume(Ok(()), now)
            }
            Step::Forget(forget) => {
                let attempt = forget.operation.attempt;
                self.spills.retain(|(of, spilled)| (*of, spilled.attempt) != (who, attempt));
                forget.resume(Ok(()), now)
            }
            Step::Done(outcome, unfinished) => {
                let lock = sources[who].runs[n].lock;
                sources[who].ended(n, outcome, at, self.tally);
                if let Some(unfinished) = unfinished {
                    sources[who].goes_on(unfinished.recover(now), lock, at);
                    self.schedule(&mut sources[who], at);
                }
                return;
            }
        };
        let takes = self.duration(Some(&next), at);
        let run = &mut sources[who].runs[n];
        if matches!(next, Step::Watch(..)) {
            run.lock = None;
        }
        (run.step, run.at) = (Some(next), at + takes);
        if self.store.version() != version {
            wake_watchers(sources, self.store.version(), at);
        }
    }

    fn answers(&mut self, at: Duration) -> Result<(), StoreError> {
        self.tally.operation(at);
        self.store.answers(self.plan, at)
    }

    fn load(&mut self, who: usize, at: Duration) -> Result<Loaded, StoreError> {
        self.answers(at)?;
        let spilled = self.spills.iter().find(|(of, _)| *of == who).map(|(_, spilled)| spilled.clone());
        Ok(Loaded { stored: self.store.stored.clone(), spilled, ..Loaded::default() })
    }

    fn send(&mut self, request: &wellspring_core::HttpRequest, at: Duration) -> Answer {
        self.tally.call(at);
        if self.plan.outage.as_ref().is_some_and(|outage| outage.contains(&at)) {
            return refused();
        }
        self.endpoint.answer(request, self.tally)
    }
}

/// Those who watch the record hear of its new version.
fn wake_watchers(sources: &mut [Source], version: Option<Version>, at: Duration) {
    for run in sources.iter_mut().flat_map(|source| &mut source.runs) {
        if let Some(Step::Watch(watch)) = &run.step
            && Some(watch.operation.version) != version
        {
            run.at = run.at.min(at + ROUND_TRIP);
        }
    }
}
