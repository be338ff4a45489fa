//! Tokens that the store has yet to take: who goes on with them, and that nothing is renewed meanwhile which they would
//! lose by it.

use std::sync::Arc;

use wellspring_core::{Leftover, Outcome, TokenError};

use crate::{Course, Flight, Remainder, SharedLifecycle, events};

impl SharedLifecycle {
    /// What the store has yet to take.
    pub(crate) fn remainder(&self, course: Course, leftover: Leftover) -> Remainder {
        let flight = Arc::new(Flight::default());
        let mut state = self.lock();
        state.others.push(Arc::clone(&flight));
        if leftover.unsaved().is_some() {
            let error = TokenError::store("a token that was obtained is not stored yet", true);
            state.unstored = Some((Arc::clone(&flight), error));
        }
        drop(state);
        Remainder::new(course, leftover, flight)
    }

    pub(crate) fn lay_aside(&self, remainder: &mut Remainder) {
        let Some(leftover) = remainder.take() else { return };
        let mut state = self.lock();
        if leftover.unsaved().is_some() {
            state.aside.push((leftover, remainder.course.life()));
            remainder.course.keep_for_later();
        }
    }

    /// What was laid aside, if anything was: to be gone on with before anything else.
    #[must_use]
    pub fn take_up(self: &Arc<Self>) -> Option<Remainder> {
        let mut state = self.lock();
        let (leftover, life) = state.aside.pop()?;
        let flight = state.unstored.as_ref().map(|(flight, _)| Arc::clone(flight)).unwrap_or_default();
        let course = Course::with(Arc::clone(self), leftover.unsaved().cloned(), life);
        Some(Remainder::new(course, leftover, flight))
    }

    /// Whether anything is laid aside.
    #[must_use]
    pub fn has_laid_aside(&self) -> bool {
        !self.lock().aside.is_empty()
    }

    pub(crate) fn recovered(&self, outcome: Outcome, flight: &Arc<Flight>) {
        let stored = outcome.error().is_none();
        {
            let mut state = self.lock();
            let now = self.clock.now();
            if state.unstored.as_ref().is_some_and(|(held, _)| Arc::ptr_eq(held, flight)) {
                state.unstored = None;
            }
            state.lifecycle.recovered(outcome, now);
            self.published.mirror(&state.lifecycle, &self.clock);
        }
        self.changes.ring();
        if stored {
            events::token_stored(&self.provider.profile().name);
        }
    }

    pub(crate) fn remainder_ended(&self, flight: &Arc<Flight>) {
        {
            let mut state = self.lock();
            if state.aside.is_empty() {
                state.others.retain(|other| !Arc::ptr_eq(other, flight));
                if state.unstored.as_ref().is_some_and(|(held, _)| Arc::ptr_eq(held, flight)) {
                    // The guard has spilled it, or nobody can help it any more.
                    state.unstored = None;
                }
            }
            flight.land(Err(TokenError::unavailable("nobody waits for this")));
        }
        self.changes.ring();
    }
}
