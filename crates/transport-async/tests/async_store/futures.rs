//! A store that hangs, thousands of waiters without a thread, and a renewal that is dropped in the middle of a save.

use core::future::pending;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use async_trait::async_trait;
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use wellspring_core::{
    AsyncStore, Attempt, ErrorKind, HttpRequest, HttpResponse, LivenessLock, Loaded, LockDomain, Need,
    PendingSave, Policy, Record, ResponseHead, StoreError, StoreGuarantees, Swap, TokenKey, TransportError,
    Version, WatchOutcome,
};
use wellspring_store::{MemoryStore, Records};

use crate::driver::transport::{Body, CallLimits, TokenSource, Transport};
use crate::driver::{Toy, code, eventually};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(600);

/// A store in memory, some of whose operations hang.
#[derive(Debug, Default)]
struct Hanging {
    records: Option<Records<MemoryStore>>,
    /// How many loads hang.
    loads: AtomicUsize,
    /// How many saves hang after the record was saved.
    saves: AtomicUsize,
    /// How many saves of tokens hang before the record is saved.
    tokens: AtomicUsize,
    watching: AtomicUsize,
    hung: AtomicUsize,
    /// Whether loads panic.
    panics: AtomicBool,
    /// What was spilled, and the threads on which it was.
    spilled: Mutex<Vec<(PendingSave, ThreadId)>>,
}

impl Hanging {
    fn new() -> Arc<Self> {
        Arc::new(Self { records: Some(MemoryStore::open()), ..Self::default() })
    }

    fn records(&self) -> &dyn AsyncStore {
        self.records.as_ref().unwrap()
    }

    async fn hang(&self, how_many: &AtomicUsize) {
        if how_many.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |many| many.checked_sub(1)).is_ok() {
            self.hung.fetch_add(1, Ordering::SeqCst);
            pending::<()>().await;
        }
    }
}

/// Counts down when a watch ends or is dropped.
struct Watching<'a>(&'a AtomicUsize);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl AsyncStore for Hanging {
    fn guarantees(&self) -> StoreGuarantees {
        self.records().guarantees()
    }

    async fn load(&self, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        assert!(!self.panics.load(Ordering::SeqCst), "a store that panics");
        self.hang(&self.loads).await;
        self.records().load(key, within).await
    }

    async fn save(
        &self,
        key: &TokenKey,
        expected: Option<Version>,
        record: &Record,
        within: Duration,
    ) -> Result<Swap, StoreError> {
        if record.lease.is_none() {
            self.hang(&self.tokens).await;
        }
        let saved = self.records().save(key, expected, record, within).await;
        self.hang(&self.saves).await;
        saved
    }

    async fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.watching.fetch_add(1, Ordering::SeqCst);
        let _watching = Watching(&self.watching);
        self.records().watch(key, version, domain, within).await
    }

    async fn liveness_lock(&self, key: &TokenKey, within: Duration) -> Result<LivenessLock, StoreError> {
        self.records().liveness_lock(key, within).await
    }

    fn spill(&self, _: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.spilled.lock().unwrap().push((pending_save.clone(), thread::current().id()));
        Ok(())
    }

    fn forget_spill(&self, _: &TokenKey, _: Attempt) -> Result<(), StoreError> {
        Ok(())
    }
}

/// An endpoint of single-use refresh tokens that answers each request after it got a permit.
#[derive(Clone, Debug)]
struct Endpoint {
    permits: Arc<Semaphore>,
    asked: Arc<AtomicUsize>,
    first_lifetime: u64,
}

impl Endpoint {
    fn with_permits(permits: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(permits)), asked: Arc::default(), first_lifetime: 3_600 }
    }

    /// Its first token has expired when it comes.
    fn expiring_once() -> Self {
        Self { first_lifetime: 0, ..Self::with_permits(9) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Transport for Endpoint {
    async fn exchange(&self, _: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.permits.acquire().await.unwrap().forget();
        let lifetime = if number == 1 { self.first_lifetime } else { 3_600 };
        let body = format!(
            r#"{{"access_token":"token-{number}","expires_in":{lifetime},"refresh_token":"refresh-{number}"}}"#
        );
        Ok(HttpResponse::new(ResponseHead::new(200).header("Content-Type", "application/json"), body))
    }

    async fn call(
        &self,
        _: http::Request<Body>,
        _: CallLimits,
    ) -> Result<http::Response<Body>, TransportError> {
        unreachable!("no test here calls an API")
    }
}

fn source(store: &Arc<Hanging>, endpoint: &Endpoint, toy: Toy, policy: Policy) -> TokenSource {
    let builder = TokenSource::builder_with_transport(toy, endpoint.clone());
    builder.async_store(Arc::clone(store)).policy(policy).build().unwrap()
}

fn toy() -> Toy {
    Toy::at("http://127.0.0.1:9")
}

/// A store that does not answer is tried for a second only.
fn hasty() -> Policy {
    let mut policy = Policy::default();
    policy.store_deadline = Duration::from_secs(1);
    policy
}

/// How many threads this process has.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "a child process learns its role from its environment")]
#[test]
fn ten_thousand_waiters_for_a_lease_of_an_asynchronous_store_use_no_thread() {
    const WAITERS: usize = 10_000;
    // The tests beside this one start and stop threads: it counts in a process of its own.
    if std::env::var_os(ALONE).is_none() {
        let name = "futures::ten_thousand_waiters_for_a_lease_of_an_asynchronous_store_use_no_thread";
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        let status = alone.args([name, "--exact", "--nocapture"]).env(ALONE, "1").status();
        assert!(status.unwrap().success());
        return;
    }
    let mut policy = Policy::default();
    policy.deadline = LONG;
    let (store, endpoint) = (Hanging::new(), Endpoint::with_permits(0));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let get = |source: TokenSource| async move { source.acquire(Need::Fresh, LONG).await.unwrap() };
        let owner = tokio::spawn(get(source(&store, &endpoint, toy(), policy.clone())));
        eventually(|| endpoint.asked() == 1).await;
        let before = threads();
        let sources = (0..WAITERS).map(|_| source(&store, &endpoint, toy(), policy.clone()));
        let waiting: Vec<_> = sources.map(|source| tokio::spawn(get(source))).collect();
        while store.watching.load(Ordering::SeqCst) < WAITERS {
            assert_eq!(threads(), before, "waiters occupy threads");
            tokio::task::yield_now().await;
        }
        assert_eq!(threads(), before, "waiters occupy threads");
        endpoint.permits.add_permits(1);
        for waiter in waiting {
            assert_eq!(waiter.await.unwrap().expose(), "token-1");
        }
        assert_eq!(owner.await.unwrap().expose(), "token-1");
    });
    assert_eq!(endpoint.asked(), 1);
}

/// Set in the process that counts its threads.
#[cfg(target_os = "linux")]
const ALONE: &str = "WELLSPRING_TEST_ALONE";

#[tokio::test]
async fn a_store_that_hangs_holds_no_caller_past_its_deadline() {
    let (store, endpoint) = (Hanging::new(), Endpoint::with_permits(9));
    store.loads.store(usize::MAX, Ordering::SeqCst);
    // The renewal itself would wait for the store for ten minutes.
    let mut policy = Policy::default();
    policy.store_deadline = LONG;
    let source = source(&store, &endpoint, toy().without_credentials(), policy);
    let got = tokio::time::timeout(LONG / 2, source.acquire(Need::Fresh, Duration::from_millis(300)));
    assert!(got.await.expect("the caller's deadline holds").is_err());
    assert_eq!((endpoint.asked(), store.hung.load(Ordering::SeqCst)), (0, 1));
}

#[tokio::test]
async fn without_a_store_that_hangs_a_repeatable_grant_goes_on_and_a_single_use_one_does_not() {
    let (store, endpoint) = (Hanging::new(), Endpoint::with_permits(9));
    store.loads.store(usize::MAX, Ordering::SeqCst);
    let repeatable = source(&store, &endpoint, toy(), hasty());
    assert_eq!(repeatable.token().await.unwrap().expose(), "token-1");
    let single_use = source(&store, &endpoint, toy().without_credentials(), hasty());
    let error = single_use.token().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Store), "{error:?}");
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn a_lease_whose_save_was_dropped_after_it_was_made_is_found_by_the_next_renewal() {
    let (store, endpoint) = (Hanging::new(), Endpoint::expiring_once());
    let source = source(&store, &endpoint, toy().without_credentials(), hasty());
    source.sign_in(code()).await.unwrap();
    store.saves.store(1, Ordering::SeqCst);
    let error = source.token().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Store), "{error:?}");
    assert_eq!((endpoint.asked(), store.hung.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(source.acquire(Need::Fresh, LONG).await.unwrap().expose(), "token-2");
    let stored =
        store.records().load(&TokenKey::new("toy", "http://127.0.0.1:9"), LONG).await.unwrap().stored;
    assert!(stored.is_some_and(|stored| stored.record.lease.is_none() && stored.record.granted().is_some()));
}

#[test]
fn a_token_whose_save_is_dropped_with_its_runtime_is_spilled() {
    let (store, endpoint) = (Hanging::new(), Endpoint::expiring_once());
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let source = source(&store, &endpoint, toy().without_credentials(), Policy::default());
    runtime.block_on(source.sign_in(code())).unwrap();
    store.tokens.store(1, Ordering::SeqCst);
    runtime.spawn(async move { source.token().await.map(drop) });
    while store.hung.load(Ordering::SeqCst) == 0 {
        thread::yield_now();
    }
    assert!(store.spilled.lock().unwrap().is_empty());
    drop(runtime);
    assert_eq!(store.spilled.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_that_the_store_does_not_take_in_time_is_spilled_on_a_thread_for_blocking_work() {
    let (store, endpoint) = (Hanging::new(), Endpoint::with_permits(9));
    store.tokens.store(usize::MAX, Ordering::SeqCst);
    let source = source(&store, &endpoint, toy().without_credentials(), hasty());
    assert_eq!(source.sign_in(code()).await.unwrap().expose(), "token-1");
    let spilled = store.spilled.lock().unwrap();
    assert!(spilled.len() == 1 && spilled[0].1 != thread::current().id(), "{} spills", spilled.len());
}

#[tokio::test]
async fn a_store_that_panics_is_a_store_that_fails() {
    let (store, endpoint) = (Hanging::new(), Endpoint::with_permits(9));
    store.panics.store(true, Ordering::SeqCst);
    let error = source(&store, &endpoint, toy().without_credentials(), hasty()).token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error:?}");
    assert_eq!(source(&store, &endpoint, toy(), hasty()).token().await.unwrap().expose(), "token-1");
}
