//! A connection that knows whether its database file was replaced.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use rusqlite::Connection;
use wellspring_core::StoreError;

use crate::connection::{connect, set_busy_timeout};
use crate::error::store_error;

/// A connection and the identity of the file that it has open.
///
/// After a user removed the database, another process creates a new one at the same path. No other process sees what a
/// connection to the old file saves.
#[derive(Debug)]
pub(crate) struct TrackedConnection {
    connection: Connection,
    file: FileId,
}

impl TrackedConnection {
    /// A new connection to the database at this path, which is created if it does not exist.
    pub(crate) fn open(path: &Path, within: Duration) -> Result<Self, StoreError> {
        let connection = connect(path, within)?;
        let file = FileId::of(path).map_err(|error| {
            StoreError::unavailable(format!("{} cannot be inspected", path.display()))
                .with_source(Arc::new(error))
        })?;
        Ok(Self { connection, file })
    }

    /// This connection if its file is still the one at the path, else a new connection.
    pub(crate) fn reuse_or_open(
        idle: Option<Self>,
        path: &Path,
        within: Duration,
    ) -> Result<Self, StoreError> {
        match idle.filter(|idle| FileId::of(path).is_ok_and(|file| file == idle.file)) {
            Some(idle) => Ok(idle),
            None => Self::open(path, within),
        }
    }

    /// The connection, with this busy timeout.
    pub(crate) fn with_busy_timeout(
        &mut self,
        path: &Path,
        within: Duration,
    ) -> Result<&mut Connection, StoreError> {
        set_busy_timeout(&self.connection, within).map_err(|error| store_error(path, within, error))?;
        Ok(&mut self.connection)
    }
}

/// Identifies a file independent of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).map(|metadata| Self(metadata.dev(), metadata.ino()))
    }

    /// On other systems a database cannot be removed while it is open.
    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self(0, 0))
    }
}
