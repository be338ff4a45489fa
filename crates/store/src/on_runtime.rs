//! An asynchronous store in blocking code: the one place where a blocking program meets a runtime.

use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wellspring_core::{
    AsyncStore, Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Record, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, Version, WatchOutcome,
};

use crate::clock::timeout;

/// How much longer than its time a future may take, which ends itself in time if it is able to; and how much longer its
/// caller waits for the thread.
const GRACE: Duration = Duration::from_millis(250);

/// How long the thread goes on with what stores do by themselves, after the last handle and the last liveness lock.
const LINGER: Duration = Duration::from_millis(250);

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A [`Store`] made of an [`AsyncStore`]: its futures run on one private thread with a runtime of tokio.
///
/// Each operation ends within its time: a future that takes longer is dropped. Clones share the thread, which ends after the
/// last clone and the last liveness lock. Async code gives the store itself to its builder instead.
///
/// ```
/// use core::time::Duration;
/// use wellspring_core::{Epoch, Generation, Record, SessionState, Store, TokenKey};
/// use wellspring_store::{MemoryStore, OnRuntime};
///
/// let within = Duration::from_secs(5);
/// // A store on a network connects here, on the thread's own runtime.
/// let store = OnRuntime::open(within, async { Ok(MemoryStore::open()) })?;
/// let key = TokenKey::new("provider", "https://as.example/token").client("my-client");
/// let record = Record::new(Epoch::new(1), Generation::new(1), SessionState::LoggedOut);
/// store.save(&key, None, &record, within)?;
/// assert!(store.load(&key, within)?.stored.is_some());
///
/// // What the store can do beyond the trait runs on the same thread.
/// let seals = store.run(within, |store| async move { store.seals_async(within).await })?;
/// assert_eq!(seals.plain, 1);
/// # Ok::<(), wellspring_core::StoreError>(())
/// ```
#[derive(Debug)]
pub struct OnRuntime<S> {
    store: Arc<S>,
    thread: RuntimeThread,
}

impl<S> Clone for OnRuntime<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), thread: self.thread.clone() }
    }
}

impl<S: AsyncStore + 'static> OnRuntime<S> {
    /// Starts the thread, and opens the store on its runtime: the tasks and connections of the store live there.
    ///
    /// # Errors
    ///
    /// That of `open`; when `open` takes longer than `within`; when the system starts no thread.
    pub fn open(
        within: Duration,
        open: impl Future<Output = Result<S, StoreError>> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let thread = RuntimeThread::start()?;
        let store = Arc::new(thread.run(within, open)?);
        Ok(Self { store, thread })
    }

    /// Starts the thread for a store that needs no runtime before its first operation.
    ///
    /// # Errors
    ///
    /// When the system starts no thread.
    pub fn new(store: S) -> Result<Self, StoreError> {
        Ok(Self { store: Arc::new(store), thread: RuntimeThread::start()? })
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Runs this on the thread, for what the store can do beyond [`Store`].
    ///
    /// # Errors
    ///
    /// That of `work`, and when it takes longer than `within`.
    pub fn run<T, F>(&self, within: Duration, work: impl FnOnce(Arc<S>) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        self.thread.run(within, work(Arc::clone(&self.store)))
    }
}

impl<S: AsyncStore + 'static> Store for OnRuntime<S> {
    fn guarantees(&self) -> StoreGuarantees {
        self.store.guarantees()
    }

    fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        let key = key.clone();
        self.run(within, |store| async move { store.load(&key, within).await })
    }

    fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        let (key, record) = (key.clone(), record.clone());
        let save = |store: Arc<S>| async move { store.save(&key, expected, &record, within).await };
        self.thread.run_any(within, save(Arc::clone(&self.store))).map_err(StoreError::maybe_applied)?
    }

    fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let key = key.clone();
        self.run(within, |store| async move { store.watch(&key, version, domain, within).await })
    }

    fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        let key = key.clone();
        let lock = self.run(within, |store| async move { store.liveness_lock(&key, within).await })?;
        // The end of the lock may be told on the runtime, so the runtime is there until then.
        Ok(LivenessLock::new(lock.domain(), (lock, self.thread.clone())))
    }

    fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)
    }

    fn forget_spill(&self, key: &TokenKey, attempt: Attempt) -> Result<(), StoreError> {
        self.store.forget_spill(key, attempt)
    }
}

/// A thread with a runtime, which ends after the last clone of this handle.
#[derive(Clone, Debug)]
struct RuntimeThread(UnboundedSender<Task>);

impl RuntimeThread {
    fn start() -> Result<Self, StoreError> {
        let failed = |error| {
            let text =
                "the system starts no thread for the store; raise the limits (`ulimit -u`, `ulimit -n`)";
            StoreError::unavailable(text).with_source(Arc::new(error))
        };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (sender, mut tasks) = unbounded_channel();
        let drive = async move {
            start_all(&mut tasks).await;
            timeout(LINGER, core::future::pending::<()>()).await;
        };
        let thread = thread::Builder::new().name("wellspring-store".to_owned());
        thread.spawn(move || runtime.block_on(drive)).map_err(failed)?;
        Ok(Self(sender))
    }

    /// The output of this future, which is dropped when the time ends.
    fn run<T: Send + 'static>(
        &self,
        within: Duration,
        future: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_any(within, future)?
    }

    /// The same for any output.
    fn run_any<T: Send + 'static>(
        &self,
        within: Duration,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let late = || StoreError::unavailable("the store did not answer in time");
        let (reply, output) = mpsc::sync_channel(1);
        let within = within.saturating_add(GRACE);
        let task = async move {
            // The caller may have gone.
            let _ = reply.send(timeout(within, future).await);
        };
        // Where the thread has ended, the task is dropped, and its caller told.
        let _ = self.0.send(Box::pin(task));
        output.recv_timeout(within.saturating_add(GRACE)).ok().flatten().ok_or_else(late)
    }
}

/// Starts the tasks that come, until no handle is left.
async fn start_all(tasks: &mut UnboundedReceiver<Task>) {
    while let Some(task) = tasks.recv().await {
        drop(tokio::spawn(task));
    }
}

#[cfg(test)]
mod tests;
