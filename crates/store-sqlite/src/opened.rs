//! What every connection has: the identity of its file, its timeout, and the checks of what it has open.

use core::time::Duration;
use std::path::Path;

use rusqlite::{Connection, Error};
use wellspring_core::StoreError;
use wellspring_store::files::{self, FileId};

use crate::error::{SIDE_FILES, store_error};

/// Marks the database as this store's (`Well`).
pub(crate) const APPLICATION_ID: i32 = 0x5765_6c6c;
/// The version of the tables.
pub(crate) const SCHEMA_VERSION: i32 = 1;

/// Longer than any wait, and within the range of SQLite's milliseconds.
const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_secs(86_400);

/// What a connection has open, and what it can be used for.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) connection: Connection,
    pub(crate) file: FileId,
    pub(crate) access: Access,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Full,
    Reading,
    /// The database is read without locks and without a log, so the connection sees no later change.
    OneRead,
}

/// Judges the database, SQLite's side files and the folder around them, without opening them. Returns the identity of the
/// database.
pub(crate) fn check(path: &Path) -> Result<FileId, StoreError> {
    files::check_folder_around(path)?;
    for suffix in SIDE_FILES {
        files::check_file(&files::with_suffix(path, suffix))?;
    }
    let removed = || StoreError::unavailable(format!("{} was removed while it was opened", path.display()));
    files::check_file(path)?.ok_or_else(removed)
}

/// Sets how long SQLite waits for the locks of other connections.
pub(crate) fn set_busy_timeout(connection: &Connection, within: Duration) -> Result<(), Error> {
    connection.busy_timeout(whole_milliseconds(within.min(LONGEST_BUSY_TIMEOUT)))
}

/// `within`, rounded up to SQLite's unit. SQLite drops the fraction of a millisecond, so a wait for what is left of a
/// deadline would end before the deadline.
fn whole_milliseconds(within: Duration) -> Duration {
    Duration::from_nanos(within.subsec_nanos().next_multiple_of(1_000_000).into())
        + Duration::from_secs(within.as_secs())
}

/// Whether the database has the tables of this store. Fails if another program or a newer version created the database.
pub(crate) fn has_tables(connection: &Connection, path: &Path, within: Duration) -> Result<bool, StoreError> {
    let (application_id, schema_version, tables): (i32, i32, i64) = connection
        .query_row(
            "SELECT a.application_id, u.user_version, (SELECT count(*) FROM sqlite_schema)
             FROM pragma_application_id AS a, pragma_user_version AS u",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(|error| store_error(path, within, error))?;
    let path = path.display();
    match (application_id, schema_version) {
        (APPLICATION_ID, SCHEMA_VERSION) if tables == 0 => Err(StoreError::refused(format!(
            "the table of {path} was dropped: restore the database from a copy, or move it away and sign in again"
        ))),
        (APPLICATION_ID, SCHEMA_VERSION) => Ok(true),
        (0, 0) if tables == 0 => Ok(false),
        (APPLICATION_ID, newer) => Err(StoreError::unreadable(format!(
            "{path} has tables of version {newer}; this version reads only version {SCHEMA_VERSION}, \
             so a newer one created them: update this program"
        ))),
        _ => Err(StoreError::unreadable(format!("{path} is the database of another program"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_for_a_lock_ends_no_fraction_of_a_millisecond_before_its_deadline() {
        for (within, waits) in [(0, 0), (1, 1), (149_000, 149), (149_970, 150), (1_999_001, 2_000)] {
            assert_eq!(whole_milliseconds(Duration::from_micros(within)), Duration::from_millis(waits));
        }
    }
}
