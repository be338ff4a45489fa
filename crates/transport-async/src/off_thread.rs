//! A blocking store in async code: each operation on one of tokio's threads for blocking work.

use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::time::Duration;
use std::collections::HashMap;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use tokio::runtime::Handle;
use wellspring_core::{
    AsyncStore, Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Record, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, Version, WatchOutcome,
};
use wellspring_transport::Clock;

use crate::clock::wait;

/// How much longer a caller waits for an operation than it may take: it ends itself in time if it is able to.
pub(crate) const GRACE: Duration = Duration::from_millis(250);

/// An [`AsyncStore`] made of a blocking [`Store`]: for code that takes only asynchronous stores. Each operation occupies a
/// thread of the tokio runtime that awaits it.
///
/// A builder takes a blocking store without this: see [`Builder::store`](crate::Builder::store).
///
/// ```
/// use core::time::Duration;
/// use wellspring_core::{AsyncStore, TokenKey};
/// use wellspring_store::MemoryStore;
/// use wellspring_transport_async::OffThread;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), wellspring_core::StoreError> {
/// let store = OffThread::new(MemoryStore::open());
/// let key = TokenKey::new("provider", "https://as.example/token");
/// assert!(store.load(&key, Duration::from_secs(5)).await?.stored.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OffThread<S> {
    store: Arc<S>,
    locks: Locks,
}

impl<S> Clone for OffThread<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), locks: self.locks.clone() }
    }
}

/// The liveness locks that are held, by key. A thread that saves holds those of its key until it ends, because it may still
/// save when its caller no longer waits for it.
#[derive(Clone, Debug, Default)]
struct Locks(Arc<Mutex<HashMap<TokenKey, Vec<Weak<LivenessLock>>>>>);

impl Locks {
    fn add(&self, key: TokenKey, lock: &Arc<LivenessLock>) {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, locks| {
            locks.retain(|lock| lock.strong_count() > 0);
            !locks.is_empty()
        });
        locks.entry(key).or_default().push(Arc::downgrade(lock));
    }

    fn held(&self, key: &TokenKey) -> Vec<Arc<LivenessLock>> {
        let locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks.get(key).into_iter().flatten().filter_map(Weak::upgrade).collect()
    }
}

impl<S: Store + 'static> OffThread<S> {
    /// This store, off the threads of the runtime.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store: Arc::new(store), locks: Locks::default() }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    async fn run<T: Send + 'static>(
        &self,
        within: Duration,
        operation: impl FnOnce(&S) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Ok(runtime) = Handle::try_current() else {
            return Err(StoreError::refused(
                "`OffThread` is awaited outside a tokio runtime: await it on one",
            ));
        };
        let store = Arc::clone(&self.store);
        let late = || StoreError::unavailable("the store did not answer in time");
        on_thread(&runtime, within, move || operation(&store)).await?.unwrap_or_else(|| Err(late()))
    }
}

/// The output of this work on a thread for blocking work; `None` if it panics, or takes much longer than it may.
///
/// # Errors
///
/// When the system starts no thread.
pub(crate) async fn on_thread<T: Send + 'static>(
    runtime: &Handle,
    within: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, StoreError> {
    // tokio panics where the system starts no thread.
    let Ok(mut thread) = catch_unwind(AssertUnwindSafe(|| runtime.spawn_blocking(work))) else {
        let text = "the system starts no thread for the store; raise the limit (`ulimit -u`)";
        return Err(StoreError::unavailable(text));
    };
    // The machine's clock: a store works in real time, whatever clock the source has.
    let system = Clock::system();
    let end = system.now().instant.plus(within.saturating_add(GRACE));
    let done = wait(&system, None, end, runtime, |context| Pin::new(&mut thread).poll(context));
    Ok(done.await.and_then(Result::ok))
}

#[async_trait]
impl<S: Store + 'static> AsyncStore for OffThread<S> {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    async fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        let key = key.clone();
        self.run(within, move |store| store.load(&key, within)).await
    }

    async fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let (held, key, record) = (self.locks.held(key), key.clone(), record.clone());
        let save = move |store: &S| {
            let saved = store.save(&key, expected, &record, within);
            drop(held);
            Ok(saved)
        };
        self.run(within, save).await.map_err(StoreError::maybe_applied)?
    }

    async fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let key = key.clone();
        self.run(within, move |store| store.watch(&key, version, domain, within)).await
    }

    async fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        let of = key.clone();
        let lock = Arc::new(self.run(within, move |store| store.liveness_lock(&of, within)).await?);
        self.locks.add(key.clone(), &lock);
        Ok(LivenessLock::new(lock.domain(), lock))
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, channel};

    use wellspring_core::{Applied, Epoch, Generation, SessionState, SharedBy};

    use super::*;

    /// A store whose saves wait for a word, and whose locks tell when they end.
    #[derive(Debug)]
    struct Slow {
        go_on: Mutex<Receiver<()>>,
        ended: Arc<AtomicBool>,
    }

    struct Ends(Arc<AtomicBool>);

    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    impl Store for Slow {
        fn guarantees(&self) -> StoreGuarantees {
            StoreGuarantees { scope: SharedBy::Process, durable: false, may_go_back: false }
        }

        fn load(&self, _: &TokenKey, _: Duration) -> Result<Loaded, StoreError> {
            Ok(Loaded::default())
        }

        fn save(
            &self,
            _: &TokenKey,
            _: Option<Version>,
            _: &Record,
            _: Duration,
        ) -> Result<Swap, StoreError> {
            let _ = self.go_on.lock().unwrap_or_else(PoisonError::into_inner).recv();
            Ok(Swap::Conflict)
        }

        fn watch(
            &self,
            _: &TokenKey,
            _: Version,
            _: Option<LockDomain>,
            _: Duration,
        ) -> Result<WatchOutcome, StoreError> {
            Ok(WatchOutcome::Unchanged)
        }

        fn liveness_lock(&self, _: &TokenKey, _: Duration) -> Result<LivenessLock, StoreError> {
            Ok(LivenessLock::new(None, Ends(Arc::clone(&self.ended))))
        }

        fn spill(&self, _: &TokenKey, _: &PendingSave) -> Result<(), StoreError> {
            Ok(())
        }

        fn forget_spill(&self, _: &TokenKey, _: Attempt) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_thread_that_may_still_save_holds_the_liveness_lock_of_its_key() {
        let ((word, go_on), ended) = (channel(), Arc::new(AtomicBool::new(false)));
        let store = OffThread::new(Slow { go_on: Mutex::new(go_on), ended: Arc::clone(&ended) });
        let (key, within) = (TokenKey::new("p", "e"), Duration::from_millis(1));
        let lock = store.liveness_lock(&key, Duration::from_secs(60)).await.unwrap();
        let record = Record::new(Epoch::new(1), Generation::new(1), SessionState::LoggedOut);
        let error = store.save(&key, None, &record, within).await.unwrap_err();
        assert_eq!(error.applied(), Applied::Maybe);
        drop(lock);
        assert!(!ended.load(Ordering::SeqCst), "the thread may still save");
        word.send(()).unwrap();
        while !ended.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    }
}
