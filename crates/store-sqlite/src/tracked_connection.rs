//! A connection that knows whether its database file was replaced.

use core::time::Duration;
use std::path::Path;

use rusqlite::Connection;
use wellspring_core::StoreError;
use wellspring_store::files::{self, FileId};

use crate::connection::connect;
use crate::error::store_error;
use crate::opened::{Access, Connected, set_busy_timeout};

/// A connection and the identity of the file that it has open.
///
/// After a user removed the database, another process creates a new one at the same path. No other process sees what a
/// connection to the old file saves.
#[derive(Debug)]
pub(crate) struct TrackedConnection {
    connection: Connection,
    file: FileId,
    access: Access,
}

impl TrackedConnection {
    /// A new connection to the database at this path, which is created if it does not exist.
    pub(crate) fn open(path: &Path, within: Duration) -> Result<Self, StoreError> {
        let Connected { connection, file, access } = connect(path, within)?;
        Ok(Self { connection, file, access })
    }

    /// Whether the database cannot be written.
    pub(crate) fn is_read_only(&self) -> bool {
        self.access != Access::Full
    }

    /// This connection if its file is still the one at the path, else a new connection.
    pub(crate) fn reuse_or_open(
        idle: Option<Self>,
        path: &Path,
        within: Duration,
    ) -> Result<Self, StoreError> {
        let reusable = |idle: &Self| idle.access != Access::OneRead;
        let Some(idle) = idle.filter(reusable) else { return Self::open(path, within) };
        files::check_folder_around(path)?;
        if files::check_file(path)? == Some(idle.file) { Ok(idle) } else { Self::open(path, within) }
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
