//! The store: one hash for each key, and the threads that serve all handles of it.

use core::time::Duration;
use std::sync::{Arc, Once};
use std::thread;

use wellspring_core::{
    LivenessLock, LockDomain, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome,
};
use wellspring_store::{Deadline, Entry, KeyName, Map};

use crate::blocking::block_on;
use crate::failure::Failure;
use crate::operations::{self, Replicas};
use crate::presence::Note;
use crate::shared::Shared;
use crate::watching::Watch;
use crate::{info, keeper, looker, subscriber};

/// A map of records in Redis or Valkey. Clones are handles of one opened store.
#[derive(Clone, Debug)]
pub struct RedisStore(Arc<Opened>);

/// One opened store. The last handle or liveness lock ends its threads.
#[derive(Debug)]
pub(crate) struct Opened {
    shared: Arc<Shared>,
    replicas: Option<Replicas>,
    #[cfg(feature = "async")]
    nonblocking: crate::nonblocking::Nonblocking,
    keeping: Once,
    watching: Once,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.shared.presence.close();
        self.shared.watching.close();
    }
}

impl Opened {
    pub(crate) fn new(
        shared: Shared,
        replicas: Option<Replicas>,
        #[cfg(feature = "async")] nonblocking: crate::nonblocking::Nonblocking,
    ) -> Self {
        Self {
            shared: Arc::new(shared),
            replicas,
            #[cfg(feature = "async")]
            nonblocking,
            keeping: Once::new(),
            watching: Once::new(),
        }
    }

    fn start(&self, name: &str, run: fn(&Shared)) {
        let shared = Arc::clone(&self.shared);
        // Without a thread each wait ends with its time, and an operation that needs the thread fails.
        drop(thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared)));
    }

    fn error(&self, failure: Failure) -> StoreError {
        failure.into_error(&self.shared.place, false)
    }

    async fn watched(&self, watch: Watch) -> Result<WatchOutcome, StoreError> {
        self.watching.call_once(|| {
            self.start("wellspring-look", looker::run);
            self.start("wellspring-sub", subscriber::run);
        });
        self.shared.watching.listen(watch).await.map_err(|failure| self.error(failure))
    }

    async fn shown(&self) -> Result<(), StoreError> {
        self.keeping.call_once(|| self.start("wellspring-keep", keeper::run));
        self.shared.presence.shown().await.map_err(|failure| self.error(failure))
    }
}

/// Held while a renewal runs.
struct Held {
    opened: Arc<Opened>,
    name: KeyName,
    number: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        let locks = &self.opened.shared.locks;
        let versions = locks.release(&self.name, self.number);
        // A watcher of this process sees that the lock has ended.
        self.opened.shared.watching.heard(&self.name, None);
        if let (Some(domain), false) = (locks.domain(self.number), versions.is_empty()) {
            self.opened.shared.presence.note(Note { name: self.name.clone(), domain, versions });
        }
    }
}

impl RedisStore {
    /// The servers, without user and password: `redis://HOST:PORT/DATABASE`.
    ///
    /// ```
    /// use wellspring_store_redis::RedisStore;
    ///
    /// let store = RedisStore::builder("rediss://app:secret@redis.internal").unsealed()?;
    /// assert_eq!(store.map().server(), "rediss://redis.internal:6379/0");
    /// # Ok::<(), wellspring_core::StoreError>(())
    /// ```
    #[must_use]
    pub fn server(&self) -> &str {
        &self.0.shared.place
    }

    /// Checks that a server answers and lets this user compare and swap. It does that on a key that no record has, and
    /// leaves nothing behind. Blocks for at most this time.
    ///
    /// # Errors
    ///
    /// When no server can be reached, or it refuses: it has no scripts, or does not permit this user what the store needs.
    /// The error says what to do.
    pub fn check(&self, within: Duration) -> Result<(), StoreError> {
        let shared = &self.0.shared;
        blocking(operations::check(&shared.blocking, shared, Deadline::after(within)), &self.0)
    }

    pub(crate) fn of(opened: Opened) -> Self {
        Self(Arc::new(opened))
    }

    fn lock(&self, name: &KeyName) -> LivenessLock {
        let number = self.0.shared.locks.take(name);
        let domain = self.0.shared.locks.domain(number);
        LivenessLock::new(domain, Held { opened: Arc::clone(&self.0), name: name.clone(), number })
    }

    fn where_is(&self, name: &KeyName) -> String {
        format!("{} key {}", self.0.shared.place, self.0.shared.keys.record(name))
    }

    fn how_removed(&self, name: &KeyName) -> String {
        format!("`redis-cli DEL '{}'` removes it from the server", self.0.shared.keys.record(name))
    }
}

/// What a store of a fleet guarantees. A failover may lose what a replica has not received.
const GUARANTEES: StoreGuarantees =
    StoreGuarantees { scope: SharedBy::Fleet, durable: true, may_go_back: true };

impl Map for RedisStore {
    fn guarantees(&self) -> StoreGuarantees {
        GUARANTEES
    }

    fn removal(&self, name: &KeyName) -> Option<String> {
        Some(self.how_removed(name))
    }

    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        let (shared, end) = (&self.0.shared, Deadline::after(within));
        blocking(operations::load(&shared.blocking, shared, name, end), &self.0)
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        let (shared, end) = (&self.0.shared, Deadline::after(within));
        let swap = operations::swap(&shared.blocking, shared, self.0.replicas, name, (expected, entry), end);
        blocking(swap, &self.0)
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let watched = self.0.watched(Watch { name: name.clone(), version, domain });
        block_on(watched, Deadline::after(within)).unwrap_or(Ok(WatchOutcome::Unchanged))
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        let shown = block_on(self.0.shown(), Deadline::after(within));
        shown.unwrap_or_else(|| Err(self.0.error(Failure::timed_out())))?;
        Ok(self.lock(name))
    }

    fn names(&self, within: Duration) -> Result<Vec<KeyName>, StoreError> {
        let shared = &self.0.shared;
        blocking(operations::names(&shared.blocking, shared, Deadline::after(within)), &self.0)
    }

    fn shown(&self, name: &KeyName) -> String {
        self.where_is(name)
    }

    fn problems(&self) -> Vec<StoreError> {
        info::problems(&self.0.shared)
    }

    fn notes(&self) -> Vec<String> {
        info::notes(&self.0.shared)
    }
}

/// The result of an operation over the blocking wire, which keeps to its time by itself.
fn blocking<T>(
    operation: impl Future<Output = Result<T, StoreError>>,
    opened: &Opened,
) -> Result<T, StoreError> {
    let done = block_on(operation, Deadline::after(Duration::from_secs(3600)));
    done.unwrap_or_else(|| Err(opened.error(Failure::timed_out())))
}

#[cfg(feature = "async")]
mod nonblocking {
    use tokio::time::timeout;
    use wellspring_store::AsyncMap;

    use super::{
        Deadline, Duration, Entry, Failure, GUARANTEES, KeyName, LivenessLock, LockDomain, RedisStore,
        StoreError, StoreGuarantees, Version, Watch, WatchOutcome, operations,
    };

    impl AsyncMap for RedisStore {
        fn guarantees(&self) -> StoreGuarantees {
            GUARANTEES
        }

        fn removal(&self, name: &KeyName) -> Option<String> {
            Some(self.how_removed(name))
        }

        async fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
            operations::load(&self.0.nonblocking, &self.0.shared, name, Deadline::after(within)).await
        }

        async fn swap(
            &self,
            name: &KeyName,
            expected: Option<Version>,
            entry: &Entry,
            within: Duration,
        ) -> Result<bool, StoreError> {
            let (wire, shared, replicas) = (&self.0.nonblocking, &self.0.shared, self.0.replicas);
            operations::swap(wire, shared, replicas, name, (expected, entry), Deadline::after(within)).await
        }

        async fn watch(
            &self,
            name: &KeyName,
            version: Version,
            domain: Option<LockDomain>,
            within: Duration,
        ) -> Result<WatchOutcome, StoreError> {
            let watched = self.0.watched(Watch { name: name.clone(), version, domain });
            timeout(within, watched).await.unwrap_or(Ok(WatchOutcome::Unchanged))
        }

        async fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
            let shown = timeout(within, self.0.shown()).await;
            shown.unwrap_or_else(|_| Err(self.0.error(Failure::timed_out())))?;
            Ok(self.lock(name))
        }

        async fn names(&self, within: Duration) -> Result<Vec<KeyName>, StoreError> {
            operations::names(&self.0.nonblocking, &self.0.shared, Deadline::after(within)).await
        }

        fn shown(&self, name: &KeyName) -> String {
            self.where_is(name)
        }
    }
}
