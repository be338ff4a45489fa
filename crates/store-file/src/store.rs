//! The store: one file for each key.

use core::time::Duration;
use std::path::{Path, PathBuf};

use wellspring_core::{
    LivenessLock, LockDomain, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome,
};
use wellspring_store::{Entry, FileLocks, KeyName, LivenessLocks, Map, Records, Zeroizing, files};

use crate::format::{VERSION_LINE, parse, parse_version, version_line};
use crate::interrupted::Interrupted;
use crate::look;

/// A map of records in a folder.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    save_locks: FileLocks,
    liveness_locks: LivenessLocks,
}

impl FileStore {
    /// Opens the store in this folder. Creates the folder if it does not exist; its parent folder must exist.
    ///
    /// The store spills tokens to the subfolder `spill`, unless
    /// [`with_spills`](wellspring_store::Records::with_spills) names another folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be created, when the path is not a folder, when the folder belongs to another user, or when
    /// other users can write to it.
    pub fn open(folder: impl AsRef<Path>) -> Result<Records<Self>, StoreError> {
        let folder = files::resolve(folder.as_ref())?;
        files::create_private_folder(&folder)?;
        let locks = folder.join("locks");
        let spills = folder.join("spill");
        let save_locks = FileLocks::open(&locks, "save")?;
        let liveness_locks = LivenessLocks::open(locks)?;
        Ok(Records::new(Self { folder, save_locks, liveness_locks }).with_spills(spills))
    }

    /// The folder of the store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A sentence about each file and folder of the store that other users than its owner can access.
    #[must_use]
    pub fn open_to_others(&self) -> Vec<String> {
        look::open_to_others(&self.folder)
    }

    fn path(&self, name: &KeyName) -> PathBuf {
        self.folder.join(format!("{name}.{}", if name.is_reserved() { "key" } else { "token" }))
    }

    /// Reads this file, or its first `at_most` bytes. If the folder is missing, the file is not absent but unavailable:
    /// the file system of the folder may be unmounted.
    fn read(&self, path: &Path, at_most: u64) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        if !files::check_folder(&self.folder)? {
            return Err(StoreError::unavailable(format!(
                "the store's folder {} does not exist: it was removed or unmounted",
                self.folder.display()
            )));
        }
        files::read(path, at_most)
    }

    fn entry(&self, path: &Path) -> Result<Option<Entry>, StoreError> {
        let Some(bytes) = self.read(path, u64::MAX)? else { return Ok(None) };
        parse(&bytes).map(Some).ok_or_else(|| corrupt(path))
    }

    fn version(&self, name: &KeyName) -> Result<Option<Version>, StoreError> {
        let path = self.path(name);
        let Some(line) = self.read(&path, VERSION_LINE as u64)? else { return Ok(None) };
        parse_version(&line).map(Some).ok_or_else(|| corrupt(&path))
    }
}

fn corrupt(path: &Path) -> StoreError {
    StoreError::unreadable(format!("{} is corrupt: it does not begin with a version", path.display()))
}

impl Map for FileStore {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Host, durable: true, may_go_back: false }
    }

    fn load(&self, name: &KeyName, _: Duration) -> Result<Option<Entry>, StoreError> {
        let path = self.path(name);
        let entry = self.entry(&path)?;
        let interrupted = Interrupted::of(&path, entry.as_ref().map(|entry| entry.version));
        // While another process holds the lock, the save is under way.
        if !interrupted.is_found() {
            return Ok(entry);
        }
        let Ok(Some(_guard)) = self.save_locks.exclusive_while(name, Duration::ZERO, || Ok(false)) else {
            return Ok(entry);
        };
        if self.version(name)? != entry.as_ref().map(|entry| entry.version) {
            return self.entry(&path);
        }
        interrupted.settle(&path)?;
        self.entry(&path)
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        let path = self.path(name);
        let unchanged = || Ok(self.version(name)? == expected);
        // Of many savers that expect the same version, only the first can succeed. The others stop waiting for the lock as
        // soon as the version changes.
        let Some(_guard) = self.save_locks.exclusive_while(name, within, unchanged)? else {
            return Ok(false);
        };
        let interrupted = Interrupted::of(&path, expected);
        if !unchanged()? || interrupted.settle(&path)? {
            return Ok(false);
        }
        let line = version_line(entry.version);
        files::replace(&path, interrupted.temporary(), &[line.as_bytes(), &entry.bytes])?;
        Ok(true)
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        self.liveness_locks.watch(name, version, domain, within, |_| self.version(name))
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.liveness_locks.acquire(name, within)
    }

    fn problems(&self) -> Vec<String> {
        look::problems(&self.folder)
    }
}
