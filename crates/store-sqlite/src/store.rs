//! One row for each key.

use core::time::Duration;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::OptionalExtension as _;
use wellspring_core::{LivenessLock, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome};
use wellspring_store::{Entry, KeyName, Life, Map, Records, Zeroizing, files};

use crate::connections::{Connections, Open};
use crate::writer::{Swap, Writer, held_version};

/// How long opening waits for others.
const OPENING: Duration = Duration::from_secs(5);

/// Records in a SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    connections: Connections,
    writer: Writer,
    life: Life,
}

impl SqliteStore {
    /// Opens the store in this database. It is made if it is not there; its folder has to be there. What cannot be
    /// saved is spilled to a folder beside it, unless [`with_spills`](wellspring_store::Records::with_spills) names
    /// another.
    ///
    /// # Errors
    ///
    /// When the database cannot be opened or made, is another program's, or was made by a newer version of this one.
    pub fn open(path: impl AsRef<Path>) -> Result<Records<Self>, StoreError> {
        let path = std::path::absolute(path).map_err(|error| {
            StoreError::unavailable("the store's database cannot be found").with_source(Arc::new(error))
        })?;
        if path.is_dir() {
            return Err(StoreError::unavailable(format!("{} is a folder, not a database", path.display())));
        }
        let beside = |ending: &str| {
            let mut name = OsString::from(&path);
            name.push(ending);
            PathBuf::from(name)
        };
        let spills = beside(".spill");
        // The database first: where it cannot be, nothing else is left behind.
        let connection = Open::to(&path, OPENING)?;
        let life = Life::open(beside(".life"))?;
        let store =
            Self { writer: Writer::new(path.clone()), connections: Connections::new(path, connection), life };
        Ok(Records::new(store).with_spills(spills))
    }

    /// The database's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.connections.path()
    }

    /// A sentence about each file of the store that others than its owner may look into.
    #[must_use]
    pub fn open_to_others(&self) -> Vec<String> {
        ["", "-wal", "-shm", ".life", ".spill"]
            .into_iter()
            .filter_map(|ending| {
                let mut path = OsString::from(self.path());
                path.push(ending);
                files::open_to_others(Path::new(&path))
            })
            .collect()
    }
}

impl Map for SqliteStore {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Host, durable: true, may_go_back: false }
    }

    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        self.connections.run(within, |connection| {
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
        self.writer.swap(Swap { name: name.clone(), expected, entry: entry.clone() }, within)
    }

    fn watch(&self, name: &KeyName, version: Version, within: Duration) -> Result<WatchOutcome, StoreError> {
        self.life.watch(name, version, within, |within| {
            self.connections.run(within, |connection| held_version(connection, name))
        })
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.life.sign(name, within)
    }
}
