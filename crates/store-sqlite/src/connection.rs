//! Opens a connection, checks the database and configures durable commits.

use core::time::Duration;
use std::path::Path;

use rusqlite::{Connection, Error, OpenFlags, TransactionBehavior};
use wellspring_core::StoreError;
use wellspring_store::Deadline;
use wellspring_store::files::{self, FileId};

use crate::error::{SIDE_FILES, is_busy, read_only, store_error};

/// Marks the database as this store's (`Well`).
const APPLICATION_ID: i32 = 0x5765_6c6c;
/// The version of the tables.
const SCHEMA_VERSION: i32 = 1;

/// The pause before an operation that SQLite's busy timeout does not cover is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// Longer than any wait, and within the range of SQLite's milliseconds.
const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_secs(86_400);

/// Connects to the database at this path, which is created if it does not exist. Returns the identity of its file.
pub(crate) fn connect(path: &Path, within: Duration) -> Result<(Connection, FileId), StoreError> {
    let deadline = Deadline::after(within);
    let fail = |error| store_error(path, within, error);
    // If SQLite created the file, other users could read it. The store must not open a file that exists: closing it would
    // release the locks that SQLite holds on the file in this process.
    if files::check_file(path)?.is_none() {
        files::create_if_absent(path)?;
    }
    let before = check(path)?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    set_busy_timeout(&connection, within).map_err(fail)?;
    let has_tables = has_tables(&connection, path, within)?;
    if connection.is_readonly("main").map_err(fail)? {
        return Err(read_only(path));
    }
    // SQLite's busy timeout does not cover the switch to the write-ahead log.
    while let Err(error) =
        set_busy_timeout(&connection, deadline.left()).and_then(|()| configure(&connection))
    {
        if !is_busy(&error) || !deadline.sleep(RETRY_PAUSE) {
            return Err(fail(error));
        }
    }
    if !has_tables {
        set_busy_timeout(&connection, deadline.left()).map_err(fail)?;
        create_tables(&mut connection).map_err(fail)?;
    }
    // SQLite has opened the database by its path, and may have created the side files.
    let after = check(path)?;
    if before != after {
        return Err(StoreError::unavailable(format!("{} was replaced while it was opened", path.display())));
    }
    Ok((connection, after))
}

/// Judges the database and SQLite's side files, without opening them. Returns the identity of the database.
fn check(path: &Path) -> Result<FileId, StoreError> {
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
fn has_tables(connection: &Connection, path: &Path, within: Duration) -> Result<bool, StoreError> {
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

fn configure(connection: &Connection) -> Result<(), Error> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
            Some(format!("the file system supports no write-ahead log; SQLite chose journal mode {mode}")),
        ));
    }
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
}

fn create_tables(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have created the same tables in the meantime.
    transaction.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, version BLOB NOT NULL, record BLOB NOT NULL) STRICT;
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {SCHEMA_VERSION};"
    ))?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use wellspring_store::contract::Folder;

    use super::*;

    #[test]
    fn a_wait_for_a_lock_ends_no_fraction_of_a_millisecond_before_its_deadline() {
        for (within, waits) in [(0, 0), (1, 1), (149_000, 149), (149_970, 150), (1_999_001, 2_000)] {
            assert_eq!(whole_milliseconds(Duration::from_micros(within)), Duration::from_millis(waits));
        }
    }

    #[test]
    fn every_connection_flushes_each_commit_and_overwrites_replaced_records() {
        let folder = Folder::new();
        for _ in 0..2 {
            let (connection, _) = connect(&folder.path().join("tokens.db"), Duration::from_secs(5)).unwrap();
            let setting =
                |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!((setting("synchronous"), setting("secure_delete")), (2, 1));
            let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
            assert_eq!(mode.unwrap(), "wal");
        }
    }
}
