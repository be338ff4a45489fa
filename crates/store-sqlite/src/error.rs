//! SQLite's errors as store errors.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Error, ErrorCode, ffi};
use wellspring_core::StoreError;
use wellspring_store::files;

/// What SQLite adds to the path of the database for its write-ahead log, its shared memory and its rollback journal.
pub(crate) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Whether another connection holds a lock that the operation needs.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The store error for this error of the database at `path`. `within` is the deadline of the failed operation.
pub(crate) fn store_error(path: &Path, within: Duration, error: Error) -> StoreError {
    let shown = path.display();
    let Some(code) = error.sqlite_error_code() else {
        // The error is not SQLite's: a column has another type or length than this store writes.
        return StoreError::unreadable(format!("{shown} has a row that this store did not write"))
            .with_source(Arc::new(error));
    };
    // SQLite takes a lock that does not work for one that another connection holds.
    if is_busy(&error) || code == ErrorCode::SystemIoFailure {
        if let Err(refused) = files::check_range_locks(path) {
            return refused;
        }
    }
    let store_error = match code {
        _ if is_busy(&error) => StoreError::unavailable(format!(
            "{shown} was locked by another process or thread for longer than {within:?}"
        )),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::unreadable(format!("{shown} is damaged, or is not a SQLite database: {error}"))
        }
        // SQLite noticed that the file was moved or replaced: the next connection opens what is there now.
        ErrorCode::ReadOnly if extended(&error) == Some(ffi::SQLITE_READONLY_DBMOVED) => {
            StoreError::unavailable(format!("{shown} was moved or replaced"))
        }
        ErrorCode::ReadOnly => return read_only(path).with_source(Arc::new(error)),
        ErrorCode::DiskFull => {
            StoreError::unavailable(format!("{shown} cannot be written: the disk is full"))
        }
        ErrorCode::SystemIoFailure if extended(&error) == Some(ffi::SQLITE_IOERR_SHMSIZE) => {
            StoreError::unavailable(format!(
                "{shown} cannot be used: the disk has no room for its shared memory, {shown}-shm; free some space"
            ))
        }
        ErrorCode::PermissionDenied => StoreError::refused(format!(
            "{shown} cannot be used: this user has no permission; run the program as the owner of the store, or give \
             the store to this user with `chown`"
        )),
        ErrorCode::Unknown => StoreError::refused(format!(
            "{shown} has no table as this store created it: restore the database from a copy, or move it away and sign in \
             again"
        )),
        ErrorCode::TooBig => StoreError::unreadable(format!("{shown} has a record that is larger than any")),
        ErrorCode::CannotOpen | ErrorCode::FileLockingProtocolFailed | ErrorCode::SystemIoFailure => {
            return cannot_open(path, &error).with_source(Arc::new(error));
        }
        _ => StoreError::unavailable(format!("{shown} cannot be used: {error}")),
    };
    store_error.with_source(Arc::new(error))
}

/// A write to a database that this process may only read.
pub(crate) fn read_only(path: &Path) -> StoreError {
    StoreError::refused(format!(
        "{} is read-only: remount its file system writable, or run the program as the owner of the store",
        path.display()
    ))
}

/// SQLite does not say what is wrong with a file: the file system does.
fn cannot_open(path: &Path, error: &Error) -> StoreError {
    let paths = core::iter::once("").chain(SIDE_FILES).map(|suffix| files::with_suffix(path, suffix));
    for path in paths {
        if let Err(error) = files::check_access(&path) {
            return error;
        }
    }
    StoreError::unavailable(format!("{} cannot be used: {error}", path.display()))
}

fn extended(error: &Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_memory_that_finds_no_room_is_told_as_a_full_disk_and_may_be_tried_again() {
        let failure = ffi::Error::new(ffi::SQLITE_IOERR_SHMSIZE);
        let error = store_error(Path::new("w.db"), Duration::ZERO, Error::SqliteFailure(failure, None));
        assert_eq!(
            error.to_string(),
            "w.db cannot be used: the disk has no room for its shared memory, w.db-shm; free some space"
        );
        assert!(!error.is_permanent());
    }
}
