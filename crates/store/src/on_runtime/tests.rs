//! An asynchronous store on its private thread: the contract, and what happens when it hangs, panics or is dropped.

use core::any::Any;
use core::future::pending;
use core::time::Duration;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use async_trait::async_trait;
use wellspring_core::{
    Applied, AsyncStore, Attempt, LivenessLock, Loaded, LockDomain, PendingSave, Record, Store, StoreError,
    StoreGuarantees, Swap, TokenKey, Version, WatchOutcome,
};

use super::OnRuntime;
use crate::contract::{self, Fixture, Folder, sample};
use crate::map::KeyName;
use crate::memory::MemoryStore;
use crate::records::Records;

/// Longer than any of these tests waits for anything that happens.
const LONG: Duration = Duration::from_secs(60);

const SHORT: Duration = Duration::from_millis(50);

struct InMemory {
    map: MemoryStore,
    spills: Folder,
}

impl Fixture for InMemory {
    fn open(&self) -> Box<dyn Store> {
        let records = Records::new(self.map.clone()).with_spills(self.spills.path());
        Box::new(OnRuntime::new(records).unwrap())
    }

    fn corrupt(&self, key: &TokenKey) {
        self.map.corrupt(&KeyName::of(key));
    }

    fn corrupt_spills(&self) -> bool {
        contract::corrupt_files(self.spills.path())
    }

    fn refuse_saves(&self) -> Option<Box<dyn Any>> {
        None
    }
}

#[test]
fn the_asynchronous_map_in_memory_satisfies_the_contract() {
    let fixture = || InMemory { map: MemoryStore::default(), spills: Folder::new() };
    contract::check(|| Box::new(fixture()));
    contract::check_moved_records(|| Box::new(fixture()));
}

/// A store that never answers, or panics. It reports when a future of it is dropped.
#[derive(Debug)]
struct Broken {
    panics: bool,
    dropped: Mutex<Sender<()>>,
}

/// Disconnects its receiver when it is dropped.
struct Dropped(#[expect(dead_code, reason = "held only for its drop")] Sender<()>);

impl Broken {
    async fn answer<T>(&self) -> T {
        assert!(!self.panics, "a store that panics");
        let _dropped = Dropped(self.dropped.lock().unwrap().clone());
        pending().await
    }

    fn open(panics: bool) -> (OnRuntime<Self>, Receiver<()>) {
        let (dropped, receiver) = channel();
        (OnRuntime::new(Self { panics, dropped: Mutex::new(dropped) }).unwrap(), receiver)
    }
}

#[async_trait]
impl AsyncStore for Broken {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: wellspring_core::SharedBy::Fleet, durable: true, may_go_back: false }
    }

    async fn load(&self, _: &TokenKey, _: Duration) -> Result<Loaded, StoreError> {
        self.answer().await
    }

    async fn save(
        &self,
        _: &TokenKey,
        _: Option<Version>,
        _: &Record,
        _: Duration,
    ) -> Result<Swap, StoreError> {
        self.answer().await
    }

    async fn watch(
        &self,
        _: &TokenKey,
        _: Version,
        _: Option<LockDomain>,
        _: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.answer().await
    }

    async fn liveness_lock(&self, _: &TokenKey, _: Duration) -> Result<LivenessLock, StoreError> {
        self.answer().await
    }

    fn spill(&self, _: &TokenKey, _: &PendingSave) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget_spill(&self, _: &TokenKey, _: Attempt) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn a_store_that_hangs_or_panics_fails_in_time_and_only_a_save_may_have_been_made() {
    let key = TokenKey::new("p", "e");
    for (panics, within) in [(false, SHORT), (true, LONG)] {
        let (store, _) = Broken::open(panics);
        let applied = [
            store.load(&key, within).unwrap_err().applied(),
            store.watch(&key, Version::new(1), None, within).unwrap_err().applied(),
            store.liveness_lock(&key, within).unwrap_err().applied(),
        ];
        assert_eq!(applied, [Applied::No; 3], "panics: {panics}");
        let error = store.save(&key, None, &sample::counting(1), within).unwrap_err();
        assert!(error.applied() == Applied::Maybe && !error.is_permanent(), "panics: {panics}");
    }
}

#[test]
fn a_future_that_takes_longer_than_its_time_is_dropped() {
    let (store, dropped) = Broken::open(false);
    assert!(store.load(&TokenKey::new("p", "e"), SHORT).is_err());
    // The store's own sender.
    let (replacement, _) = channel();
    *store.store().dropped.lock().unwrap() = replacement;
    assert_eq!(dropped.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn the_thread_ends_after_the_last_handle_and_the_last_liveness_lock() {
    let store = OnRuntime::new(MemoryStore::open()).unwrap();
    let (sender, ended) = channel::<()>();
    let task = move |_| async move {
        let dropped = Dropped(sender);
        drop(tokio::spawn(async move {
            let _dropped = dropped;
            pending::<()>().await;
        }));
        Ok(())
    };
    store.run(LONG, task).unwrap();
    let lock = store.liveness_lock(&TokenKey::new("p", "e"), LONG).unwrap();
    drop(store);
    assert_eq!(ended.recv_timeout(4 * super::LINGER), Err(RecvTimeoutError::Timeout));
    drop(lock);
    assert_eq!(ended.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn an_operation_that_waits_holds_up_no_other() {
    let store = OnRuntime::new(MemoryStore::open()).unwrap();
    let ((word, said), (begun, begins)) = (tokio::sync::oneshot::channel(), channel());
    let failed = |text: &'static str| StoreError::unavailable(text);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let waits = |_| async move {
                begun.send(()).unwrap();
                said.await.map_err(|_| failed("no word came"))
            };
            store.run(LONG, waits)
        });
        begins.recv().unwrap();
        store.run(LONG, |_| async move { word.send(7).map_err(|_| failed("the other has ended")) }).unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), 7);
    });
}
