//! The liveness locks of this process: their names, and the note that one has ended.
//!
//! A lock that ends while its lease may still stand leaves a note in the row of the lease. Watchers need not wait for the
//! end of the lease then. Every save of the row removes the note.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio_postgres::types::Type;
use wellspring_core::{LivenessLock, LockDomain, Version};
use wellspring_store::{Entry, KeyName};

use crate::error::Effect;
use crate::link::Link;

/// How long the note may take. No caller waits for it.
const NOTE_WITHIN: Duration = Duration::from_secs(5);

pub(crate) struct HeldLocks {
    link: Arc<Link>,
    process: u64,
    last: AtomicU64,
    held: Mutex<HashMap<KeyName, Held>>,
}

/// The locks of one name.
#[derive(Debug, Default)]
struct Held {
    count: usize,
    /// The lease that this process has saved last under the name, if it may still stand.
    lease: Option<Version>,
}

impl HeldLocks {
    pub(crate) fn new(link: Arc<Link>, process: u64) -> Arc<Self> {
        Arc::new(Self { link, process, last: AtomicU64::new(0), held: Mutex::default() })
    }

    /// A lock of this name, with a domain of its own: the process and the number of the lock.
    pub(crate) fn lock(self: &Arc<Self>, name: &KeyName) -> LivenessLock {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let domain = LockDomain::new(u128::from(self.process) << 64 | u128::from(number));
        self.held().entry(name.clone()).or_default().count += 1;
        let lock =
            Lock { locks: Arc::clone(self), name: name.clone(), domain, runtime: Handle::try_current().ok() };
        LivenessLock::new(domain, lock)
    }

    /// This process is about to save this entry. A caller that drops the save does not learn whether it was made.
    pub(crate) fn saving(&self, name: &KeyName, entry: &Entry) {
        if let Some(held) = self.held().get_mut(name)
            && entry.holds_lease()
        {
            held.lease = Some(entry.version);
        }
    }

    /// This process has saved this entry: a lease before it stands no more.
    pub(crate) fn saved(&self, name: &KeyName, entry: &Entry) {
        if let Some(held) = self.held().get_mut(name) {
            held.lease = held.lease.filter(|lease| *lease == entry.version);
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<KeyName, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The process of a domain.
pub(crate) fn process_of(domain: LockDomain) -> u64 {
    u64::try_from(domain.value() >> 64).unwrap_or_default()
}

struct Lock {
    locks: Arc<HeldLocks>,
    name: KeyName,
    domain: Option<LockDomain>,
    /// Where the note is written: the lock may be dropped on any thread.
    runtime: Option<Handle>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut held = self.locks.held();
        let Some(of_name) = held.get_mut(&self.name) else { return };
        of_name.count -= 1;
        let lease = of_name.lease;
        if of_name.count == 0 {
            held.remove(&self.name);
        }
        drop(held);
        let (Some(lease), Some(domain), Some(runtime)) = (lease, self.domain, &self.runtime) else { return };
        let (link, name) = (Arc::clone(&self.locks.link), self.name.clone());
        runtime.spawn(async move {
            let (name, version, domain) =
                (name.as_str(), lease.value().to_be_bytes(), domain.value().to_be_bytes());
            let (version, domain) = (version.as_slice(), domain.as_slice());
            let parameters =
                [(&name as _, Type::TEXT), (&version as _, Type::BYTEA), (&domain as _, Type::BYTEA)];
            let statement = &link.connector.table.end;
            drop(link.query(statement, &parameters, Effect::None, NOTE_WITHIN).await);
        });
    }
}

impl fmt::Debug for HeldLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldLocks").field("held", &self.held().len()).finish_non_exhaustive()
    }
}
