//! One renewal under way, and the guard that never lets it end in silence.
//!
//! A [`InFlight`] is where callers wait; an [`RenewalGuard`] is the right to fly, with the permit inside. However an
//! `RenewalGuard` ends, everybody who waits is told the same: by [`RenewalGuard::finish`] when the renewal has an outcome,
//! by its drop when a task was thrown away, a thread could not start or a provider panicked. What the store would
//! not take goes on as a [`SaveGuard`], for which nobody waits but whoever closes the source.

use core::fmt;
use std::sync::Arc;

use wellspring_core::{
    ByteLeft, Outcome, Permit, Renewal, RenewalJob, Revocation, Step, Token, TokenError, UnfinishedSave,
};

use crate::sync::OnceLock;
use crate::{ActiveRenewal, SharedLifecycle};

/// One renewal under way, as those see it who wait for it.
#[derive(Debug, Default)]
pub struct InFlight {
    result: OnceLock<Result<Token, TokenError>>,
    revocation: OnceLock<Revocation>,
}

impl InFlight {
    /// What came of it, once it has ended.
    #[must_use]
    pub fn result(&self) -> Option<Result<Token, TokenError>> {
        self.result.get().cloned()
    }

    /// What became of the refresh token at the endpoint, once a logout has ended.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        self.revocation.get().cloned()
    }

    pub(crate) fn finish(&self, result: Result<Token, TokenError>) {
        // A flight has one `RenewalGuard`, which ends once.
        let _ = self.result.set(result);
    }

    pub(crate) fn sign_out(&self, revocation: Revocation) {
        let _ = self.revocation.set(revocation);
    }
}

/// The right to run one exchange and the duty to say how it ended.
#[must_use = "everybody waits for this to finish"]
pub struct RenewalGuard {
    /// How far it has come.
    pub course: ActiveRenewal,
    in_flight: Arc<InFlight>,
    right: Option<Right>,
}

pub(crate) enum Right {
    Renewal(Box<Permit>),
    SignIn(Option<Box<RenewalJob>>),
    SignOut(Option<Box<RenewalJob>>),
}

impl RenewalGuard {
    pub(crate) fn new(shared: Arc<SharedLifecycle>, in_flight: Arc<InFlight>, right: Right) -> Self {
        Self { course: ActiveRenewal::new(shared), in_flight, right: Some(right) }
    }

    /// The first step.
    pub fn begin(&mut self) -> Step {
        let shared = self.course.shared();
        let job = match &mut self.right {
            Some(Right::Renewal(permit)) => permit.job(Arc::clone(shared.provider())),
            Some(Right::SignIn(job) | Right::SignOut(job)) => {
                *job.take().expect("an `RenewalGuard` begins once")
            }
            None => unreachable!("an `RenewalGuard` that has finished is gone"),
        };
        let job = match shared.storage() {
            Some(storage) => job.stored_by(storage.owner()),
            None => job,
        };
        Renewal::begin(job, shared.clock().now())
    }

    /// Where callers wait for it.
    #[must_use]
    pub const fn in_flight(&self) -> &Arc<InFlight> {
        &self.in_flight
    }

    /// The lifecycle it is for.
    #[must_use]
    pub const fn shared(&self) -> &Arc<SharedLifecycle> {
        self.course.shared()
    }

    /// Ends it and tells everybody. What is left over goes on.
    #[must_use]
    pub fn finish(mut self, outcome: Outcome, unfinished: Option<UnfinishedSave>) -> Option<SaveGuard> {
        let shared = Arc::clone(self.shared());
        let sent = self.course.byte_left == ByteLeft::Maybe;
        let save_guard = unfinished.map(|unfinished| {
            let course = core::mem::replace(&mut self.course, ActiveRenewal::new(Arc::clone(&shared)));
            shared.save_guard(course, unfinished)
        });
        // Nothing of this renewal can be saved any more, and whoever renews next looks for its liveness lock.
        self.course.rest();
        if let Some(right) = self.right.take() {
            shared.finish(right, outcome, &self.in_flight, sent);
        }
        save_guard
    }
}

impl Drop for RenewalGuard {
    fn drop(&mut self) {
        if let Some(right) = self.right.take() {
            let outcome = Outcome::abandoned(self.course.byte_left);
            self.course.give_up();
            self.course.shared().finish(right, outcome, &self.in_flight, true);
        }
    }
}

impl fmt::Debug for RenewalGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenewalGuard").field("course", &self.course).finish_non_exhaustive()
    }
}

/// A token that was obtained and that the store did not take in time; it is tried again until it does.
#[must_use = "nobody else will store it"]
pub struct SaveGuard {
    /// How far it has come.
    pub course: ActiveRenewal,
    unfinished: Option<UnfinishedSave>,
    in_flight: Arc<InFlight>,
}

impl SaveGuard {
    pub(crate) const fn new(
        course: ActiveRenewal,
        unfinished: UnfinishedSave,
        in_flight: Arc<InFlight>,
    ) -> Self {
        Self { course, unfinished: Some(unfinished), in_flight }
    }

    /// The first step.
    pub fn begin(&mut self) -> Step {
        let unfinished = self.unfinished.take().expect("a save_guard begins once");
        unfinished.recover(self.course.shared().clock().now())
    }

    /// Lays it aside until somebody asks for a token again: there is nobody to go on with it.
    pub fn lay_aside(mut self, step: Step) {
        self.unfinished = step.into_unfinished_save();
        let shared = Arc::clone(self.course.shared());
        shared.lay_aside(&mut self);
    }

    pub(crate) fn take(&mut self) -> Option<UnfinishedSave> {
        self.unfinished.take()
    }

    /// The store has taken it, or something newer is there.
    pub fn finish(self, outcome: Outcome) {
        self.course.shared().recovered(outcome, &self.in_flight);
    }
}

impl Drop for SaveGuard {
    fn drop(&mut self) {
        self.course.shared().save_guard_dropped(&self.in_flight);
    }
}

impl fmt::Debug for SaveGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaveGuard").field("course", &self.course).finish_non_exhaustive()
    }
}
