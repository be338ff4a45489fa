//! The store and the transports of a process that kills itself at one of their effects.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use wellspring_core::{
    Attempt, HttpRequest, HttpResponse, LivenessLock, Loaded, LockDomain, PendingSave, Record, Store,
    StoreError, StoreGuarantees, Swap, TokenKey, TransportError, Version, WatchOutcome,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use crate::clock;
use crate::kill_point::{Effect, KillPoint};

/// A store at which the process dies.
#[derive(Clone, Debug)]
pub(crate) struct DeadlyStore {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) kill_point: Option<KillPoint>,
    /// Whether it refuses obtained tokens.
    pub(crate) refuses: bool,
    /// When it saved an obtained token, in microseconds since the Unix epoch.
    pub(crate) saved: Arc<AtomicU64>,
}

impl Store for DeadlyStore {
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
        if record.lease.is_some() {
            return KillPoint::around(self.kill_point, Effect::Lease, || {
                self.store.save(key, expected, record, within)
            });
        }
        if self.refuses {
            return Err(StoreError::unavailable("the trial refuses every save"));
        }
        let saved = KillPoint::around(self.kill_point, Effect::Outcome, || {
            self.store.save(key, expected, record, within)
        });
        if matches!(saved, Ok(Swap::Done(_))) {
            let micros = u64::try_from(clock::unix().as_micros()).unwrap_or(u64::MAX);
            self.saved.store(micros, Ordering::SeqCst);
        }
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
