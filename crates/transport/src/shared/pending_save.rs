//! Tokens that the store has not saved yet. Until a save has written them, no renewal sends their refresh token.

use std::sync::Arc;

use wellspring_core::{Outcome, TokenError, UnfinishedSave};

use crate::events;
use crate::in_flight::InFlight;
use crate::shared::SharedLifecycle;
use crate::storage::LivenessSlot;

impl SharedLifecycle {
    /// A save continues after its renewal. While its token is pending, no other renewal starts.
    pub(crate) fn begin_save(&self, pending: bool) -> Arc<InFlight> {
        let in_flight = Arc::new(InFlight::default());
        let mut state = self.lock();
        state.others.push(Arc::clone(&in_flight));
        if pending {
            let error = TokenError::store("the store has not saved a token that was obtained", true);
            state.unsaved = Some((Arc::clone(&in_flight), error));
        }
        self.publish(&mut state);
        in_flight
    }

    /// Sets the save aside, if a token is pending. Returns whether one is.
    pub(crate) fn set_aside(&self, unfinished: UnfinishedSave, liveness: LivenessSlot) -> bool {
        let mut state = self.lock();
        let pending = unfinished.pending_save().is_some();
        if pending {
            state.set_aside.push((unfinished, liveness));
        }
        self.publish(&mut state);
        pending
    }

    pub(crate) fn pop_set_aside(&self) -> Option<(UnfinishedSave, LivenessSlot, Arc<InFlight>)> {
        let mut state = self.lock();
        let (unfinished, liveness) = state.set_aside.pop()?;
        let in_flight = state.unsaved.as_ref().map(|(save, _)| Arc::clone(save)).unwrap_or_default();
        self.publish(&mut state);
        Some((unfinished, liveness, in_flight))
    }

    /// Whether a save is set aside.
    #[must_use]
    pub fn has_set_aside(&self) -> bool {
        self.peek().awake().is_some_and(|state| !state.set_aside.is_empty())
    }

    pub(crate) fn recovered(self: &Arc<Self>, outcome: Outcome, in_flight: &Arc<InFlight>) {
        let saved = outcome.error().is_none();
        let changes = {
            let mut state = self.lock();
            state.unsaved.take_if(|(save, _)| Arc::ptr_eq(save, in_flight));
            state.lifecycle.recovered(outcome, self.clock.now());
            self.publish(&mut state);
            Arc::clone(&state.changes)
        };
        changes.notify();
        self.schedule();
        if saved {
            events::token_stored(self.name());
        }
    }

    pub(crate) fn save_guard_dropped(self: &Arc<Self>, in_flight: &Arc<InFlight>) {
        let changes = {
            let mut state = self.lock();
            if state.set_aside.is_empty() {
                state.others.retain(|other| !Arc::ptr_eq(other, in_flight));
                // The guard has spilled the token, or nothing can save the token any more.
                state.unsaved.take_if(|(save, _)| Arc::ptr_eq(save, in_flight));
            }
            self.publish(&mut state);
            in_flight.finish(Err(TokenError::unavailable("the save ended and returns no token")));
            Arc::clone(&state.changes)
        };
        changes.notify();
        self.schedule();
    }
}
