//! Both colours of the store behind one interface, so that each test runs on both.
#![allow(dead_code, reason = "each test file uses a part")]

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;
use wellspring_core::{
    Epoch, Generation, LivenessLock, LockDomain, Record, SessionState, Store, StoreError, StoreGuarantees,
    Swap, TokenKey, Version, WatchOutcome,
};
use wellspring_store::{AsyncMap, Entry, KeyName, Map, Records, SealingKeys};
use wellspring_store_redis::RedisStore;

/// How the operations of a store wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Blocking,
    Async,
}

impl Colour {
    pub(crate) const BOTH: [Self; 2] = [Self::Blocking, Self::Async];
}

/// The asynchronous half of a store, on a runtime of its own.
#[derive(Clone, Debug)]
struct OnTokio(Arc<Runtime>, RedisStore);

impl Map for OnTokio {
    fn guarantees(&self) -> StoreGuarantees {
        AsyncMap::guarantees(&self.1)
    }

    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        self.0.block_on(AsyncMap::load(&self.1, name, within))
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        self.0.block_on(AsyncMap::swap(&self.1, name, expected, entry, within))
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.0.block_on(AsyncMap::watch(&self.1, name, version, domain, within))
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.0.block_on(AsyncMap::liveness_lock(&self.1, name, within))
    }

    fn names(&self, within: Duration) -> Result<Vec<KeyName>, StoreError> {
        self.0.block_on(AsyncMap::names(&self.1, within))
    }

    fn shown(&self, name: &KeyName) -> String {
        AsyncMap::shown(&self.1, name)
    }
}

/// This store in this colour.
pub(crate) fn coloured(
    colour: Colour,
    store: Records<RedisStore>,
    keys: Option<SealingKeys>,
    spills: Option<&Path>,
) -> Box<dyn Store> {
    fn finished<M: Map + 'static>(
        store: Records<M>,
        keys: Option<SealingKeys>,
        spills: Option<&Path>,
    ) -> Box<dyn Store> {
        let store = if let Some(spills) = spills { store.with_spills(spills) } else { store };
        Box::new(if let Some(keys) = keys { store.sealed(keys) } else { store })
    }
    match colour {
        Colour::Blocking => finished(store, keys, spills),
        Colour::Async => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let map = OnTokio(Arc::new(runtime.unwrap()), store.map().clone());
            finished(Records::new(map), keys, spills)
        }
    }
}

/// An unsealed store at this URL, in this colour.
pub(crate) fn open(colour: Colour, url: &str) -> Box<dyn Store> {
    coloured(colour, RedisStore::builder(url).unsealed().unwrap(), None, None)
}

/// More than a server needs on a busy machine.
pub(crate) const PLENTY: Duration = Duration::from_secs(60);

pub(crate) fn key(user: &str) -> TokenKey {
    TokenKey::new("p", "https://e.example").user(user)
}

/// The key of the record of this key on the server.
pub(crate) fn on_server(key: &TokenKey) -> String {
    format!("wellspring:{{{}}}", KeyName::of(key))
}

pub(crate) fn record(generation: u64) -> Record {
    Record::new(Epoch::new(1), Generation::new(generation), SessionState::LoggedOut)
}

/// Saves a record, which must succeed.
pub(crate) fn save(store: &dyn Store, key: &TokenKey, expected: Option<Version>, generation: u64) -> Version {
    match store.save(key, expected, &record(generation), PLENTY).unwrap() {
        Swap::Done(version) => version,
        Swap::Conflict => panic!("a save over the stored version conflicts"),
    }
}

/// The version and generation of the record, if there is one.
pub(crate) fn stored(store: &dyn Store, key: &TokenKey) -> Option<(Version, u64)> {
    let stored = store.load(key, PLENTY).unwrap().stored?;
    Some((stored.version, stored.record.generation.value()))
}
