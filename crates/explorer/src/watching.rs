//! What a watcher of the record sees: a change, an owner that is gone, or one that it cannot see.

use wellspring_core::{LockDomain, Step, StoreError, Watch, WatchOutcome};

use crate::action::StepOutcome;
use crate::line::Mutation;
use crate::world::{Process, Run, Scene, World};

pub(crate) fn failed() -> StoreError {
    StoreError::unavailable("the store does not answer")
}

impl World {
    /// How this watch may come out, if nothing goes wrong.
    pub(crate) fn ways_of_watch(
        &self,
        scene: &Scene,
        who: usize,
        watch: &Watch,
        ways: &mut Vec<StepOutcome>,
    ) {
        let Watch { version, domain, .. } = *watch;
        let too_soon = scene.line.mutated(Mutation::GoneTooSoon);
        // A lock that is not the one of the watcher's machine is seen to be another one.
        let here = |domain| domain == self.store(who).lock_on(self.processes[who].machine);
        let ends = |domain| {
            if scene.line.fleet_store {
                self.sight(scene, who, domain).is_some()
            } else {
                too_soon || !here(domain) || !self.is_locked(domain)
            }
        };
        if self.store(who).version() != Some(version) || domain.is_some_and(ends) {
            ways.push(StepOutcome::Well);
        }
        if self.history.impatience > 0 || (domain.is_none() && self.is_claimed_by_the_dead(who)) {
            ways.push(StepOutcome::TimeUp);
        }
    }

    /// What this watch has shown.
    pub(crate) fn watched(
        &self,
        scene: &Scene,
        process: &Process,
        watch: &Watch,
        how: StepOutcome,
    ) -> Result<WatchOutcome, StoreError> {
        let who = usize::from(process.slot);
        let sight = |domain| self.sight(scene, who, domain).filter(|_| scene.line.fleet_store);
        match how {
            StepOutcome::Well if self.has_changed(scene, who, watch) => Ok(WatchOutcome::Changed),
            StepOutcome::Well if let Some(seen) = watch.domain.and_then(sight) => Ok(seen),
            StepOutcome::Well if watch.domain == Some(self.store(who).lock_on(process.machine)) => {
                Ok(WatchOutcome::OwnerGone)
            }
            StepOutcome::Well => Ok(WatchOutcome::OwnerUnknown),
            StepOutcome::TimeUp => Ok(WatchOutcome::Unchanged),
            _ => Err(failed()),
        }
    }

    /// Whether a watcher says that the store holds another version.
    fn has_changed(&self, scene: &Scene, who: usize, watch: &Watch) -> bool {
        let locked = watch.domain.is_none_or(|domain: LockDomain| self.is_locked(domain));
        let looks = !scene.line.mutated(Mutation::GoneWithoutLook) || locked;
        looks && self.store(who).version() != Some(watch.version)
    }

    /// The owner of the lease in the store is gone, on whatever machine.
    pub(crate) fn is_claimed_by_the_dead(&self, who: usize) -> bool {
        let Some(lease) = self.store(who).record().and_then(|record| record.lease) else { return false };
        let owner = lease.attempt.owner;
        let holds = |run: &Run| run.lock.is_some();
        !self.processes.iter().any(|process| process.owner() == owner && process.runs.iter().any(holds))
    }

    /// The span of a lease whose owner the watcher cannot see has passed, or the watcher has looked for the owner.
    pub(crate) fn has_waited_unseen(
        &self,
        scene: &Scene,
        who: usize,
        step: &Step,
        how: StepOutcome,
    ) -> Option<bool> {
        let Step::Watch(watch) = step else { return None };
        let named = self.store(who).record().and_then(|record| record.lease?.domain).is_some();
        let waited = how == StepOutcome::TimeUp && watch.operation.domain.is_none();
        scene.line.fleet_store.then_some(waited && named)
    }
}
