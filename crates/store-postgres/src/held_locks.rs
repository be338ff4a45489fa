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
use tokio::time::sleep;
use tokio_postgres::types::Type;
use wellspring_core::{LivenessLock, LockDomain, StoreError, Version};
use wellspring_store::{Entry, KeyName};

use crate::error::Effect;
use crate::link::Link;

/// How long one attempt to write the note may take. No caller waits for it.
const NOTE_WITHIN: Duration = Duration::from_secs(2);

/// The pause after the first failed attempt. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct HeldLocks {
    link: Arc<Link>,
    process: u64,
    last: AtomicU64,
    held: Mutex<HashMap<KeyName, Vec<Held>>>,
}

/// A lock that is held.
#[derive(Debug)]
struct Held {
    domain: Option<LockDomain>,
    /// The leases that this process has saved, or may have saved, while it held the lock, and that may still stand.
    leases: Vec<Version>,
}

impl HeldLocks {
    pub(crate) fn new(link: Arc<Link>, process: u64) -> Arc<Self> {
        Arc::new(Self { link, process, last: AtomicU64::new(0), held: Mutex::default() })
    }

    /// A lock of this name, with a domain of its own: the process and the number of the lock.
    pub(crate) fn lock(self: &Arc<Self>, name: &KeyName) -> LivenessLock {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let domain = LockDomain::new(u128::from(self.process) << 64 | u128::from(number));
        self.held().entry(name.clone()).or_default().push(Held { domain, leases: Vec::new() });
        let lock =
            Lock { locks: Arc::clone(self), name: name.clone(), domain, runtime: Handle::try_current().ok() };
        LivenessLock::new(domain, lock)
    }

    /// Whether this is a lock of this process that has ended. The process knows that without the note, which an outage may
    /// delay.
    pub(crate) fn has_ended(&self, name: &KeyName, domain: LockDomain) -> bool {
        let held = self.held();
        let mut of_name = held.get(name).into_iter().flatten();
        process_of(domain) == self.process && !of_name.any(|lock| lock.domain == Some(domain))
    }

    /// This process is about to save this entry. A caller that drops the save does not learn whether it was made.
    pub(crate) fn saving(&self, name: &KeyName, entry: &Entry) {
        if let (true, Some(of_name)) = (entry.holds_lease(), self.held().get_mut(name)) {
            of_name.iter_mut().for_each(|lock| lock.leases.push(entry.version));
        }
    }

    /// This process has saved this entry, so that a lease before it stands no more, or it has certainly not saved it.
    pub(crate) fn saved(&self, name: &KeyName, entry: &Entry, done: bool) {
        if let Some(of_name) = self.held().get_mut(name) {
            let may_stand = |lease: &Version| (*lease == entry.version) == done;
            of_name.iter_mut().for_each(|lock| lock.leases.retain(may_stand));
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<KeyName, Vec<Held>>> {
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
        let Some(at) = of_name.iter().position(|lock| lock.domain == self.domain) else { return };
        let leases = of_name.swap_remove(at).leases;
        if of_name.is_empty() {
            held.remove(&self.name);
        }
        drop(held);
        let (Some(domain), Some(runtime)) = (self.domain, &self.runtime) else { return };
        for lease in leases {
            runtime.spawn(note(Arc::clone(&self.locks.link), self.name.clone(), lease, domain));
        }
    }
}

/// Notes that this lock has ended, in the row of its lease, if the lease still stands. Goes on until the server has answered
/// or refuses: without the note other processes wait for as long as this one lives.
async fn note(link: Arc<Link>, name: KeyName, lease: Version, domain: LockDomain) {
    let (name, version, domain) = (name.as_str(), lease.value().to_be_bytes(), domain.value().to_be_bytes());
    let (version, domain) = (version.as_slice(), domain.as_slice());
    let parameters = [(&name as _, Type::TEXT), (&version as _, Type::BYTEA), (&domain as _, Type::BYTEA)];
    let mut pause = FIRST_PAUSE;
    loop {
        let noted = link.query(&link.connector.table.end, &parameters, Effect::None, NOTE_WITHIN).await;
        match noted.map_err(StoreError::from) {
            Err(error) if !error.is_permanent() => sleep(pause).await,
            Ok(_) | Err(_) => return,
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

impl fmt::Debug for HeldLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldLocks").field("held", &self.held().len()).finish_non_exhaustive()
    }
}
