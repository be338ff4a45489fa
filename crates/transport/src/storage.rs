//! The store of a source: its owner there, how long one operation may take, and whether the store suits a provider.
//!
//! An operation blocks and may hang. A driver therefore runs it on a thread that may block, and continues without the
//! reply when the time for the operation ends.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    Instant, LivenessLock, Owner, PendingSave, Provider, SharedBy, Store, StoreError, StoreGuarantees,
    StoreOp, TokenError, TokenKey,
};

use crate::clock::Clock;
use crate::{events, owner};

/// Where the liveness lock of a renewal is kept: with the renewal, and with each thread that still works for it.
pub type LivenessSlot = Arc<Mutex<Option<Arc<LivenessLock>>>>;

/// The store of a source, and the owner in whose name the source writes.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn Store>,
    owner: Owner,
}

impl Storage {
    /// This store, for the source with this random number.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, source: u64) -> Self {
        Self { store, owner: owner::here(source) }
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }

    pub(crate) fn shared_by(&self) -> SharedBy {
        self.store.guarantees().scope
    }

    pub(crate) fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)
    }

    /// Runs the operation. A liveness lock that it needs is taken first and left in `slot`. The lock that is there is
    /// held until the operation returns, even if its caller no longer waits for it.
    ///
    /// # Errors
    ///
    /// When the store fails, or the liveness lock cannot be taken.
    pub(crate) fn run<O: StoreOp>(
        &self,
        operation: &O,
        key: &TokenKey,
        within: Duration,
        slot: &LivenessSlot,
    ) -> Result<O::Reply, StoreError> {
        let lock = || slot.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = lock().clone();
        let clock = Clock::system();
        let end = clock.now().instant.plus(within);
        if operation.needs_liveness_lock() && held.is_none() {
            held = Some(Arc::new(self.store.liveness_lock(key, within)?));
            lock().clone_from(&held);
        }
        let domain = held.as_ref().and_then(|lock| lock.domain());
        operation.run(&*self.store, key, domain, end.since(clock.now().instant))
    }
}

/// Whether the store, if there is one, suits the tokens of this provider. What it lacks is reported.
pub(crate) fn check_store(
    store: Option<&dyn Store>,
    shared_by: Option<SharedBy>,
    provider: &dyn Provider,
) -> Result<(), TokenError> {
    let spec = provider.spec();
    for lacking in StoreGuarantees::suit(store.map(Store::guarantees), shared_by, spec)? {
        events::store_weak(&spec.name, lacking);
    }
    Ok(())
}

/// The longest that an operation without a deadline of its own may take.
const LONGEST_OPERATION: Duration = Duration::from_secs(30);

/// How long one slice of a watch lasts, so that the caller can look at its own clock and its own deadline.
const WATCH_SLICE: Duration = Duration::from_millis(50);

/// After so many slices of a watch, about a second, the renewal loads the record: a spill changes no version.
const WATCH_SLICES: u32 = 20;

/// The time that one operation may take: all of it at once or, for a watch, in short slices.
#[derive(Clone, Copy, Debug)]
pub struct Slices {
    deadline: Instant,
    patience: Instant,
    left: u32,
}

impl Slices {
    /// The slices of an operation with this deadline. A watch ends when the patience of its caller ends too.
    #[must_use]
    pub const fn new(deadline: Instant, patience: Instant) -> Self {
        Self { deadline, patience, left: WATCH_SLICES }
    }

    /// How long the next slice may take from now on.
    #[must_use]
    pub fn within<O: StoreOp>(&self, now: Instant) -> Duration {
        self.deadline.since(now).min(if O::SLICED { WATCH_SLICE } else { LONGEST_OPERATION })
    }

    /// Whether the operation has ended with this reply of its slice.
    pub fn end_with<O: StoreOp>(&mut self, reply: &Result<O::Reply, StoreError>, now: Instant) -> bool {
        self.left -= 1;
        reply.as_ref().map_or(true, O::is_final) || self.left == 0 || now >= self.deadline.min(self.patience)
    }
}
