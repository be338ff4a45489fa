//! The liveness locks of the processes of one machine, and watching a key with their help.

use core::time::Duration;
use std::path::PathBuf;

use wellspring_core::{LivenessLock, StoreError, Version, WatchOutcome};

use crate::clock::Deadline;
use crate::file_locks::FileLocks;
use crate::map::KeyName;

/// How often a watcher polls the version of its key.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Liveness locks on lock files.
///
/// A lease holder shares the key's lock. A watcher that gets the lock exclusively knows that no lease holder of the key
/// runs on this machine. Two keys may share a lock file: then a watcher of one key also waits for the lease holder of
/// the other key, which delays the watcher and has no other effect.
#[derive(Clone, Debug)]
pub struct LivenessLocks(FileLocks);

impl LivenessLocks {
    /// Liveness locks in this folder, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// When the folder cannot be created, or other users can write to it.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        FileLocks::open(folder, "life").map(Self)
    }

    /// Shows other processes, until the lock is dropped, that a save for this key may still come.
    ///
    /// # Errors
    ///
    /// When a watcher holds the lock exclusively for longer than `within`, or the lock file cannot be locked.
    pub fn acquire(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.0.shared(name, within).map(LivenessLock::new)
    }

    /// Waits until `load_version` returns another version than this one, or until no process of this machine holds the
    /// key's liveness lock. `load_version` gets the time that is left.
    ///
    /// # Errors
    ///
    /// Those of `load_version`, and when the lock file cannot be locked.
    pub fn watch(
        &self,
        name: &KeyName,
        version: Version,
        within: Duration,
        mut load_version: impl FnMut(Duration) -> Result<Option<Version>, StoreError>,
    ) -> Result<WatchOutcome, StoreError> {
        let deadline = Deadline::after(within);
        loop {
            if load_version(deadline.left())? != Some(version) {
                return Ok(WatchOutcome::Changed);
            }
            if let Some(_guard) = self.0.try_exclusive(name)? {
                // The owner may have saved after the first load and ended before the watcher got the lock.
                let unchanged = load_version(deadline.left())? == Some(version);
                return Ok(if unchanged { WatchOutcome::OwnerGone } else { WatchOutcome::Changed });
            }
            if !deadline.sleep(POLL_INTERVAL) {
                return Ok(WatchOutcome::Unchanged);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wellspring_core::TokenKey;

    use super::*;
    use crate::contract::Folder;

    fn watch(
        mut load_version: impl FnMut(&LivenessLocks, &KeyName) -> Result<Option<Version>, StoreError>,
    ) -> Result<WatchOutcome, StoreError> {
        let folder = Folder::new();
        let locks = LivenessLocks::open(folder.path())?;
        let name = KeyName::of(&TokenKey::new("p", "e"));
        locks.watch(&name, Version::new(1), Duration::ZERO, |_| load_version(&locks, &name))
    }

    #[test]
    fn a_save_between_the_first_load_and_the_lock_is_a_change() {
        let mut versions = [1, 2].into_iter().map(Version::new);
        assert_eq!(watch(|_, _| Ok(versions.next())).unwrap(), WatchOutcome::Changed);
    }

    #[test]
    fn no_liveness_lock_is_granted_while_the_version_is_loaded_again() {
        let mut granted = Vec::new();
        let outcome = watch(|locks, name| {
            granted.push(locks.acquire(name, Duration::ZERO).is_ok());
            Ok(Some(Version::new(1)))
        });
        assert_eq!((outcome.unwrap(), granted), (WatchOutcome::OwnerGone, vec![true, false]));
    }

    #[test]
    fn a_failed_load_is_an_error_and_does_not_report_a_gone_owner() {
        let outcome = watch(|_, _| Err(StoreError::unavailable("x")));
        assert_eq!(outcome.unwrap_err().to_string(), "x");
    }
}
