//! Opens a connection, checks the database and configures durable commits.

use core::time::Duration;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, OpenFlags, TransactionBehavior};
use wellspring_core::StoreError;
use wellspring_store::Deadline;
use wellspring_store::files::{self, FileId};

use crate::error::{is_busy, store_error};
use crate::opened::{APPLICATION_ID, Access, Connected, SCHEMA_VERSION, check, has_tables, set_busy_timeout};
use crate::read_only;

/// The pause before an operation that SQLite's busy timeout does not cover is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// Connects to the database at this path, which is created if it does not exist.
pub(crate) fn connect(path: &Path, within: Duration) -> Result<Connected, StoreError> {
    let deadline = Deadline::after(within);
    files::check_folder_around(path)?;
    // If SQLite created the file, other users could read it. The store must not open a file that exists: closing it would
    // release the locks that SQLite holds on the file in this process.
    if files::check_file(path)?.is_none() {
        files::create_if_absent(path)?;
    }
    let before = check(path)?;
    if files::is_read_only(path) {
        return read_only::connect(path, before, within);
    }
    accept(configured(path, deadline, within)?, path, before)
}

/// A connection with durable commits to the database at this path, which has the tables of this store.
fn configured(path: &Path, deadline: Deadline, within: Duration) -> Result<Connection, StoreError> {
    let fail = |error| store_error(path, within, error);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    // A log that the second check does not pass must not get into the database when the connection is closed.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fail)?;
    set_busy_timeout(&connection, within).map_err(fail)?;
    let has_tables = has_tables(&connection, path, within)?;
    // SQLite's busy timeout does not cover the switch to the write-ahead log.
    let mode = loop {
        match set_busy_timeout(&connection, deadline.left()).and_then(|()| configure(&connection)) {
            Ok(mode) => break mode,
            Err(error) if is_busy(&error) && deadline.sleep(RETRY_PAUSE) => {}
            Err(error) => return Err(fail(error)),
        }
    };
    if mode != "wal" {
        return Err(StoreError::refused(format!(
            "{} is on a file system without a write-ahead log (SQLite chose journal mode {mode}): put it on a local disk",
            path.display()
        )));
    }
    if !has_tables {
        set_busy_timeout(&connection, deadline.left()).map_err(fail)?;
        create_tables(&mut connection).map_err(fail)?;
    }
    Ok(connection)
}

/// Judges the files of this connection again: SQLite has opened the database by its path, and may have created the side
/// files.
fn accept(connection: Connection, path: &Path, before: FileId) -> Result<Connected, StoreError> {
    let after = check(path)?;
    if before != after {
        return Err(StoreError::unavailable(format!("{} was replaced while it was opened", path.display())));
    }
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map_err(|error| store_error(path, Duration::ZERO, error))?;
    Ok(Connected { connection, file: after, access: Access::Full })
}

/// Configures durable commits. Returns the journal mode, which depends on the file system.
fn configure(connection: &Connection) -> Result<String, Error> {
    let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")?;
    Ok(mode)
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

    const WITHIN: Duration = Duration::from_secs(5);
    const INSERT: &str = "INSERT INTO record VALUES ('k', zeroblob(16), zeroblob(9))";

    #[test]
    fn every_connection_flushes_each_commit_and_overwrites_replaced_records() {
        let folder = Folder::new();
        for _ in 0..2 {
            let Connected { connection, .. } = connect(&folder.path().join("tokens.db"), WITHIN).unwrap();
            let setting = |name: &str| -> rusqlite::types::Value {
                connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).unwrap()
            };
            assert_eq!((setting("synchronous"), setting("secure_delete")), (2.into(), 1.into()));
            assert_eq!(setting("journal_mode"), "wal".to_owned().into());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_log_that_does_not_pass_the_second_check_does_not_get_into_the_database() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt as _;
        let (folder, other) = (Folder::new(), Folder::new());
        let [ours, theirs] = [&folder, &other].map(|folder| folder.path().join("tokens.db"));
        let log = |path| files::with_suffix(path, "-wal");
        let writing = connect(&ours, WITHIN).unwrap();
        writing.connection.execute_batch(INSERT).unwrap();
        // The copy is what a process leaves that is killed before its log gets into the database.
        for (from, to) in [(ours.clone(), theirs.clone()), (log(&ours), log(&theirs))] {
            files::create_if_absent(&to).unwrap();
            fs::write(&to, fs::read(from).unwrap()).unwrap();
        }
        let (database, planted) = (fs::read(&theirs).unwrap(), fs::read(log(&theirs)).unwrap());
        let before = check(&theirs).unwrap();
        let connection = configured(&theirs, Deadline::after(WITHIN), WITHIN).unwrap();
        fs::set_permissions(log(&theirs), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(accept(connection, &theirs, before).unwrap_err().is_refused());
        assert!(fs::read(&theirs).unwrap() == database, "the log got into the database");
        assert!(fs::read(log(&theirs)).unwrap() == planted, "the log was changed");
        // With the mode corrected, it is the log of this database.
        fs::set_permissions(log(&theirs), fs::Permissions::from_mode(0o600)).unwrap();
        drop(connect(&theirs, WITHIN).unwrap());
        assert!(fs::read(&theirs).unwrap() != database && !log(&theirs).exists());
    }
}
