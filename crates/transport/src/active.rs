//! What a driver holds for a renewal: how far its request came, the token that is not saved yet, its liveness lock.
//!
//! However the renewal ends, even when its task is dropped, a token that is not saved by then is spilled.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{ByteLeft, PendingSave, Spill, Step, StoreError, StoreOp};

use crate::events;
use crate::in_flight::InFlight;
use crate::shared::SharedLifecycle;
use crate::storage::{LivenessSlot, run_async};

/// What a renewal holds while it is carried out.
pub struct ActiveRenewal {
    shared: Arc<SharedLifecycle>,
    /// Where callers wait for it.
    in_flight: Arc<InFlight>,
    pub(crate) byte_left: ByteLeft,
    pending_save: Option<PendingSave>,
    /// Held from before the lease is saved until the renewal ends, and by each operation until it returns.
    liveness_lock: LivenessSlot,
}

impl ActiveRenewal {
    pub(crate) fn new(shared: Arc<SharedLifecycle>, in_flight: Arc<InFlight>) -> Self {
        Self::with(shared, in_flight, None, LivenessSlot::default())
    }

    /// Continues a save that was set aside.
    pub(crate) const fn with(
        shared: Arc<SharedLifecycle>,
        in_flight: Arc<InFlight>,
        pending_save: Option<PendingSave>,
        liveness_lock: LivenessSlot,
    ) -> Self {
        Self { shared, in_flight, byte_left: ByteLeft::No, pending_save, liveness_lock }
    }

    /// The save of the renewal's token, for which callers wait there.
    pub(crate) fn for_save(mut self, in_flight: Arc<InFlight>) -> Self {
        self.in_flight = in_flight;
        self
    }

    /// Notes what a step means for the renewal, before the step is carried out.
    pub fn enter(&mut self, step: &Step) {
        self.pending_save = step.pending_save().cloned();
        match step {
            Step::Send(..) => self.byte_left = ByteLeft::Maybe,
            // A renewal that watches another holder's lease has no lease.
            Step::Watch(..) => self.release_liveness_lock(),
            _ => {}
        }
    }

    /// Resumes with the reply of the store.
    pub fn leave<O: StoreOp>(&self, next: O::Next, reply: Result<O::Reply, StoreError>) -> Step {
        let name = self.shared.name();
        self.in_flight.store_answered(reply.as_ref().err());
        match &reply {
            Err(error) => events::store_failed(name, O::NAME, error),
            Ok(_) if O::NAME == Spill::NAME => events::token_spilled(name),
            Ok(_) => {}
        }
        let lease = self.shared.observe_reply::<O>(&reply);
        let step = O::resume(next, reply, self.shared.clock.now());
        self.shared.observe_watch(lease, &step);
        step
    }

    /// One run of this operation on the store, for the thread that calls the function. The thread holds the liveness
    /// lock, because it may still run when its caller no longer waits for it.
    pub fn run<O: StoreOp>(
        &self,
        operation: &Arc<O>,
        within: Duration,
    ) -> impl FnOnce() -> Result<O::Reply, StoreError> + Send + use<O> {
        let (storage, key) = (self.shared.storage(), self.shared.key());
        let (operation, slot) = (Arc::clone(operation), self.liveness_lock());
        move || match storage {
            Some(storage) => storage.run(&*operation, &key, within, &slot),
            None => Err(StoreError::unavailable("this source has no store")),
        }
    }

    /// The same run as a future, if the store is asynchronous and the operation is one for it. The future holds the liveness
    /// lock until it ends or is dropped. A store that has the operation by then may still carry it out.
    pub fn run_async<O: StoreOp>(
        &self,
        operation: &Arc<O>,
        within: Duration,
    ) -> Option<impl Future<Output = Result<O::Reply, StoreError>> + Send + use<O>> {
        let store = Arc::clone(self.shared.storage()?.asynchronous().filter(|_| !O::LOCAL)?);
        let (operation, slot) = (Arc::clone(operation), self.liveness_lock());
        let key = self.shared.key();
        Some(async move { run_async(&*store, &*operation, &key, within, &slot).await })
    }

    /// Whether a driver awaits the operations of the store.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.shared.storage().is_some_and(|storage| storage.asynchronous().is_some())
    }

    /// Spills the token that is not saved, and releases the liveness lock.
    pub(crate) fn give_up(&mut self) {
        if let Some(pending) = self.pending_save.take() {
            self.shared.spill(&pending);
        }
        self.release_liveness_lock();
    }

    /// The save is set aside: its token is not spilled yet.
    pub(crate) fn set_pending_save_aside(&mut self) {
        self.pending_save = None;
    }

    /// Releases the liveness lock. A thread that hangs and may still save keeps its share.
    pub(crate) fn release_liveness_lock(&mut self) {
        self.liveness_lock = LivenessSlot::default();
    }

    /// The liveness lock, for a thread that works for this renewal.
    #[must_use]
    pub fn liveness_lock(&self) -> LivenessSlot {
        Arc::clone(&self.liveness_lock)
    }

    /// The lifecycle that it renews.
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

crate::debug_fields!([] ActiveRenewal, |active| byte_left: active.byte_left, pending_save: active.pending_save);
