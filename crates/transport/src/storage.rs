//! The store of a source: its owner there, how long one operation may take, and whether the store suits a provider.
//!
//! An operation of a [`Store`] blocks and may hang. A driver therefore runs it on a thread that may block, and continues
//! without the reply when the time for the operation ends. A driver awaits an operation of an [`AsyncStore`], and drops it
//! when the time ends.

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    AsyncStore, Instant, LivenessLock, Owner, PendingSave, Provider, SharedBy, Store, StoreError,
    StoreGuarantees, StoreOp, TokenError, TokenKey,
};

use crate::clock::Clock;
use crate::{events, owner};

/// Where the liveness lock of a renewal is kept: with the renewal, and with each thread that still works for it.
pub type LivenessSlot = Arc<Mutex<Option<Arc<LivenessLock>>>>;

/// A store of either kind.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "operations block or they do not")]
pub enum AnyStore {
    /// Its operations block.
    Blocking(Arc<dyn Store>),
    /// Its operations are futures. Only the async transport has a setting for it.
    Async(Arc<dyn AsyncStore>),
}

impl AnyStore {
    pub(crate) fn guarantees(&self) -> StoreGuarantees {
        match self {
            Self::Blocking(store) => store.guarantees(),
            Self::Async(store) => store.guarantees(),
        }
    }
}

impl From<Arc<dyn Store>> for AnyStore {
    fn from(store: Arc<dyn Store>) -> Self {
        Self::Blocking(store)
    }
}

impl From<Arc<dyn AsyncStore>> for AnyStore {
    fn from(store: Arc<dyn AsyncStore>) -> Self {
        Self::Async(store)
    }
}

/// The store of a source, and the owner in whose name the source writes.
#[derive(Clone, Debug)]
pub struct Storage {
    store: AnyStore,
    owner: Owner,
}

impl Storage {
    /// This store, for the source with this random number.
    #[must_use]
    pub fn new(store: AnyStore, source: u64) -> Self {
        Self { store, owner: owner::here(source) }
    }

    pub(crate) fn into_store(self) -> AnyStore {
        self.store
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }

    pub(crate) fn shared_by(&self) -> SharedBy {
        self.store.guarantees().scope
    }

    pub(crate) const fn asynchronous(&self) -> Option<&Arc<dyn AsyncStore>> {
        match &self.store {
            AnyStore::Async(store) => Some(store),
            AnyStore::Blocking(_) => None,
        }
    }

    pub(crate) fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        match &self.store {
            AnyStore::Blocking(store) => store.spill(key, pending_save),
            AnyStore::Async(store) => store.spill(key, pending_save),
        }
    }

    /// Runs the operation in this thread. A liveness lock that it needs is taken first and left in `slot`. The lock that is
    /// there is held until the operation returns, even if its caller no longer waits for it.
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
        let store = match &self.store {
            AnyStore::Blocking(store) => store,
            AnyStore::Async(store) => return run_local(&**store, operation, key, within),
        };
        let lock = || slot.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = lock().clone();
        let clock = Clock::system();
        let end = clock.now().instant.plus(within);
        if operation.needs_liveness_lock() && held.is_none() {
            held = Some(Arc::new(store.liveness_lock(key, within)?));
            lock().clone_from(&held);
        }
        let domain = held.as_ref().and_then(|lock| lock.domain());
        operation.run(&**store, key, domain, end.since(clock.now().instant))
    }
}

/// The same as a future.
pub(crate) async fn run_async<O: StoreOp>(
    store: &dyn AsyncStore,
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
        held = Some(Arc::new(store.liveness_lock(key, within).await?));
        lock().clone_from(&held);
    }
    let domain = held.as_ref().and_then(|lock| lock.domain());
    operation.run_async(store, key, domain, end.since(clock.now().instant)).await
}

/// Runs an operation that touches only local files.
fn run_local<O: StoreOp>(
    store: &dyn AsyncStore,
    operation: &O,
    key: &TokenKey,
    within: Duration,
) -> Result<O::Reply, StoreError> {
    let poll =
        || pin!(operation.run_async(store, key, None, within)).poll(&mut Context::from_waker(Waker::noop()));
    match O::LOCAL.then(poll) {
        Some(Poll::Ready(reply)) => reply,
        Some(Poll::Pending) | None => Err(StoreError::refused(
            "this operation of an asynchronous store is not local: blocking code wraps the store in `OnRuntime`",
        )),
    }
}

/// Whether the store, if there is one, suits the tokens of this provider. What it lacks is reported.
pub(crate) fn check_store(
    store: Option<&AnyStore>,
    shared_by: Option<SharedBy>,
    provider: &dyn Provider,
) -> Result<(), TokenError> {
    let spec = provider.spec();
    for lacking in StoreGuarantees::suit(store.map(AnyStore::guarantees), shared_by, spec)? {
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

/// The one slice of a watch that no thread waits for: its caller looks at the record as often.
const LONG_WATCH_SLICE: Duration = Duration::from_secs(1);

/// The time that one operation may take: all of it at once or, for a watch, in slices.
#[derive(Clone, Copy, Debug)]
pub struct Slices {
    deadline: Instant,
    patience: Instant,
    length: Duration,
    left: u32,
}

impl Slices {
    /// The slices of an operation with this deadline. A watch ends when the patience of its caller ends too.
    #[must_use]
    pub const fn new(deadline: Instant, patience: Instant) -> Self {
        Self { deadline, patience, length: WATCH_SLICE, left: WATCH_SLICES }
    }

    /// The slices of an operation that is awaited: a watch is one slice of a second, which ends when the store has seen a
    /// change.
    #[must_use]
    pub const fn awaited(deadline: Instant) -> Self {
        Self { deadline, patience: Instant::NEVER, length: LONG_WATCH_SLICE, left: 1 }
    }

    /// How long the next slice may take from now on.
    #[must_use]
    pub fn within<O: StoreOp>(&self, now: Instant) -> Duration {
        self.deadline.since(now).min(if O::SLICED { self.length } else { LONGEST_OPERATION })
    }

    /// Whether the operation has ended with this reply of its slice.
    pub fn end_with<O: StoreOp>(&mut self, reply: &Result<O::Reply, StoreError>, now: Instant) -> bool {
        self.left -= 1;
        reply.as_ref().map_or(true, O::is_final) || self.left == 0 || now >= self.deadline.min(self.patience)
    }
}
