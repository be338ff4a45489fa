//! The liveness locks of the processes of one machine, and watching a key with their help.

use core::time::Duration;
use std::fs::File;
use std::path::PathBuf;

use wellspring_core::{LivenessLock, LockDomain, StoreError, Version, WatchOutcome};

use crate::clock::Deadline;
use crate::file_locks::{FileLockGuard, FileLocks};
use crate::lock_domain;
use crate::map::KeyName;
use crate::records::random_number;

/// How often a watcher polls the version of its key.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Liveness locks on lock files.
///
/// A lease holder shares the key's lock. A watcher that gets the same lock exclusively knows that the lease holder is
/// gone. What makes two locks the same is their domain: see `lock_domain.rs`. A watcher creates no lock file, because a
/// lock on a new file would prove nothing. Two keys may share a lock file: then a watcher of one key also waits for the
/// lease holder of the other key, which delays the watcher and has no other effect.
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

    /// Liveness locks in this folder, which the first lock creates if it does not exist. A store that can only be read needs
    /// no lock.
    #[must_use]
    pub fn later(folder: impl Into<PathBuf>) -> Self {
        Self(FileLocks::later(folder, "life"))
    }

    /// Shows other processes, until the lock is dropped, that a save for this key may still come.
    ///
    /// # Errors
    ///
    /// When a watcher holds the lock exclusively for longer than `within`, or the lock file cannot be locked.
    pub fn acquire(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        let deadline = Deadline::after(within);
        let mut guard = self.0.shared(name, within)?;
        let mut domain = self.domain_of(name, &guard.0);
        if domain.is_none() {
            // The lock file is new, or an older version of this store has created it.
            drop(guard);
            self.name_lock_file(name);
            guard = self.0.shared(name, deadline.left())?;
            domain = self.domain_of(name, &guard.0);
        }
        Ok(LivenessLock::new(domain, guard))
    }

    /// Writes an id into the key's lock file if it has none. If that fails, its locks have no domain, and each lease
    /// lasts for its span.
    fn name_lock_file(&self, name: &KeyName) {
        if let (Ok(Some(guard)), Ok(id)) = (self.0.try_exclusive(name), random_number()) {
            drop(lock_domain::ensure_id(&guard.0, id));
        }
    }

    /// Waits until `load_version` returns another version than this one, or until no process holds the key's liveness
    /// lock of this domain. `load_version` gets the time that is left.
    ///
    /// Without a domain it only waits for another version. If the key's lock is of another domain, it returns that the
    /// owner is unknown.
    ///
    /// # Errors
    ///
    /// Those of `load_version`, and when the lock file cannot be locked.
    pub fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
        mut load_version: impl FnMut(Duration) -> Result<Option<Version>, StoreError>,
    ) -> Result<WatchOutcome, StoreError> {
        let deadline = Deadline::after(within);
        loop {
            if load_version(deadline.left())? != Some(version) {
                return Ok(WatchOutcome::Changed);
            }
            if let Some(domain) = domain {
                let lock_file = self.0.existing_file(name)?;
                let Some(file) = lock_file.filter(|file| self.domain_of(name, file) == Some(domain)) else {
                    return Ok(WatchOutcome::OwnerUnknown);
                };
                if self.0.try_lock(name, &file)? {
                    let guard = FileLockGuard(file);
                    // The owner may have saved after the first load and ended before the watcher got the lock.
                    let unchanged = load_version(deadline.left())? == Some(version);
                    let in_place = self.0.is_in_place(name, &guard.0)?;
                    return Ok(match (unchanged, in_place) {
                        (false, _) => WatchOutcome::Changed,
                        (true, true) => WatchOutcome::OwnerGone,
                        (true, false) => WatchOutcome::OwnerUnknown,
                    });
                }
            }
            if !deadline.sleep(POLL_INTERVAL) {
                return Ok(WatchOutcome::Unchanged);
            }
        }
    }

    fn domain_of(&self, name: &KeyName, file: &File) -> Option<LockDomain> {
        lock_domain::of(file, &self.0.path(name))
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
        let domain = locks.acquire(&name, Duration::ZERO)?.domain();
        locks.watch(&name, Version::new(1), domain, Duration::ZERO, |_| load_version(&locks, &name))
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
