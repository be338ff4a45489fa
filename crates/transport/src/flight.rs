//! One renewal under way, and the guard that never lets it end in silence.
//!
//! A [`Flight`] is where callers wait; an [`Underway`] is the right to fly, with the permit inside. However an
//! `Underway` ends, everybody who waits is told the same: by [`Underway::land`] when the renewal has an outcome,
//! by its drop when a task was thrown away, a thread could not start or a provider panicked.

use core::fmt;
use std::sync::Arc;

use wellspring_core::{ByteLeft, Errand, Outcome, Permit, Renewal, Spend, Step, Token, TokenError};

use crate::SharedLifecycle;
use crate::sync::OnceLock;

/// One renewal under way, as those see it who wait for it.
#[derive(Debug, Default)]
pub struct Flight(OnceLock<Result<Token, TokenError>>);

impl Flight {
    /// What came of it, once it has ended.
    #[must_use]
    pub fn landed(&self) -> Option<Result<Token, TokenError>> {
        self.0.get().cloned()
    }

    pub(crate) fn land(&self, result: Result<Token, TokenError>) {
        // A flight has one `Underway`, which ends once.
        let _ = self.0.set(result);
    }
}

/// The right to run one exchange and the duty to say how it ended.
#[must_use = "everybody waits for this to land"]
pub struct Underway {
    shared: Arc<SharedLifecycle>,
    flight: Arc<Flight>,
    right: Option<Right>,
    /// Whether a byte may have left so far. Whoever sends says so first.
    pub byte_left: ByteLeft,
}

pub(crate) enum Right {
    Renewal(Permit),
    SignIn(Option<Spend>),
}

impl Underway {
    pub(crate) const fn new(shared: Arc<SharedLifecycle>, flight: Arc<Flight>, right: Right) -> Self {
        Self { shared, flight, right: Some(right), byte_left: ByteLeft::No }
    }

    /// The first step.
    pub fn begin(&mut self) -> Step {
        let shared = &self.shared;
        let provider = Arc::clone(shared.provider());
        let errand = match &mut self.right {
            Some(Right::Renewal(permit)) => permit.errand(provider),
            Some(Right::SignIn(spend)) => {
                let spend = spend.take().unwrap_or(Spend::Credentials);
                Errand::sign_in(provider, spend, shared.policy().deadline)
            }
            None => unreachable!("an `Underway` that has landed is gone"),
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
        &self.shared
    }

    /// Ends it and tells everybody.
    pub fn land(mut self, outcome: Outcome) {
        if let Some(right) = self.right.take() {
            self.shared.land(right, outcome, &self.flight);
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if let Some(right) = self.right.take() {
            self.shared.land(right, Outcome::abandoned(self.byte_left), &self.flight);
        }
    }
}

impl fmt::Debug for Underway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Underway").field("byte_left", &self.byte_left).finish_non_exhaustive()
    }
}
