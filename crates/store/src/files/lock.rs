//! `flock` on an open file, which the kernel frees with the last descriptor of the open file description.
//!
//! `std::fs::File` has these operations since Rust 1.89. On Unix this crate asks for less.

use std::fs::File;
use std::io;

/// Takes the lock exclusively; `false` if another holder has it.
///
/// # Errors
///
/// When the file cannot be locked.
pub fn try_exclusive(file: &File) -> io::Result<bool> {
    system::try_exclusive(file)
}

/// Shares the lock; `false` if another holder has it exclusively.
///
/// # Errors
///
/// When the file cannot be locked.
pub fn try_shared(file: &File) -> io::Result<bool> {
    system::try_shared(file)
}

/// Frees the lock.
///
/// # Errors
///
/// When the file cannot be unlocked.
pub fn unlock(file: &File) -> io::Result<()> {
    system::unlock(file)
}

#[cfg(all(unix, not(target_os = "solaris")))]
mod system {
    use std::fs::File;
    use std::io;

    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;

    pub(super) fn try_exclusive(file: &File) -> io::Result<bool> {
        taken(flock(file, FlockOperation::NonBlockingLockExclusive))
    }

    pub(super) fn try_shared(file: &File) -> io::Result<bool> {
        taken(flock(file, FlockOperation::NonBlockingLockShared))
    }

    pub(super) fn unlock(file: &File) -> io::Result<()> {
        Ok(flock(file, FlockOperation::Unlock)?)
    }

    fn taken(outcome: Result<(), Errno>) -> io::Result<bool> {
        match outcome {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(not(all(unix, not(target_os = "solaris"))))]
#[expect(clippy::incompatible_msrv, reason = "rustix has no locks there: Rust 1.89 is needed")]
mod system {
    use std::fs::{File, TryLockError};
    use std::io;

    pub(super) fn try_exclusive(file: &File) -> io::Result<bool> {
        taken(file.try_lock())
    }

    pub(super) fn try_shared(file: &File) -> io::Result<bool> {
        taken(file.try_lock_shared())
    }

    pub(super) fn unlock(file: &File) -> io::Result<()> {
        file.unlock()
    }

    fn taken(outcome: Result<(), TryLockError>) -> io::Result<bool> {
        match outcome {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
