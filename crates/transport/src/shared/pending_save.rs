//! Tokens that the store has not saved yet: which save goes on with them, and that no renewal spends their refresh token
//! meanwhile.

use std::sync::Arc;

use wellspring_core::{Outcome, TokenError, UnfinishedSave};

use crate::active::ActiveRenewal;
use crate::events;
use crate::in_flight::{InFlight, SaveGuard};
use crate::shared::SharedLifecycle;

impl SharedLifecycle {
    /// The save that goes on after its renewal.
    pub(crate) fn save_guard(&self, active: ActiveRenewal, unfinished: UnfinishedSave) -> SaveGuard {
        let in_flight = Arc::new(InFlight::default());
        let mut state = self.lock();
        state.others.push(Arc::clone(&in_flight));
        if unfinished.pending_save().is_some() {
            let error = TokenError::store("a token that was obtained is not saved yet", true);
            state.unsaved = Some((Arc::clone(&in_flight), error));
        }
        self.publish(&mut state);
        drop(state);
        SaveGuard::new(active, unfinished, in_flight)
    }

    pub(crate) fn set_aside(&self, active: &mut ActiveRenewal, unfinished: UnfinishedSave) {
        let mut state = self.lock();
        if unfinished.pending_save().is_some() {
            state.set_aside.push((unfinished, active.liveness_lock()));
            active.set_pending_save_aside();
        }
        self.publish(&mut state);
    }

    /// A save that was set aside, to be finished before anything is sent.
    #[must_use]
    pub fn take_up(self: &Arc<Self>) -> Option<SaveGuard> {
        let mut state = self.lock();
        let (unfinished, life) = state.set_aside.pop()?;
        let in_flight =
            state.unsaved.as_ref().map(|(in_flight, _)| Arc::clone(in_flight)).unwrap_or_default();
        self.publish(&mut state);
        let active = ActiveRenewal::with(Arc::clone(self), unfinished.pending_save().cloned(), life);
        Some(SaveGuard::new(active, unfinished, in_flight))
    }

    /// Whether a save is set aside.
    #[must_use]
    pub fn has_set_aside(&self) -> bool {
        !self.lock().set_aside.is_empty()
    }

    pub(crate) fn recovered(&self, outcome: Outcome, in_flight: &Arc<InFlight>) {
        let saved = outcome.error().is_none();
        {
            let mut state = self.lock();
            state.unsaved.take_if(|(held, _)| Arc::ptr_eq(held, in_flight));
            state.lifecycle.recovered(outcome, self.clock.now());
            self.publish(&mut state);
        }
        self.changes.notify();
        if saved {
            events::token_stored(&self.provider.spec().name);
        }
    }

    pub(crate) fn save_guard_dropped(&self, in_flight: &Arc<InFlight>) {
        {
            let mut state = self.lock();
            if state.set_aside.is_empty() {
                state.others.retain(|other| !Arc::ptr_eq(other, in_flight));
                // The guard has spilled the token, or nothing can save it any more.
                state.unsaved.take_if(|(held, _)| Arc::ptr_eq(held, in_flight));
            }
            self.publish(&mut state);
            in_flight.finish(Err(TokenError::unavailable("no caller waits for this save")));
        }
        self.changes.notify();
    }
}
