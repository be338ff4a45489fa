//! The guards that make a renewal or a save end for every caller that waits.
//!
//! A [`RenewalGuard`] is a renewal that has not begun, a [`RenewalRun`] one that has. [`RenewalRun::finish`] gives all
//! callers the outcome. If a guard is dropped (its task was dropped, no thread started, a provider panicked), all
//! callers get an error. A save that outlives its renewal is a [`SaveGuard`] and a [`SaveRun`]; only `close` waits for
//! it.

use core::task::Waker;
use std::sync::Arc;

use wellspring_core::{ByteLeft, Outcome, Renewal, RenewalJob, Step, TokenError, UnfinishedSave};

use crate::active::ActiveRenewal;
use crate::in_flight::{InFlight, JobKind};
use crate::shared::SharedLifecycle;
use crate::turns::{Turn, Turns};

/// A renewal that has not begun. If it is dropped, every caller that waits gets an error.
#[must_use = "callers wait for this renewal"]
#[derive(Debug)]
pub struct RenewalGuard {
    job: RenewalJob,
    run: RenewalRun,
}

/// A renewal that runs. If it is dropped, it spills a token that is not saved, and all callers that wait get an error.
#[must_use = "callers wait for this renewal"]
#[derive(Debug)]
pub struct RenewalRun {
    /// What the renewal holds while it runs.
    pub active: ActiveRenewal,
    in_flight: Arc<InFlight>,
    kind: Option<JobKind>,
    /// Of a renewal in a pool: it waits for its turn, and ends it when it ends.
    turn: Option<Turn>,
}

impl RenewalGuard {
    pub(crate) fn new(
        shared: Arc<SharedLifecycle>,
        in_flight: Arc<InFlight>,
        job: RenewalJob,
        kind: JobKind,
    ) -> Self {
        let job = match shared.storage() {
            Some(storage) => job.stored_by(storage.owner(), storage.shared_by()),
            None => job,
        };
        if shared.is_observed() {
            in_flight.begin(shared.clock.now().instant);
        }
        let turns = shared.turns().filter(|_| matches!(kind, JobKind::Renewal(_)));
        let turn = turns.map(Turns::queue);
        let active = ActiveRenewal::new(shared, Arc::clone(&in_flight));
        Self { job, run: RenewalRun { active, in_flight, kind: Some(kind), turn } }
    }

    /// Whether the renewal may begin. In a pool only so many renewals run at once: until it is this one's turn, a change wakes
    /// the waker.
    #[must_use]
    pub fn may_begin(&mut self, waker: &Waker) -> bool {
        self.run.turn.as_mut().is_none_or(|turn| turn.has_come(waker))
    }

    /// Begins the renewal: its run and the first step.
    pub fn begin(self) -> (RenewalRun, Step) {
        let first = Renewal::begin(self.job, self.run.active.shared().clock.now());
        (self.run, first)
    }

    /// Where callers wait for the result.
    #[must_use]
    pub const fn in_flight(&self) -> &Arc<InFlight> {
        &self.run.in_flight
    }

    /// The lifecycle that it renews.
    #[must_use]
    pub const fn shared(&self) -> &Arc<SharedLifecycle> {
        self.run.active.shared()
    }

    /// Ends the renewal before anything was sent.
    pub fn give_up(self, error: TokenError) {
        let _ = self.run.finish(Outcome::given_up(error), None);
    }
}

impl RenewalRun {
    /// Ends the renewal for every caller that waits. Returns the save that continues.
    #[must_use]
    pub fn finish(mut self, outcome: Outcome, unfinished: Option<UnfinishedSave>) -> Option<SaveGuard> {
        let shared = Arc::clone(self.active.shared());
        let sent = self.active.byte_left == ByteLeft::Maybe;
        let save = unfinished.map(|unfinished| {
            let in_flight = shared.begin_save(unfinished.pending_save().is_some());
            let none = ActiveRenewal::new(Arc::clone(&shared), Arc::clone(&self.in_flight));
            let active = core::mem::replace(&mut self.active, none).for_save(Arc::clone(&in_flight));
            SaveGuard { unfinished, run: SaveRun { active, in_flight } }
        });
        // This renewal saves nothing more, and the next renewal looks for its liveness lock.
        self.active.release_liveness_lock();
        if let Some(kind) = self.kind.take() {
            shared.finish(kind, outcome, &self.in_flight, sent);
        }
        save
    }
}

impl Drop for RenewalRun {
    fn drop(&mut self) {
        if let Some(kind) = self.kind.take() {
            let outcome = Outcome::abandoned(self.active.byte_left);
            self.active.give_up();
            self.active.shared().finish(kind, outcome, &self.in_flight, true);
        }
    }
}

/// The save of a token that the store did not take in time. It is retried until the store takes it.
#[must_use = "only this saves the token"]
#[derive(Debug)]
pub struct SaveGuard {
    unfinished: UnfinishedSave,
    run: SaveRun,
}

/// A save that runs beside the callers.
#[must_use = "only this saves the token"]
#[derive(Debug)]
pub struct SaveRun {
    /// What the save holds while it runs.
    pub active: ActiveRenewal,
    in_flight: Arc<InFlight>,
}

impl SaveGuard {
    /// Begins the save: its run and the first step.
    pub fn begin(self) -> (SaveRun, Step) {
        let first = self.unfinished.recover(self.run.active.shared().clock.now());
        (self.run, first)
    }
}

impl SaveRun {
    /// Sets the save aside until a caller asks for a token: there is no thread to continue it.
    pub fn set_aside(mut self, step: Step) {
        if let Some(unfinished) = step.into_unfinished_save() {
            if self.active.shared().set_aside(unfinished, self.active.liveness_lock()) {
                self.active.set_pending_save_aside();
            }
        }
    }

    /// Ends the save: the store has taken the token, or holds a newer one.
    pub fn finish(self, outcome: Outcome) {
        self.active.shared().recovered(outcome, &self.in_flight);
    }
}

impl Drop for SaveRun {
    fn drop(&mut self) {
        self.active.shared().save_guard_dropped(&self.in_flight);
    }
}

impl SharedLifecycle {
    /// Takes up a save that was set aside. It must end before anything is sent.
    #[must_use]
    pub fn take_up(self: &Arc<Self>) -> Option<SaveGuard> {
        let (unfinished, liveness, in_flight) = self.pop_set_aside()?;
        let active = ActiveRenewal::with(
            Arc::clone(self),
            Arc::clone(&in_flight),
            unfinished.pending_save().cloned(),
            liveness,
        );
        Some(SaveGuard { unfinished, run: SaveRun { active, in_flight } })
    }
}
