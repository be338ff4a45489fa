//! Sessions in this process's memory: those that are over are thrown away, and there is a limit to their number.

use core::fmt;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::Result;
use wellspring_transport::Clock;

/// Sessions in this process's memory, and the default. Clones share them.
///
/// They end with the process, and with them its sign-ins: for several processes, or one that restarts, take a store of
/// `tower-sessions` over a database. Where there are more than the limit, those go first that would end first, as a rule
/// those of visitors who have not signed in.
#[derive(Clone)]
pub struct MemorySessions {
    held: Arc<Mutex<Held>>,
    limit: usize,
    clock: Clock,
}

#[derive(Default)]
struct Held {
    records: HashMap<i128, Record>,
    /// By their end, in seconds of Unix time.
    ends: BTreeSet<(i64, i128)>,
}

impl MemorySessions {
    /// No sessions yet, and so many at most.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { held: Arc::default(), limit: limit.max(1), clock: Clock::system() }
    }

    /// Where the time is read. Default: the machine's own clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.now().unix.as_secs()).unwrap_or(i64::MAX)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, held: &mut Held, record: &Record) {
        held.remove(record.id.0);
        let now = self.now();
        while let Some(&(end, id)) = held.ends.first()
            && (end <= now || held.records.len() >= self.limit)
        {
            held.remove(id);
        }
        held.ends.insert((end_of(record), record.id.0));
        held.records.insert(record.id.0, record.clone());
    }
}

fn end_of(record: &Record) -> i64 {
    record.expiry_date.unix_timestamp()
}

impl Held {
    fn remove(&mut self, id: i128) {
        if let Some(record) = self.records.remove(&id) {
            self.ends.remove(&(end_of(&record), id));
        }
    }
}

impl Default for MemorySessions {
    /// Two hundred thousand at most: whoever is signed in takes two.
    fn default() -> Self {
        Self::new(200_000)
    }
}

#[async_trait]
impl SessionStore for MemorySessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut held = self.held();
        while held.records.contains_key(&record.id.0) {
            record.id = Id::default();
        }
        self.put(&mut held, record);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.put(&mut self.held(), record);
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.now();
        Ok(self.held().records.get(&id.0).filter(|record| end_of(record) > now).cloned())
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.held().remove(id.0);
        Ok(())
    }
}

impl fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever knows a session's name has the session.
        f.debug_struct("MemorySessions").field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::collections::HashMap;

    use tower_sessions::cookie::time::OffsetDateTime;

    use super::*;

    fn record(id: i128, end: i64) -> Record {
        let expiry_date = OffsetDateTime::from_unix_timestamp(end).unwrap();
        Record { id: Id(id), data: HashMap::new(), expiry_date }
    }

    #[tokio::test]
    async fn a_session_that_is_over_is_not_there_and_takes_no_room() {
        let clock = Clock::manual(1_000);
        let sessions = MemorySessions::new(9).clock(clock.clone());
        sessions.save(&record(1, 1_600)).await.unwrap();
        assert!(sessions.load(&Id(1)).await.unwrap().is_some());
        clock.advance(Duration::from_secs(600));
        assert!(sessions.load(&Id(1)).await.unwrap().is_none());
        sessions.save(&record(2, 9_000)).await.unwrap();
        assert_eq!(sessions.held().records.len(), 1);
        assert_eq!(sessions.held().ends.len(), 1);
    }

    #[tokio::test]
    async fn beyond_the_limit_those_go_first_that_would_end_first() {
        let sessions = MemorySessions::new(2).clock(Clock::manual(1_000));
        for (id, end) in [(1, 90_000), (2, 1_600), (3, 1_700), (3, 1_700)] {
            sessions.save(&record(id, end)).await.unwrap();
        }
        assert!(sessions.load(&Id(1)).await.unwrap().is_some());
        assert!(sessions.load(&Id(2)).await.unwrap().is_none());
        assert!(sessions.load(&Id(3)).await.unwrap().is_some());
        sessions.delete(&Id(3)).await.unwrap();
        assert!(sessions.load(&Id(3)).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_new_session_never_takes_anothers_name() {
        let sessions = MemorySessions::new(9).clock(Clock::manual(1_000));
        sessions.save(&record(1, 9_000)).await.unwrap();
        let mut other = record(1, 9_000);
        sessions.create(&mut other).await.unwrap();
        assert_ne!(other.id, Id(1));
    }
}
