//! The store: one row for each key.

use core::time::Duration;
use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use wellspring_core::{
    LivenessLock, LockDomain, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome,
};
use wellspring_store::{AsyncMap, Deadline, Entry, HeldLocks, KeyName, LockState, Zeroizing};

use crate::connector::Connector;
use crate::error::Effect;
use crate::link::Link;
use crate::listener::Listener;
use crate::noted_locks::NotedLocks;
use crate::presence::Presence;
use crate::random;
use crate::table::presence_name;

/// How long a watcher's look at its row may take before it is tried on another connection.
const LOOK_WITHIN: Duration = Duration::from_secs(3);

/// The pause after a look that failed.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// A watch of less time than this does not expect an answer.
const SHORTEST_LOOK: Duration = Duration::from_millis(100);

/// After the end of a presence, on the server's clock, the watcher looks this much later.
const AFTER_PRESENCE: Duration = Duration::from_millis(20);

/// A map of records in a table of a Postgres database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct PostgresStore(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    link: Arc<Link>,
    listener: Listener,
    presence: Presence,
    locks: Arc<NotedLocks>,
    may_go_back: bool,
}

impl PostgresStore {
    pub(crate) fn new(
        connector: Connector,
        presence_for: Duration,
        may_go_back: bool,
    ) -> Result<Self, StoreError> {
        let link = Link::new(Arc::new(connector));
        let process = random()?;
        let listener = Listener::new(Arc::clone(&link));
        let presence = Presence::new(Arc::clone(&link), process, presence_for);
        let locks = NotedLocks::new(Arc::clone(&link), process);
        Ok(Self(Arc::new(Parts { link, listener, presence, locks, may_go_back })))
    }

    /// The server and the database as messages name them, without user and password: `postgres://HOST:PORT/DATABASE`.
    #[must_use]
    pub fn server(&self) -> &str {
        self.0.link.connector.shown()
    }

    /// The table, quoted as in a statement.
    #[must_use]
    pub fn table(&self) -> String {
        self.link().connector.table.to_string()
    }

    /// Whether changes by other processes are notified now. Behind a pooler in transaction mode they are not: watchers then
    /// poll. A store that has not watched yet does not listen.
    #[must_use]
    pub fn is_notified(&self) -> bool {
        self.0.listener.is_notified()
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.0.link
    }

    /// What the row of this name says, and the time that the presence of the domain's process has left.
    async fn look(
        &self,
        name: &KeyName,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<Option<Seen>, StoreError> {
        let process = domain.map(|domain| presence_name(HeldLocks::process_of(domain))).unwrap_or_default();
        let name = name.as_str();
        let parameters = [(&name as _, Type::TEXT), (&process as _, Type::TEXT)];
        let link = self.link();
        let rows = link.query(&link.connector.table.look, &parameters, Effect::None, within).await?;
        rows.first().map(|row| self.read_seen(row)).transpose()
    }

    fn read_seen(&self, row: &Row) -> Result<Seen, StoreError> {
        let (version, ended, present): (&[u8], Option<&[u8]>, Option<f64>) =
            (self.column(row, 0)?, self.column(row, 1)?, self.column(row, 2)?);
        let left = present.filter(|seconds| *seconds > 0.0);
        Ok(Seen {
            version: self.version(version)?,
            ended: ended.and_then(number).and_then(LockDomain::new),
            presence: left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        })
    }

    fn version(&self, bytes: &[u8]) -> Result<Version, StoreError> {
        number(bytes).map(Version::new).ok_or_else(|| self.foreign_row())
    }

    fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
        &self,
        row: &'a Row,
        at: usize,
    ) -> Result<T, StoreError> {
        row.try_get(at).map_err(|_| self.foreign_row())
    }

    fn foreign_row(&self) -> StoreError {
        StoreError::unreadable(format!(
            "the table {} of {} has a row that this store did not write",
            self.table(),
            self.server()
        ))
    }
}

/// What a watcher sees.
struct Seen {
    version: Version,
    /// The lock whose end is noted.
    ended: Option<LockDomain>,
    /// How long the process of the lease is known to live; `None` if it is not.
    presence: Option<Duration>,
}

impl Seen {
    fn outcome(&self, version: Version, domain: Option<LockDomain>) -> Option<WatchOutcome> {
        if self.version != version {
            return Some(WatchOutcome::Changed);
        }
        let domain = domain?;
        if self.ended == Some(domain) {
            return Some(WatchOutcome::OwnerGone);
        }
        self.presence.is_none().then_some(WatchOutcome::OwnerUnknown)
    }
}

fn number(bytes: &[u8]) -> Option<u128> {
    bytes.try_into().ok().map(u128::from_be_bytes)
}

impl AsyncMap for PostgresStore {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Fleet, durable: true, may_go_back: self.0.may_go_back }
    }

    fn removal(&self, name: &KeyName) -> Option<String> {
        let table = self.table();
        Some(format!("`DELETE FROM {table} WHERE name = '{name}'` removes it from the database"))
    }

    async fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        let name = name.as_str();
        let link = self.link();
        let parameters = [(&name as _, Type::TEXT)];
        let rows = link.query(&link.connector.table.load, &parameters, Effect::None, within).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let version = self.version(self.column(row, 0)?)?;
        Ok(Some(Entry { version, bytes: Zeroizing::new(self.column(row, 1)?) }))
    }

    async fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        let (link, locks) = (self.link(), &self.0.locks.held);
        let [version, expected_version] = [Some(entry.version), expected]
            .map(|version| version.map(|version| version.value().to_be_bytes()));
        let (version, expected_version) =
            (version.as_ref().map(<[u8; 16]>::as_slice), expected_version.as_ref().map(<[u8; 16]>::as_slice));
        let (name_text, value) = (name.as_str(), entry.bytes.as_slice());
        let parameters = [
            (&name_text as _, Type::TEXT),
            (&version as _, Type::BYTEA),
            (&value as _, Type::BYTEA),
            (&expected_version as _, Type::BYTEA),
        ];
        let table = &link.connector.table;
        let (statement, parameters) = match expected {
            Some(_) => (&table.update, &parameters[..]),
            None => (&table.insert, &parameters[..3]),
        };
        locks.saving(name, entry.version, entry.holds_lease());
        match link.query(statement, parameters, Effect::Swap, within).await {
            Ok(rows) => {
                let done = !rows.is_empty();
                locks.saved(name, entry.version, done);
                Ok(done)
            }
            Err(failure) if failure.is_conflict() => {
                locks.saved(name, entry.version, false);
                Ok(false)
            }
            Err(failure) => Err(failure.into()),
        }
    }

    async fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let end = Deadline::after(within);
        // First subscribe, then look: what changes after the look is notified.
        let mut subscription = self.0.listener.subscribe(name);
        loop {
            let given = end.left().min(LOOK_WITHIN);
            let seen = match self.look(name, domain, given).await {
                Ok(None) => return Ok(WatchOutcome::Changed),
                Ok(Some(seen)) => seen,
                Err(error) if error.is_permanent() => return Err(error),
                Err(_) if within < SHORTEST_LOOK => return Ok(WatchOutcome::Unchanged),
                Err(error) if end.left().is_zero() => return Err(error),
                Err(_) => {
                    tokio::time::sleep(LOOK_AGAIN.min(end.left())).await;
                    continue;
                }
            };
            let own_has_ended = |domain| self.0.locks.held.state(name, domain) == LockState::Ended;
            match seen.outcome(version, domain) {
                Some(WatchOutcome::Changed) => return Ok(WatchOutcome::Changed),
                _ if domain.is_some_and(own_has_ended) => return Ok(WatchOutcome::OwnerGone),
                Some(outcome) => return Ok(outcome),
                None => {}
            }
            let left = end.left();
            if left.is_zero() {
                return Ok(WatchOutcome::Unchanged);
            }
            let presence = seen.presence.map_or(left, |presence| presence + AFTER_PRESENCE);
            subscription.changed(version, left.min(presence)).await;
            if end.left().is_zero() {
                return Ok(WatchOutcome::Unchanged);
            }
        }
    }

    async fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.0.presence.show(within).await?;
        Ok(self.0.locks.lock(name))
    }

    async fn names(&self, within: Duration) -> Result<Vec<KeyName>, StoreError> {
        let link = self.link();
        let rows = link.query(&link.connector.table.names, &[], Effect::None, within).await?;
        let names: Result<Vec<&str>, _> = rows.iter().map(|row| self.column(row, 0)).collect();
        Ok(names?.into_iter().filter_map(KeyName::of_digits).collect())
    }

    fn shown(&self, name: &KeyName) -> String {
        format!("{name} in the table {} of {}", self.table(), self.server())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watcher_sees_a_change_before_a_note_and_a_note_before_a_presence() {
        let [version, other] = [1, 2].map(Version::new);
        let domain = LockDomain::new(7);
        let present = Some(Duration::from_secs(1));
        let seen = |version, ended, presence| Seen { version, ended, presence };
        assert_eq!(seen(other, domain, None).outcome(version, domain), Some(WatchOutcome::Changed));
        assert_eq!(seen(version, domain, present).outcome(version, domain), Some(WatchOutcome::OwnerGone));
        assert_eq!(seen(version, None, None).outcome(version, domain), Some(WatchOutcome::OwnerUnknown));
        assert_eq!(seen(version, LockDomain::new(8), present).outcome(version, domain), None);
        assert_eq!(seen(version, domain, None).outcome(version, None), None);
    }
}
