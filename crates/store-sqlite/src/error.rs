//! SQLite's errors as store errors.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Error, ErrorCode};
use wellspring_core::StoreError;

/// Whether another connection holds a lock that the operation needs.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The store error for this error of the database at `path`. `within` is the deadline of the failed operation.
pub(crate) fn store_error(path: &Path, within: Duration, error: Error) -> StoreError {
    let path = path.display();
    let store_error = match error.sqlite_error_code() {
        _ if is_busy(&error) => StoreError::unavailable(format!(
            "{path} was locked by another process or thread for longer than {within:?}"
        )),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::unreadable(format!("{path} is damaged, or is not a SQLite database"))
        }
        Some(ErrorCode::ReadOnly) => StoreError::unavailable(format!("{path} is read-only")),
        Some(ErrorCode::DiskFull) => {
            StoreError::unavailable(format!("{path} cannot be written: the disk is full"))
        }
        Some(_) => StoreError::unavailable(format!("{path} cannot be used")),
        // The error is not SQLite's: a column has another type or length than this store writes.
        None => StoreError::unreadable(format!("{path} has a row that this store did not write")),
    };
    store_error.with_source(Arc::new(error))
}
