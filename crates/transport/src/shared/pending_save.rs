//! Tokens that the store has yet to take: who goes on with them, and that nothing is renewed meanwhile which they would
//! lose by it.

use std::sync::Arc;

use wellspring_core::{Outcome, TokenError, UnfinishedSave};

use crate::{ActiveRenewal, InFlight, SaveGuard, SharedLifecycle, events};

impl SharedLifecycle {
    /// What the store has yet to take.
    pub(crate) fn save_guard(&self, course: ActiveRenewal, unfinished: UnfinishedSave) -> SaveGuard {
        let in_flight = Arc::new(InFlight::default());
        let mut state = self.lock();
        state.others.push(Arc::clone(&in_flight));
        if unfinished.pending_save().is_some() {
            let error = TokenError::store("a token that was obtained is not stored yet", true);
            state.unstored = Some((Arc::clone(&in_flight), error));
        }
        drop(state);
        SaveGuard::new(course, unfinished, in_flight)
    }

    pub(crate) fn lay_aside(&self, save_guard: &mut SaveGuard) {
        let Some(unfinished) = save_guard.take() else { return };
        let mut state = self.lock();
        if unfinished.pending_save().is_some() {
            state.aside.push((unfinished, save_guard.course.life()));
            save_guard.course.keep_for_later();
        }
    }

    /// What was laid aside, if anything was: to be gone on with before anything else.
    #[must_use]
    pub fn take_up(self: &Arc<Self>) -> Option<SaveGuard> {
        let mut state = self.lock();
        let (unfinished, life) = state.aside.pop()?;
        let in_flight =
            state.unstored.as_ref().map(|(in_flight, _)| Arc::clone(in_flight)).unwrap_or_default();
        let course = ActiveRenewal::with(Arc::clone(self), unfinished.pending_save().cloned(), life);
        Some(SaveGuard::new(course, unfinished, in_flight))
    }

    /// Whether anything is laid aside.
    #[must_use]
    pub fn has_laid_aside(&self) -> bool {
        !self.lock().aside.is_empty()
    }

    pub(crate) fn recovered(&self, outcome: Outcome, in_flight: &Arc<InFlight>) {
        let stored = outcome.error().is_none();
        {
            let mut state = self.lock();
            let now = self.clock.now();
            if state.unstored.as_ref().is_some_and(|(held, _)| Arc::ptr_eq(held, in_flight)) {
                state.unstored = None;
            }
            state.lifecycle.recovered(outcome, now);
            self.published.mirror(&state.lifecycle, &self.clock);
        }
        self.changes.notify();
        if stored {
            events::token_stored(&self.provider.spec().name);
        }
    }

    pub(crate) fn save_guard_dropped(&self, in_flight: &Arc<InFlight>) {
        {
            let mut state = self.lock();
            if state.aside.is_empty() {
                state.others.retain(|other| !Arc::ptr_eq(other, in_flight));
                if state.unstored.as_ref().is_some_and(|(held, _)| Arc::ptr_eq(held, in_flight)) {
                    // The guard has spilled it, or nobody can help it any more.
                    state.unstored = None;
                }
            }
            in_flight.finish(Err(TokenError::unavailable("nobody waits for this")));
        }
        self.changes.notify();
    }
}
