//! One connection: opened, checked and set up so that what it commits is there.

use core::time::Duration;
use std::path::Path;

use rusqlite::{Connection, Error, OpenFlags, TransactionBehavior};
use wellspring_core::StoreError;
use wellspring_store::{Deadline, files};

use crate::failure::{failed, is_busy};

/// Marks the database as this store's (`Well`).
const APPLICATION: i32 = 0x5765_6c6c;
/// The tables' version.
const SCHEMA: i32 = 1;

/// How often what SQLite does not wait for by itself is tried again.
const NAP: Duration = Duration::from_millis(10);

/// Longer than anybody waits, and short enough for SQLite's milliseconds.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Connects to the database at this path, which is made if it is not there.
pub(crate) fn connect(path: &Path, within: Duration) -> Result<Connection, StoreError> {
    // Not by SQLite, which would let others read it; and never opened here when it is there, because closing it
    // again would end the locks that SQLite holds on it in this process.
    files::make_if_absent(path)?;
    let deadline = Deadline::after(within);
    let fail = |error| failed(path, within, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    wait_at_most(&connection, within).map_err(fail)?;
    let known = recognize(&connection, path).map_err(|refused| match refused {
        Refused::Sqlite(error) => fail(error),
        Refused::Foreign(error) => error,
    })?;
    if connection.is_readonly("main").map_err(fail)? {
        return Err(StoreError::unavailable(format!("{} can only be read", path.display())));
    }
    // SQLite does not wait for others when it turns to the write-ahead log.
    while let Err(error) = wait_at_most(&connection, deadline.left()).and_then(|()| set_up(&connection)) {
        if !is_busy(&error) || !deadline.nap(NAP) {
            return Err(fail(error));
        }
    }
    if !known {
        wait_at_most(&connection, deadline.left()).map_err(fail)?;
        make_tables(&mut connection).map_err(fail)?;
    }
    Ok(connection)
}

/// How long SQLite waits for others from now on.
pub(crate) fn wait_at_most(connection: &Connection, within: Duration) -> Result<(), Error> {
    connection.busy_timeout(within.min(LONGEST))
}

enum Refused {
    Sqlite(Error),
    Foreign(StoreError),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Whether the tables are there; an error where they are another's or of a newer version.
fn recognize(connection: &Connection, path: &Path) -> Result<bool, Refused> {
    let (application, schema, tables): (i32, i32, i64) = connection.query_row(
        "SELECT a.application_id, u.user_version, (SELECT count(*) FROM sqlite_schema)
         FROM pragma_application_id AS a, pragma_user_version AS u",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let path = path.display();
    match (application, schema) {
        (APPLICATION, SCHEMA) => Ok(true),
        (0, 0) if tables == 0 => Ok(false),
        (APPLICATION, newer) => Err(Refused::Foreign(StoreError::unreadable(format!(
            "{path} has tables of version {newer}; this version knows {SCHEMA} alone, so a newer one made them"
        )))),
        _ => Err(Refused::Foreign(StoreError::unreadable(format!(
            "{path} is the database of another program"
        )))),
    }
}

fn set_up(connection: &Connection) -> Result<(), Error> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN),
            Some(format!("no write-ahead log can be kept there, only the mode {mode}")),
        ));
    }
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
}

fn make_tables(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Somebody else may have been first, and has made the same.
    transaction.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, version BLOB NOT NULL, record BLOB NOT NULL) STRICT;
         PRAGMA application_id = {APPLICATION};
         PRAGMA user_version = {SCHEMA};"
    ))?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use wellspring_store::contract::Folder;

    use super::*;

    #[test]
    fn every_connection_flushes_each_commit_and_wipes_what_it_replaces() {
        let folder = Folder::new();
        for _ in 0..2 {
            let connection = connect(&folder.path().join("tokens.db"), Duration::from_secs(5)).unwrap();
            let setting =
                |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!((setting("synchronous"), setting("secure_delete")), (2, 1));
            let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
            assert_eq!(mode.unwrap(), "wal");
        }
    }
}
