//! SQLite's errors in a store's terms.

use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Error, ErrorCode};
use wellspring_core::StoreError;

/// Whether somebody else holds what is needed.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// What this error says of the database at this path, after an operation that could take so long.
pub(crate) fn failed(path: &Path, within: Duration, error: Error) -> StoreError {
    let path = path.display();
    let failure = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::unavailable(format!("{path} was locked by another for longer than {within:?}"))
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::unreadable(format!("{path} is damaged, or no SQLite database"))
        }
        Some(ErrorCode::ReadOnly) => StoreError::unavailable(format!("{path} can only be read")),
        Some(ErrorCode::DiskFull) => {
            StoreError::unavailable(format!("{path} cannot be written: its disk is full"))
        }
        Some(_) => StoreError::unavailable(format!("{path} cannot be used")),
        // Not SQLite's: the columns do not hold what this store writes.
        None => StoreError::unreadable(format!("{path} holds something that this store has not written")),
    };
    failure.with_source(Arc::new(error))
}
