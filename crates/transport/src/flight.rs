//! One renewal under way, and the guard that never lets it end in silence.
//!
//! A [`Flight`] is where callers wait; an [`Underway`] is the right to fly, with the permit inside. However an
//! `Underway` ends, everybody who waits is told the same: by [`Underway::land`] when the renewal has an outcome,
//! by its drop when a task was thrown away, a thread could not start or a provider panicked. What the store would
//! not take goes on as a [`Remainder`], for which nobody waits but whoever closes the source.

use core::fmt;
use std::sync::Arc;

use wellspring_core::{
    ByteLeft, Errand, Leftover, Outcome, Permit, Renewal, Revocation, Step, Token, TokenError,
};

use crate::sync::OnceLock;
use crate::{Course, SharedLifecycle};

/// One renewal under way, as those see it who wait for it.
#[derive(Debug, Default)]
pub struct Flight {
    result: OnceLock<Result<Token, TokenError>>,
    revocation: OnceLock<Revocation>,
}

impl Flight {
    /// What came of it, once it has ended.
    #[must_use]
    pub fn landed(&self) -> Option<Result<Token, TokenError>> {
        self.result.get().cloned()
    }

    /// What became of the refresh token at the endpoint, once a logout has ended.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        self.revocation.get().cloned()
    }

    pub(crate) fn land(&self, result: Result<Token, TokenError>) {
        // A flight has one `Underway`, which ends once.
        let _ = self.result.set(result);
    }

    pub(crate) fn sign_out(&self, revocation: Revocation) {
        let _ = self.revocation.set(revocation);
    }
}

/// The right to run one exchange and the duty to say how it ended.
#[must_use = "everybody waits for this to land"]
pub struct Underway {
    /// How far it has come.
    pub course: Course,
    flight: Arc<Flight>,
    right: Option<Right>,
}

pub(crate) enum Right {
    Renewal(Box<Permit>),
    SignIn(Option<Box<Errand>>),
    SignOut(Option<Box<Errand>>),
}

impl Underway {
    pub(crate) fn new(shared: Arc<SharedLifecycle>, flight: Arc<Flight>, right: Right) -> Self {
        Self { course: Course::new(shared), flight, right: Some(right) }
    }

    /// The first step.
    pub fn begin(&mut self) -> Step {
        let shared = self.course.shared();
        let errand = match &mut self.right {
            Some(Right::Renewal(permit)) => permit.errand(Arc::clone(shared.provider())),
            Some(Right::SignIn(errand) | Right::SignOut(errand)) => {
                *errand.take().expect("an `Underway` begins once")
            }
            None => unreachable!("an `Underway` that has landed is gone"),
        };
        let errand = match shared.storage() {
            Some(storage) => errand.stored_by(storage.owner()),
            None => errand,
        };
        Renewal::begin(errand, shared.clock().now())
    }

    /// Where callers wait for it.
    #[must_use]
    pub const fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// The lifecycle it is for.
    #[must_use]
    pub const fn shared(&self) -> &Arc<SharedLifecycle> {
        self.course.shared()
    }

    /// Ends it and tells everybody. What is left over goes on.
    #[must_use]
    pub fn land(mut self, outcome: Outcome, leftover: Option<Leftover>) -> Option<Remainder> {
        let shared = Arc::clone(self.shared());
        let sent = self.course.byte_left == ByteLeft::Maybe;
        let remainder = leftover.map(|leftover| {
            let course = core::mem::replace(&mut self.course, Course::new(Arc::clone(&shared)));
            shared.remainder(course, leftover)
        });
        // Nothing of this renewal can be saved any more, and whoever renews next looks for its sign of life.
        self.course.rest();
        if let Some(right) = self.right.take() {
            shared.land(right, outcome, &self.flight, sent);
        }
        remainder
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if let Some(right) = self.right.take() {
            let outcome = Outcome::abandoned(self.course.byte_left);
            self.course.give_up();
            self.course.shared().land(right, outcome, &self.flight, true);
        }
    }
}

impl fmt::Debug for Underway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Underway").field("course", &self.course).finish_non_exhaustive()
    }
}

/// A token that was obtained and that the store did not take in time; it is tried again until it does.
#[must_use = "nobody else will store it"]
pub struct Remainder {
    /// How far it has come.
    pub course: Course,
    leftover: Option<Leftover>,
    flight: Arc<Flight>,
}

impl Remainder {
    pub(crate) const fn new(course: Course, leftover: Leftover, flight: Arc<Flight>) -> Self {
        Self { course, leftover: Some(leftover), flight }
    }

    /// The first step.
    pub fn begin(&mut self) -> Step {
        let leftover = self.leftover.take().expect("a remainder begins once");
        leftover.recover(self.course.shared().clock().now())
    }

    /// Lays it aside until somebody asks for a token again: there is nobody to go on with it.
    pub fn lay_aside(mut self, step: Step) {
        self.leftover = step.into_leftover();
        let shared = Arc::clone(self.course.shared());
        shared.lay_aside(&mut self);
    }

    pub(crate) fn take(&mut self) -> Option<Leftover> {
        self.leftover.take()
    }

    /// The store has taken it, or something newer is there.
    pub fn land(self, outcome: Outcome) {
        self.course.shared().recovered(outcome, &self.flight);
    }
}

impl Drop for Remainder {
    fn drop(&mut self) {
        self.course.shared().remainder_ended(&self.flight);
    }
}

impl fmt::Debug for Remainder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remainder").field("course", &self.course).finish_non_exhaustive()
    }
}
