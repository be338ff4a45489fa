//! A store that makes signals wait while a renewal holds its liveness lock.
//!
//! A renewal of a single-use grant takes the liveness lock before it saves its lease and keeps it until its last save.
//! Signals wait for that time. A spill ends the wait as well, because the token is safe then; the user is informed. While
//! the store refuses the lease, nothing is sent: signals and the deadline end the command between two attempts.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    Attempt, Lease, LivenessLock, Loaded, LockDomain, PendingSave, Record, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, UnixTime, Version, WatchOutcome,
};
use wellspring_profiles::LocalStore;
use wellspring_transport_blocking::Clock;

use crate::exit::{of_store, say, with_causes};
use crate::interrupt::{self, SignalGuard};
use crate::progress;
use crate::span::rounded_up;

#[derive(Debug)]
pub(crate) struct GuardedStore {
    store: Arc<dyn LocalStore>,
    /// One guard for each liveness lock, unless its lease was refused.
    guards: Guards,
    spilled: AtomicBool,
    /// Whether the user knows of spilled tokens that cannot be used.
    warned: AtomicBool,
    /// The lease in the record that was loaded last.
    lease: Mutex<Option<Lease>>,
    /// What the user knows of spills that failed.
    said: Mutex<String>,
    /// The last failure, until the store works.
    broken: Mutex<Option<StoreError>>,
}

type Guards = Arc<Mutex<Vec<(Arc<()>, Option<SignalGuard>)>>>;

impl GuardedStore {
    pub(crate) fn new(store: Arc<dyn LocalStore>) -> Self {
        Self {
            store,
            guards: Guards::default(),
            spilled: AtomicBool::new(false),
            warned: AtomicBool::new(false),
            lease: Mutex::default(),
            said: Mutex::default(),
            broken: Mutex::default(),
        }
    }

    /// Warns once that a token was obtained without the store. A spilled token is kept, and the user knows of it.
    pub(crate) fn warn_if_broken(&self) {
        let Some(error) = self.broken.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if error.is_permanent() {
            let (_, text) = of_store(&error);
            say(format_args!(
                "wellspring: the token is not kept, so each command asks for a new one: {text}"
            ));
        } else if !self.has_spilled() {
            say(format_args!(
                "wellspring: the token is not kept, and the next command asks for a new one: {}; `wellspring doctor` checks the \
                 store",
                with_causes(&error)
            ));
        }
    }

    fn note<T>(&self, result: &Result<T, StoreError>) {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = result.as_ref().err().cloned();
    }

    /// The lease in the record that was loaded last.
    pub(crate) fn lease(&self) -> Option<Lease> {
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a watch that sees only changes waits for: no process can tell whether the lease's owner is alive.
    fn unknown_owner(&self, now: UnixTime) -> Option<String> {
        let lease = self.lease()?;
        let lapses = lease.lapses_at(self.guarantees().scope, now)?;
        let process = lease.attempt.owner.process;
        Some(format!(
            "process {process}, and no process can tell whether it still renews the token: another one takes over after {}",
            rounded_up(lapses)
        ))
    }

    /// Whether a spilled token waits for the next command.
    pub(crate) fn has_spilled(&self) -> bool {
        self.spilled.load(Ordering::Relaxed)
    }

    /// Makes signals wait, or no longer, while a liveness lock is held.
    fn defer_signals(&self, deferred: bool) {
        let mut ended = Vec::new();
        for (_, guard) in self.guards.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            if deferred {
                guard.get_or_insert_with(interrupt::defer_signals);
            } else {
                ended.extend(guard.take());
            }
        }
        // A pending signal ends the process in this drop, which must not hold the lock.
        drop(ended);
    }
}

/// Carries out an operation of the store, and notes the wait for it and its failure.
fn noted<T>(
    what: impl Into<Cow<'static, str>>,
    operation: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let what = what.into();
    let waiting = progress::wait_for(what.clone());
    let result = operation();
    drop(waiting);
    progress::retries(result.as_ref().err().map(|error| (what, error)));
    result
}

/// A liveness lock whose drop also removes its signal guard, unless a spill has removed it before.
struct GuardedLock {
    /// Dropped first: until then the renewal may still save.
    lock: Option<LivenessLock>,
    id: Arc<()>,
    guards: Guards,
}

impl Drop for GuardedLock {
    fn drop(&mut self) {
        drop(self.lock.take());
        let mut guards = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        guards.retain(|(id, _)| !Arc::ptr_eq(id, &self.id));
    }
}

impl Store for GuardedStore {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        let loaded = noted("the store, to load the record", || self.store.load(key, within));
        self.note(&loaded);
        let loaded = loaded?;
        if let Some(error) = loaded.unusable_spill.as_ref().or(loaded.unseen_spills.as_ref()) {
            // The token in force is used. Each load of one command finds the same.
            if !self.warned.swap(true, Ordering::Relaxed) {
                say(format_args!("wellspring: {error}"));
            }
        }
        let lease = loaded.stored.as_ref().and_then(|stored| stored.record.lease);
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = lease;
        Ok(loaded)
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let is_lease = record.lease.is_some();
        if is_lease && !self.has_spilled() {
            self.defer_signals(true);
        }
        let saved = noted("the store, to save the record", || self.store.save(key, expected, record, within));
        self.note(&saved);
        if is_lease && saved.is_err() {
            self.defer_signals(false);
        }
        if !is_lease && record.granted().is_some() {
            match &saved {
                Ok(Swap::Done(_)) => progress::is_saved("the new token is saved"),
                Ok(Swap::Conflict) => {}
                Err(_) => progress::is_refused(Clock::system().now().instant),
            }
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
        let unknown = domain.is_none().then(|| self.unknown_owner(Clock::system().now().unix)).flatten();
        let what = unknown.map_or(Cow::Borrowed("the process that renews the token"), Cow::Owned);
        noted(what, || self.store.watch(key, version, domain, within))
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        let lock = noted("the store's lock", || self.store.liveness_lock(key, within));
        if lock.is_err() {
            self.note(&lock);
        }
        let lock = lock?;
        if self.has_spilled() {
            return Ok(lock);
        }
        let id = Arc::new(());
        let mut guards = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        guards.push((id.clone(), Some(interrupt::defer_signals())));
        Ok(LivenessLock::new(
            lock.domain(),
            GuardedLock { lock: Some(lock), id, guards: self.guards.clone() },
        ))
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        const NOT_SAVED: &str = "wellspring: the store refused the new token";
        self.store.spill(key, pending_save).inspect_err(|error| {
            progress::is_unsaved(Clock::system().now().instant);
            let text = format!("{NOT_SAVED}, and writing it to the spill folder failed too: {error}");
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            // Each attempt meets the same failure.
            if *said != text {
                say(&text);
                *said = text;
            }
        })?;
        progress::is_saved("the new token is in the spill folder");
        say(format_args!("{NOT_SAVED}; the spill folder keeps it for the next command"));
        self.spilled.store(true, Ordering::Relaxed);
        self.guards.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)?;
        self.spilled.store(false, Ordering::Relaxed);
        Ok(())
    }
}
