//! The liveness locks of the processes of one machine, and watching a key with their help.

use core::time::Duration;
use std::fs::File;
use std::path::PathBuf;

use wellspring_core::{LivenessLock, LockDomain, StoreError, Version, WatchOutcome};

use crate::clock::Deadline;
use crate::entries::random_number;
use crate::file_locks::{FileLockGuard, FileLocks};
use crate::lock_domain;
use crate::map::KeyName;

/// How often a watcher polls the version of its key: short beside the 30 ms within which a waiter is to be served, and
/// long beside the few microseconds that a poll takes.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// How long a lease holder waits for others that have locked a lock file without an id, to write one.
const NAMING_WITHIN: Duration = Duration::from_secs(1);

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
            self.name_lock_file(name, NAMING_WITHIN.min(deadline.left() / 2));
            guard = self.0.shared(name, deadline.left())?;
            domain = self.domain_of(name, &guard.0);
        }
        Ok(LivenessLock::new(domain, guard))
    }

    /// Writes an id into the key's lock file if it has none. If that fails, its locks have no domain, and each lease
    /// lasts for its span.
    fn name_lock_file(&self, name: &KeyName, within: Duration) {
        if let (Ok(guard), Ok(id)) = (self.0.exclusive(name, within), random_number()) {
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
        let mut lock_file = None;
        loop {
            if load_version(deadline.left())? != Some(version) {
                return Ok(WatchOutcome::Changed);
            }
            if let Some(domain) = domain {
                let Some(file) =
                    lock_file.take().map_or_else(|| self.file_of(name, domain), |file| Ok(Some(file)))?
                else {
                    return Ok(WatchOutcome::OwnerUnknown);
                };
                if self.0.try_lock(name, &file)? {
                    let guard = FileLockGuard(file);
                    // The owner may have saved after the first load and ended before the watcher got the lock.
                    let unchanged = load_version(deadline.left())? == Some(version);
                    return Ok(match (unchanged, self.0.is_in_place(name, &guard)?) {
                        (false, _) => WatchOutcome::Changed,
                        (true, true) => WatchOutcome::OwnerGone,
                        (true, false) => WatchOutcome::OwnerUnknown,
                    });
                }
                lock_file = Some(file);
            }
            if !deadline.sleep(POLL_INTERVAL) {
                return Ok(WatchOutcome::Unchanged);
            }
        }
    }

    /// The key's lock file, not locked, if its locks are of this domain.
    fn file_of(&self, name: &KeyName, domain: LockDomain) -> Result<Option<File>, StoreError> {
        let file = self.0.existing_file(name)?;
        Ok(file.filter(|file| self.domain_of(name, file) == Some(domain)))
    }

    fn domain_of(&self, name: &KeyName, file: &File) -> Option<LockDomain> {
        lock_domain::of(file, &self.0.path(name))
    }
}

#[cfg(test)]
mod tests;
