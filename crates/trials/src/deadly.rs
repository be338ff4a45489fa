//! The store and the transports of a process that kills itself at one of their effects.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use wellspring_core::{
    AsyncStore, Attempt, HttpRequest, HttpResponse, LivenessLock, Loaded, LockDomain, PendingSave, Record,
    Store, StoreError, StoreGuarantees, Swap, TokenKey, TransportError, Version, WatchOutcome,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use crate::clock;
use crate::kill_point::{Effect, KillPoint};
use crate::part::Part;

/// A store at which the process dies, of either kind.
#[derive(Clone, Debug)]
pub(crate) struct DeadlyStore<S> {
    store: S,
    kill_point: Option<KillPoint>,
    /// Whether it refuses obtained tokens.
    refuses: bool,
    /// When it saved an obtained token, in microseconds since the Unix epoch.
    saved: Arc<AtomicU64>,
}

impl<S> DeadlyStore<S> {
    pub(crate) fn new(store: S, part: &Part, saved: &Arc<AtomicU64>) -> Self {
        Self { store, kill_point: part.kill_point, refuses: part.refuses, saved: Arc::clone(saved) }
    }

    /// What the save of this record is; an error if the trial refuses it.
    fn effect(&self, record: &Record) -> Result<Effect, StoreError> {
        if record.lease.is_some() {
            Ok(Effect::Lease)
        } else if self.refuses {
            Err(StoreError::unavailable("the trial refuses every save"))
        } else {
            Ok(Effect::Outcome)
        }
    }

    fn note(&self, effect: Effect, saved: &Result<Swap, StoreError>) {
        if effect == Effect::Outcome && matches!(saved, Ok(Swap::Done(_))) {
            let micros = u64::try_from(clock::unix().as_micros()).unwrap_or(u64::MAX);
            self.saved.store(micros, Ordering::SeqCst);
        }
    }
}

impl Store for DeadlyStore<Arc<dyn Store>> {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        KillPoint::around(self.kill_point, Effect::Load, || self.store.load(key, within))
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let effect = self.effect(record)?;
        let saved =
            KillPoint::around(self.kill_point, effect, || self.store.save(key, expected, record, within));
        self.note(effect, &saved);
        saved
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.store.watch(key, version, domain, within)
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        KillPoint::around(self.kill_point, Effect::Life, || self.store.liveness_lock(key, within))
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        KillPoint::around(self.kill_point, Effect::Spill, || self.store.spill(key, pending_save))
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        KillPoint::around(self.kill_point, Effect::Forget, || self.store.forget_spill(key, attempt))
    }
}

#[async_trait]
impl AsyncStore for DeadlyStore<Arc<dyn AsyncStore>> {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    async fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        KillPoint::before(self.kill_point, Effect::Load);
        let loaded = self.store.load(key, within).await;
        KillPoint::after(self.kill_point, Effect::Load);
        loaded
    }

    async fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let effect = self.effect(record)?;
        KillPoint::before(self.kill_point, effect);
        let saved = self.store.save(key, expected, record, within).await;
        KillPoint::after(self.kill_point, effect);
        self.note(effect, &saved);
        saved
    }

    async fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.store.watch(key, version, domain, within).await
    }

    async fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        KillPoint::before(self.kill_point, Effect::Life);
        let lock = self.store.liveness_lock(key, within).await;
        KillPoint::after(self.kill_point, Effect::Life);
        lock
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        KillPoint::around(self.kill_point, Effect::Spill, || self.store.spill(key, pending_save))
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        KillPoint::around(self.kill_point, Effect::Forget, || self.store.forget_spill(key, attempt))
    }
}

/// A transport at which the process dies.
#[derive(Debug)]
pub(crate) struct Deadly<T> {
    pub(crate) transport: T,
    pub(crate) kill_point: Option<KillPoint>,
}

#[async_trait]
impl<T: asynchronous::Transport> asynchronous::Transport for Deadly<T> {
    async fn exchange(
        &self,
        request: &HttpRequest,
        within: Duration,
    ) -> Result<HttpResponse, TransportError> {
        KillPoint::before(self.kill_point, Effect::Send);
        let answer = self.transport.exchange(request, within).await;
        KillPoint::after(self.kill_point, Effect::Send);
        answer
    }

    async fn call(
        &self,
        request: http::Request<asynchronous::Body>,
        limits: asynchronous::CallLimits,
    ) -> Result<http::Response<asynchronous::Body>, TransportError> {
        self.transport.call(request, limits).await
    }
}

impl<T: blocking::Transport> blocking::Transport for Deadly<T> {
    fn exchange(&self, request: &HttpRequest, within: Duration) -> Result<HttpResponse, TransportError> {
        KillPoint::around(self.kill_point, Effect::Send, || self.transport.exchange(request, within))
    }

    fn call(
        &self,
        request: http::Request<blocking::Body>,
        limits: blocking::CallLimits,
    ) -> Result<http::Response<blocking::Body>, TransportError> {
        self.transport.call(request, limits)
    }
}
