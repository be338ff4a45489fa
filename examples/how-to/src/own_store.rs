//! A store of one's own for async code: a map with compare-and-swap.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use wellspring::oauth2::App;
use wellspring::sans_io::{LivenessLock, LockDomain, Version, WatchOutcome};
use wellspring::store::{AsyncMap, Entry, KeyName, Records, StoreError, StoreGuarantees};
use wellspring::{SharedBy, TokenSource};
use wellspring_simulator::{Endpoint, Simulator};

use crate::outcome::Outcome;

// ANCHOR: map
/// A table of one process. Yours sends each operation to a server, within the time that it is given.
#[derive(Clone, Debug, Default)]
struct Table(Arc<Rows>);

#[derive(Debug, Default)]
struct Rows {
    entries: Mutex<HashMap<KeyName, Entry>>,
    changed: Notify,
}

impl Table {
    fn version(&self, name: &KeyName) -> Option<Version> {
        let entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(name).map(|entry| entry.version)
    }
}

impl AsyncMap for Table {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Process, durable: false, may_go_back: false }
    }

    async fn load(&self, name: &KeyName, _: Duration) -> Result<Option<Entry>, StoreError> {
        let entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(entries.get(name).cloned())
    }

    async fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        _: Duration,
    ) -> Result<bool, StoreError> {
        let mut entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner);
        // One step, like `UPDATE .. WHERE version = ..`.
        if entries.get(name).map(|entry| entry.version) != expected {
            return Ok(false);
        }
        entries.insert(name.clone(), entry.clone());
        self.0.changed.notify_waiters();
        Ok(true)
    }

    async fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let changed = async {
            loop {
                let notified = self.0.changed.notified();
                if self.version(name) != Some(version) {
                    return WatchOutcome::Changed;
                }
                if domain.is_some() {
                    // The locks of this table have no domain: the lease is that of another store.
                    return WatchOutcome::OwnerUnknown;
                }
                notified.await;
            }
        };
        Ok(tokio::time::timeout(within, changed).await.unwrap_or(WatchOutcome::Unchanged))
    }

    async fn liveness_lock(&self, _: &KeyName, _: Duration) -> Result<LivenessLock, StoreError> {
        // Without a domain no process can tell when the owner of a lease has ended: a lease then lasts for its span.
        Ok(LivenessLock::new(None, ()))
    }
}
// ANCHOR_END: map

pub(crate) async fn run() -> Outcome {
    let server = Simulator::builder().start()?;
    let (token_url, table) = (format!("{}/api/oauth2/token", server.url()), Table::default());
    let app = || App::client_credentials(&token_url, "client_abc123def456", "secret_xyz789uvw012").build();
    // ANCHOR: use
    // Two sources, as in two processes: the second finds the token of the first.
    let one = TokenSource::builder(app()?).async_store(Records::new(table.clone())).build()?;
    let two = TokenSource::builder(app()?).async_store(Records::new(table)).build()?;
    assert_eq!(one.token().await?.expose(), two.token().await?.expose());
    // ANCHOR_END: use
    assert_eq!(server.asked(Endpoint::ClientCredentialsGrant), 1);
    Ok(())
}
