//! Whether the locks that SQLite uses work on a file system: those of `fcntl`, on ranges of a file.

use std::path::Path;

use wellspring_core::StoreError;

/// Checks that range locks work beside this path, on a file that is removed at once. A file of SQLite must not be opened for
/// that: closing it would free SQLite's locks.
///
/// # Errors
///
/// When the file system has no such locks. Where no file can be created, the locks are not checked.
#[cfg(unix)]
pub fn check_range_locks(path: &Path) -> Result<(), StoreError> {
    use rustix::fs::{FlockOperation, fcntl_lock};

    use super::failure::failed;
    use super::{create, remove_if_present, with_suffix};
    let probe = with_suffix(path, &format!(".locks-{}", std::process::id()));
    let Ok(file) = create(&probe) else { return Ok(()) };
    drop(remove_if_present(&probe));
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(error) => {
            let error = failed("cannot be locked", path, error.into());
            if error.is_refused() { Err(error) } else { Ok(()) }
        }
    }
}

/// Other systems have locks of their own.
#[cfg(not(unix))]
pub fn check_range_locks(_: &Path) -> Result<(), StoreError> {
    Ok(())
}
