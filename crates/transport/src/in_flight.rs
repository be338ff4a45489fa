//! A renewal or a save under way, and the guards that make it end for every caller that waits.
//!
//! Callers wait on an [`InFlight`]. A [`RenewalGuard`] is a renewal that has not begun, a [`RenewalRun`] one that has.
//! However it ends, all callers get the same result: from [`RenewalRun::finish`] when there is an outcome, from the drop
//! when a task was dropped, a thread did not start or a provider panicked. A save that outlives its renewal goes on as a
//! [`SaveGuard`] and a [`SaveRun`]; only `close` waits for it.

use std::sync::Arc;

use wellspring_core::{
    ByteLeft, Outcome, Permit, Renewal, RenewalJob, Revocation, Step, Token, TokenError, UnfinishedSave,
};

use crate::active::ActiveRenewal;
use crate::shared::SharedLifecycle;
use crate::sync::OnceLock;

/// A renewal under way, as the callers that wait for it see it.
#[derive(Debug, Default)]
pub struct InFlight {
    result: OnceLock<Result<Token, TokenError>>,
    revocation: OnceLock<Revocation>,
}

impl InFlight {
    /// The result, once the renewal has ended.
    #[must_use]
    pub fn result(&self) -> Option<Result<Token, TokenError>> {
        self.result.get().cloned()
    }

    /// The result of the revocation at the endpoint, once a logout has ended.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        self.revocation.get().cloned()
    }

    pub(crate) fn finish(&self, result: Result<Token, TokenError>) {
        // A renewal has one guard, which ends once.
        let _ = self.result.set(result);
    }

    pub(crate) fn sign_out(&self, revocation: Revocation) {
        let _ = self.revocation.set(revocation);
    }
}

/// A renewal that has not begun. Dropped, it ends with an error for every caller that waits.
#[must_use = "callers wait for this renewal"]
#[derive(Debug)]
pub struct RenewalGuard {
    job: RenewalJob,
    run: RenewalRun,
}

/// A renewal that runs. Dropped, it ends with an error for every caller that waits, and spills what is not saved.
#[must_use = "callers wait for this renewal"]
#[derive(Debug)]
pub struct RenewalRun {
    /// What the renewal holds while it runs.
    pub active: ActiveRenewal,
    in_flight: Arc<InFlight>,
    kind: Option<JobKind>,
}

#[derive(Debug)]
pub(crate) enum JobKind {
    Renewal(Box<Permit>),
    SignIn,
    SignOut,
}

impl RenewalGuard {
    pub(crate) fn new(
        shared: Arc<SharedLifecycle>,
        in_flight: Arc<InFlight>,
        job: RenewalJob,
        kind: JobKind,
    ) -> Self {
        let job = match shared.storage() {
            Some(storage) => job.stored_by(storage.owner()),
            None => job,
        };
        Self { job, run: RenewalRun { active: ActiveRenewal::new(shared), in_flight, kind: Some(kind) } }
    }

    /// Begins it: its run and the first step.
    pub fn begin(self) -> (RenewalRun, Step) {
        let first = Renewal::begin(self.job, self.run.active.shared().clock().now());
        (self.run, first)
    }

    /// Where callers wait for it.
    #[must_use]
    pub const fn in_flight(&self) -> &Arc<InFlight> {
        &self.run.in_flight
    }

    /// The lifecycle it is for.
    #[must_use]
    pub const fn shared(&self) -> &Arc<SharedLifecycle> {
        self.run.active.shared()
    }

    /// Ends it before anything was sent.
    pub fn give_up(self, error: TokenError) {
        let _ = self.run.finish(Outcome::given_up(error), None);
    }
}

impl RenewalRun {
    /// Ends the renewal for every caller that waits. Returns the save that goes on.
    #[must_use]
    pub fn finish(mut self, outcome: Outcome, unfinished: Option<UnfinishedSave>) -> Option<SaveGuard> {
        let shared = Arc::clone(self.active.shared());
        let sent = self.active.byte_left == ByteLeft::Maybe;
        let save = unfinished.map(|unfinished| {
            let active = core::mem::replace(&mut self.active, ActiveRenewal::new(Arc::clone(&shared)));
            shared.save_guard(active, unfinished)
        });
        // This renewal saves nothing more, and the next one looks for its liveness lock.
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

/// A save that runs beside all callers.
#[must_use = "only this saves the token"]
#[derive(Debug)]
pub struct SaveRun {
    /// What the save holds while it runs.
    pub active: ActiveRenewal,
    in_flight: Arc<InFlight>,
}

impl SaveGuard {
    pub(crate) const fn new(
        active: ActiveRenewal,
        unfinished: UnfinishedSave,
        in_flight: Arc<InFlight>,
    ) -> Self {
        Self { unfinished, run: SaveRun { active, in_flight } }
    }

    /// Begins it: its run and the first step.
    pub fn begin(self) -> (SaveRun, Step) {
        let first = self.unfinished.recover(self.run.active.shared().clock().now());
        (self.run, first)
    }
}

impl SaveRun {
    /// Sets the save aside until a caller asks for a token: there is no thread to go on with it.
    pub fn set_aside(mut self, step: Step) {
        if let Some(unfinished) = step.into_unfinished_save() {
            Arc::clone(self.active.shared()).set_aside(&mut self.active, unfinished);
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
