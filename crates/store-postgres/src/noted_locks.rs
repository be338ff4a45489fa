//! The liveness locks of this process, and the note that one has ended.
//!
//! A lock that ends while its lease may still stand leaves a note in the row of the lease. Watchers need not wait for the
//! end of the lease then. Every save of the row removes the note.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::time::sleep;
use tokio_postgres::types::Type;
use wellspring_core::{LivenessLock, LockDomain, StoreError, Version};
use wellspring_store::{HeldLocks, KeyName};

use crate::error::Effect;
use crate::link::Link;

/// How long one attempt to write the note may take. No caller waits for it.
const NOTE_WITHIN: Duration = Duration::from_secs(2);

/// The pause after the first failed attempt. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct NotedLocks {
    pub(crate) held: HeldLocks,
    link: Arc<Link>,
}

impl NotedLocks {
    pub(crate) fn new(link: Arc<Link>, process: u64) -> Arc<Self> {
        Arc::new(Self { held: HeldLocks::new(process), link })
    }

    /// A lock of this name, with a domain of its own.
    pub(crate) fn lock(self: &Arc<Self>, name: &KeyName) -> LivenessLock {
        let number = self.held.take(name);
        let runtime = Handle::try_current().ok();
        let lock = Lock { locks: Arc::clone(self), name: name.clone(), number, runtime };
        LivenessLock::new(self.held.domain(number), lock)
    }
}

struct Lock {
    locks: Arc<NotedLocks>,
    name: KeyName,
    number: u64,
    /// Where the note is written: the lock may be dropped on any thread.
    runtime: Option<Handle>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let leases = self.locks.held.release(&self.name, self.number);
        let (Some(domain), Some(runtime)) = (self.locks.held.domain(self.number), &self.runtime) else {
            return;
        };
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

impl fmt::Debug for NotedLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotedLocks").field("held", &self.held).finish_non_exhaustive()
    }
}
