//! Room for the spills of the renewals that are under way.
//!
//! Before a lease is saved, the process takes room for the token that may come of it. If the disk is too full, the lease
//! fails and nothing is sent. Otherwise the new token can be spilled, however full the disk is by then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wellspring_core::StoreError;

use crate::files::Room;
use crate::spills::Spills;

/// The room that this process has taken for the spills of one store. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpillRooms(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// How many renewals are under way.
    renewals: usize,
    rooms: Vec<Room>,
}

/// Room for one renewal, until it is dropped.
#[derive(Debug)]
pub(crate) struct Reservation(SpillRooms);

impl SpillRooms {
    /// Takes room for the spill of one more renewal.
    pub(crate) fn reserve(&self, spills: &Spills) -> Result<Reservation, StoreError> {
        let mut state = self.lock();
        if state.rooms.len() <= state.renewals {
            state.rooms.extend(spills.take_room()?);
        }
        state.renewals += 1;
        Ok(Reservation(self.clone()))
    }

    /// Makes the rooms large enough for a token whose record keeps so many bytes, for example attachments.
    pub(crate) fn grow(&self, spills: &Spills, kept: usize) -> Result<(), StoreError> {
        let kept = u64::try_from(kept).unwrap_or(u64::MAX);
        self.lock().rooms.iter().try_for_each(|room| room.grow(spills.folder(), kept))
    }

    /// The room for one spill, if this process has any.
    pub(crate) fn take(&self) -> Option<Room> {
        self.lock().rooms.pop()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.renewals -= 1;
        // The next renewal uses the last room again: taking it anew costs more than a load.
        let kept = state.renewals.max(1).min(state.rooms.len());
        let released = state.rooms.split_off(kept);
        drop(state);
        drop(released);
    }
}
