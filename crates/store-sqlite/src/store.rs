//! One row for each key.

use core::time::Duration;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use rusqlite::{Connection, Error, OptionalExtension as _, Transaction, TransactionBehavior};
use wellspring_core::{Promise, SharedBy, Sighting, SignOfLife, StoreError, Version};
use wellspring_store::{Deadline, Entry, KeyName, Life, Map, Records, Zeroizing, files};

use crate::connection::{connect, wait_at_most};
use crate::failure::failed;

/// How long opening waits for others.
const OPENING: Duration = Duration::from_secs(5);

/// How many connections are kept open for the next operation.
const IDLE: usize = 4;

/// Records in a SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    life: Life,
    idle: Mutex<Vec<Open>>,
}

/// A connection, and the file that it is to.
#[derive(Debug)]
struct Open {
    connection: Connection,
    file: FileId,
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
        let store = Self { life: Life::open(beside(".life"))?, idle: Mutex::new(vec![connection]), path };
        Ok(Records::new(store).with_spills(spills))
    }

    /// The database's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A sentence about each file of the store that others than its owner may look into.
    #[must_use]
    pub fn open_to_others(&self) -> Vec<String> {
        ["", "-wal", "-shm", ".life", ".spill"]
            .into_iter()
            .filter_map(|ending| {
                let mut path = OsString::from(&self.path);
                path.push(ending);
                files::open_to_others(Path::new(&path))
            })
            .collect()
    }

    /// Runs this on a connection, which is kept only if nothing went wrong on it.
    fn run<T>(
        &self,
        within: Duration,
        action: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let deadline = Deadline::after(within);
        let mut open = match self.kept() {
            Some(open) => open,
            None => Open::to(&self.path, within)?,
        };
        wait_at_most(&open.connection, deadline.left()).map_err(|error| failed(&self.path, within, error))?;
        let value = action(&mut open.connection)?;
        let mut idle = self.idle();
        if idle.len() < IDLE {
            idle.push(open);
        }
        Ok(value)
    }

    /// A connection that is to the file which is at the path now: after somebody has removed the database, others
    /// make a new one, and tokens in the old one would be seen by nobody.
    fn kept(&self) -> Option<Open> {
        let file = FileId::of(&self.path).ok();
        let mut idle = self.idle();
        idle.retain(|open| Some(open.file) == file);
        idle.pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self, name: &KeyName, within: Duration) -> Result<Option<Version>, StoreError> {
        self.run(within, |connection| {
            held_version(connection, name).map_err(|error| failed(&self.path, within, error))
        })
    }
}

impl Open {
    fn to(path: &Path, within: Duration) -> Result<Self, StoreError> {
        let connection = connect(path, within)?;
        let file = FileId::of(path).map_err(|error| {
            StoreError::unavailable(format!("{} cannot be looked at", path.display()))
                .with_source(Arc::new(error))
        })?;
        Ok(Self { connection, file })
    }
}

/// Tells one file from another that has come in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).map(|metadata| Self(metadata.dev(), metadata.ino()))
    }

    /// Elsewhere a database that is in use cannot be removed.
    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self(0, 0))
    }
}

fn held_version(connection: &Connection, name: &KeyName) -> Result<Option<Version>, Error> {
    connection
        .query_row("SELECT version FROM record WHERE key = ?1", [name.as_str()], |row| {
            row.get::<_, [u8; 16]>(0)
        })
        .optional()
        .map(|version| version.map(|bytes| Version::new(u128::from_be_bytes(bytes))))
}

impl Map for SqliteStore {
    fn promise(&self) -> Promise {
        Promise { scope: SharedBy::Host, durable: true, may_go_back: false }
    }

    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        self.run(within, |connection| {
            connection
                .query_row("SELECT version, record FROM record WHERE key = ?1", [name.as_str()], |row| {
                    let version = Version::new(u128::from_be_bytes(row.get(0)?));
                    Ok(Entry { version, bytes: Zeroizing::new(row.get(1)?) })
                })
                .optional()
                .map_err(|error| failed(&self.path, within, error))
        })
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        self.run(within, |connection| {
            let fail = |error| failed(&self.path, within, error);
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
            if held_version(&transaction, name).map_err(fail)? != expected {
                return Ok(false);
            }
            put(&transaction, name, entry).map_err(fail)?;
            transaction.commit().map_err(|error| fail(error).maybe_applied())?;
            Ok(true)
        })
    }

    fn watch(&self, name: &KeyName, version: Version, within: Duration) -> Result<Sighting, StoreError> {
        self.life.watch(name, version, within, |within| self.version(name, within))
    }

    fn sign_of_life(&self, name: &KeyName, within: Duration) -> Result<SignOfLife, StoreError> {
        self.life.sign(name, within)
    }
}

fn put(transaction: &Transaction<'_>, name: &KeyName, entry: &Entry) -> Result<(), Error> {
    transaction
        .execute(
            "INSERT INTO record (key, version, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET version = excluded.version, record = excluded.record",
            (name.as_str(), entry.version.value().to_be_bytes(), entry.bytes.as_slice()),
        )
        .map(drop)
}
