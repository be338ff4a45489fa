//! What a renewal holds while a driver carries it out: how far it has come, the token that is not saved yet, and its
//! liveness lock.
//!
//! However it ends, also when its task is dropped, a token that is not saved by then is spilled.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{ByteLeft, PendingSave, Spill, Step, StoreError, StoreOp};

use crate::events;
use crate::shared::SharedLifecycle;
use crate::storage::LivenessSlot;

/// What a renewal holds while it is carried out.
pub struct ActiveRenewal {
    shared: Arc<SharedLifecycle>,
    pub(crate) byte_left: ByteLeft,
    pending_save: Option<PendingSave>,
    /// Held from before the lease is saved until the renewal ends, and by each operation until it returns.
    liveness_lock: LivenessSlot,
}

impl ActiveRenewal {
    pub(crate) fn new(shared: Arc<SharedLifecycle>) -> Self {
        Self { shared, byte_left: ByteLeft::No, pending_save: None, liveness_lock: LivenessSlot::default() }
    }

    /// Goes on with a save that was set aside.
    pub(crate) const fn with(
        shared: Arc<SharedLifecycle>,
        pending_save: Option<PendingSave>,
        liveness_lock: LivenessSlot,
    ) -> Self {
        Self { shared, byte_left: ByteLeft::No, pending_save, liveness_lock }
    }

    /// Looks at a step before it is carried out.
    pub fn enter(&mut self, step: &Step) {
        self.pending_save = step.pending_save().cloned();
        match step {
            Step::Send(..) => self.byte_left = ByteLeft::Maybe,
            // While it watches another holder's lease, the renewal has none of its own.
            Step::Watch(..) => self.release_liveness_lock(),
            _ => {}
        }
    }

    /// Goes on with the reply of the store.
    pub fn leave<O: StoreOp>(&self, next: O::Next, reply: Result<O::Reply, StoreError>) -> Step {
        let name = &self.shared.provider().spec().name;
        match &reply {
            Err(error) => events::store_failed(name, O::NAME, error),
            Ok(_) if O::NAME == Spill::NAME => events::token_spilled(name),
            Ok(_) => {}
        }
        O::resume(next, reply, self.shared.clock().now())
    }

    /// One run of this operation on the store, for the thread that calls it. The thread holds the liveness lock too: it
    /// may still run when its caller no longer waits for it.
    pub fn run<O: StoreOp>(
        &self,
        operation: &Arc<O>,
        within: Duration,
    ) -> impl FnOnce() -> Result<O::Reply, StoreError> + Send + use<O> {
        let (storage, key) = (self.shared.storage().cloned(), self.shared.provider().spec().key.clone());
        let (operation, slot) = (Arc::clone(operation), self.liveness_lock());
        move || match storage {
            Some(storage) => storage.run(&*operation, &key, within, &slot),
            None => Err(StoreError::unavailable("this source has no store")),
        }
    }

    /// Whether a token would be lost if this went no further.
    #[must_use]
    pub const fn holds_pending_save(&self) -> bool {
        self.pending_save.is_some()
    }

    /// Spills the token that is not saved, and releases the liveness lock.
    pub(crate) fn give_up(&mut self) {
        if let (Some(pending_save), Some(storage)) = (self.pending_save.take(), self.shared.storage()) {
            let profile = self.shared.provider().spec();
            match storage.spill(&profile.key, &pending_save) {
                Ok(()) => events::token_spilled(&profile.name),
                Err(error) => events::store_failed(&profile.name, "spill", &error),
            }
        }
        self.release_liveness_lock();
    }

    /// The save is set aside: its token is not to be spilled yet.
    pub(crate) fn set_pending_save_aside(&mut self) {
        self.pending_save = None;
    }

    /// Releases the liveness lock. A thread that hangs, and may still save, keeps its share of it.
    pub(crate) fn release_liveness_lock(&mut self) {
        self.liveness_lock = LivenessSlot::default();
    }

    /// The liveness lock, for a thread that works for this renewal.
    #[must_use]
    pub fn liveness_lock(&self) -> LivenessSlot {
        Arc::clone(&self.liveness_lock)
    }

    /// The lifecycle it is for.
    #[must_use]
    pub const fn shared(&self) -> &Arc<SharedLifecycle> {
        &self.shared
    }
}

impl Drop for ActiveRenewal {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl fmt::Debug for ActiveRenewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (byte_left, pending_save) = (&self.byte_left, &self.pending_save);
        f.debug_struct("ActiveRenewal")
            .field("byte_left", byte_left)
            .field("pending_save", pending_save)
            .finish_non_exhaustive()
    }
}
