//! The store: one row for each key.

use core::time::Duration;
use std::path::Path;

use rusqlite::OptionalExtension as _;
use wellspring_core::{
    LivenessLock, LockDomain, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome,
};
use wellspring_store::{Entry, KeyName, LivenessLocks, Map, Records, Zeroizing, files};

use crate::group_commit::{GroupCommit, SaveRequest, stored_version};
use crate::look::{self, LOCKS, SPILLS};
use crate::pool::ConnectionPool;
use crate::tracked_connection::TrackedConnection;
use crate::version;

/// Deadline of opening the store.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// A map of records in a SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    loads: ConnectionPool,
    saves: GroupCommit,
    liveness_locks: LivenessLocks,
}

impl SqliteStore {
    /// Opens the store in this database. Creates the database if it does not exist; its folder must exist.
    ///
    /// The store spills tokens to a folder beside the database, unless
    /// [`with_spills`](wellspring_store::Records::with_spills) names another folder.
    ///
    /// # Errors
    ///
    /// When the database cannot be opened or created, when another program created it, or when a newer version of this
    /// store created it.
    pub fn open(path: impl AsRef<Path>) -> Result<Records<Self>, StoreError> {
        let path = files::resolve(path.as_ref())?;
        if path.is_dir() {
            return Err(StoreError::refused(format!("{} is a folder, not a database", path.display())));
        }
        if files::is_mounted(&path) {
            return Err(StoreError::refused(format!(
                "{} is mounted by itself: its log beside it is not the one that other processes use; mount its folder",
                path.display()
            )));
        }
        files::check_range_locks(&path)?;
        // The database first: if it cannot be opened, no folder is created beside it.
        let connection = TrackedConnection::open(&path, OPEN_WITHIN)?;
        let locks = files::with_suffix(&path, LOCKS);
        let liveness_locks =
            if connection.is_read_only() { LivenessLocks::later(locks) } else { LivenessLocks::open(locks)? };
        let spills = files::with_suffix(&path, SPILLS);
        let saves = GroupCommit::new(path.clone());
        let loads = ConnectionPool::new(path, connection);
        Ok(Records::new(Self { loads, saves, liveness_locks }).with_spills(spills))
    }

    /// The path of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.loads.path()
    }

    /// A sentence about each file and folder of the store that other users than its owner can access.
    #[must_use]
    pub fn open_to_others(&self) -> Vec<String> {
        look::open_to_others(self.path())
    }
}

impl Map for SqliteStore {
    fn shown(&self, name: &KeyName) -> String {
        format!("{name} in {}", self.path().display())
    }

    fn removal(&self, name: &KeyName) -> Option<String> {
        Some(format!("`DELETE FROM record WHERE key = '{name}'` removes it from the database"))
    }

    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Host, durable: true, may_go_back: false }
    }

    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        self.loads.run(within, |connection| {
            connection
                .query_row("SELECT version, record FROM record WHERE key = ?1", [name.as_str()], |row| {
                    let version = Version::new(u128::from_be_bytes(row.get(0)?));
                    Ok(Entry { version, bytes: Zeroizing::new(row.get(1)?) })
                })
                .optional()
        })
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        self.saves.save(SaveRequest { name: name.clone(), expected, entry: entry.clone() }, within)
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.liveness_locks.watch(name, version, domain, within, |left| {
            self.loads.run(left, |connection| stored_version(connection, name))
        })
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.liveness_locks.acquire(name, within)
    }

    fn names(&self, within: Duration) -> Result<Vec<KeyName>, StoreError> {
        let names: Vec<String> = self.loads.run(within, |connection| {
            let mut statement = connection.prepare("SELECT key FROM record")?;
            let names = statement.query_map([], |row| row.get(0))?;
            names.collect()
        })?;
        Ok(names.iter().filter_map(|name| KeyName::of_digits(name)).collect())
    }

    fn problems(&self) -> Vec<StoreError> {
        look::problems(self.path())
    }

    fn notes(&self) -> Vec<String> {
        let about_version = version::note(rusqlite::version_number(), rusqlite::version());
        files::note_about_folder_around(self.path()).into_iter().chain(about_version).collect()
    }
}
