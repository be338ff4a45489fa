//! Sessions in this process's memory: expired ones are dropped, and their number is limited.

use core::fmt;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::Result;
use wellspring_transport::Clock;

/// Sessions in this process's memory. This is the default; clones share the sessions.
///
/// The sessions and their sign-ins end with the process. For several processes, or one that restarts, use a store of
/// `tower-sessions` over a database. At the limit, the session that expires first is dropped first; as a rule its
/// browser has not signed in.
#[derive(Clone)]
pub struct MemorySessions {
    records: Arc<Mutex<Records>>,
    limit: usize,
    clock: Clock,
}

#[derive(Default)]
struct Records {
    by_id: HashMap<i128, Record>,
    /// Expiry in seconds of Unix time, and id.
    by_expiry: BTreeSet<(i64, i128)>,
}

impl MemorySessions {
    /// An empty store with a limit on the number of sessions.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { records: Arc::default(), limit: limit.max(1), clock: Clock::system() }
    }

    /// The clock for expiry. Default: the machine's own clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.now().unix.as_secs()).unwrap_or(i64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, records: &mut Records, record: &Record) {
        records.remove(record.id.0);
        let now = self.now();
        while let Some(&(expiry, id)) = records.by_expiry.first() {
            if expiry > now && records.by_id.len() < self.limit {
                break;
            }
            records.remove(id);
        }
        records.by_expiry.insert((expiry(record), record.id.0));
        records.by_id.insert(record.id.0, record.clone());
    }
}

fn expiry(record: &Record) -> i64 {
    record.expiry_date.unix_timestamp()
}

impl Records {
    fn remove(&mut self, id: i128) {
        if let Some(record) = self.by_id.remove(&id) {
            self.by_expiry.remove(&(expiry(&record), id));
        }
    }
}

impl Default for MemorySessions {
    /// At most 200,000 records. A signed-in browser takes one, and another one for an hour after its sign-in.
    fn default() -> Self {
        Self::new(200_000)
    }
}

#[async_trait]
impl SessionStore for MemorySessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut records = self.lock();
        while records.by_id.contains_key(&record.id.0) {
            record.id = Id::default();
        }
        self.put(&mut records, record);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.put(&mut self.lock(), record);
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.now();
        Ok(self.lock().by_id.get(&id.0).filter(|record| expiry(record) > now).cloned())
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.lock().remove(id.0);
        Ok(())
    }
}

impl fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A session's id grants access to the session.
        f.debug_struct("MemorySessions").field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::collections::HashMap;

    use time::OffsetDateTime;

    use super::*;

    fn record(id: i128, expiry: i64) -> Record {
        let expiry_date = OffsetDateTime::from_unix_timestamp(expiry).unwrap();
        Record { id: Id(id), data: HashMap::new(), expiry_date }
    }

    #[tokio::test]
    async fn an_expired_session_is_not_loaded_and_takes_no_memory() {
        let clock = Clock::manual(1_000);
        let sessions = MemorySessions::new(9).clock(clock.clone());
        sessions.save(&record(1, 1_600)).await.unwrap();
        assert!(sessions.load(&Id(1)).await.unwrap().is_some());
        clock.advance(Duration::from_secs(600));
        assert!(sessions.load(&Id(1)).await.unwrap().is_none());
        sessions.save(&record(2, 9_000)).await.unwrap();
        assert_eq!(sessions.lock().by_id.len(), 1);
        assert_eq!(sessions.lock().by_expiry.len(), 1);
    }

    #[tokio::test]
    async fn at_the_limit_the_session_that_expires_first_is_dropped() {
        let sessions = MemorySessions::new(2).clock(Clock::manual(1_000));
        for (id, expiry) in [(1, 90_000), (2, 1_600), (3, 1_700), (3, 1_700)] {
            sessions.save(&record(id, expiry)).await.unwrap();
        }
        assert!(sessions.load(&Id(1)).await.unwrap().is_some());
        assert!(sessions.load(&Id(2)).await.unwrap().is_none());
        assert!(sessions.load(&Id(3)).await.unwrap().is_some());
        sessions.delete(&Id(3)).await.unwrap();
        assert!(sessions.load(&Id(3)).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_new_session_never_takes_the_id_of_another() {
        let sessions = MemorySessions::new(9).clock(Clock::manual(1_000));
        sessions.save(&record(1, 9_000)).await.unwrap();
        let mut other = record(1, 9_000);
        sessions.create(&mut other).await.unwrap();
        assert_ne!(other.id, Id(1));
    }
}
