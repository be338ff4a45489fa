//! The store: one file for each key.

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wellspring_core::{
    LivenessLock, LockDomain, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome,
};
use wellspring_store::{Entry, FileLocks, KeyName, LivenessLocks, Map, Records, Zeroizing, files};

/// The length of the version's line: 32 digits and a line feed.
const VERSION_LINE: usize = 33;

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
    /// When the folder cannot be created, when the path is not a folder, or when other users can write to the folder.
    pub fn open(folder: impl AsRef<Path>) -> Result<Records<Self>, StoreError> {
        let folder = std::path::absolute(folder).map_err(|error| {
            StoreError::unavailable("the path of the store's folder is invalid").with_source(Arc::new(error))
        })?;
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
        let children = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        core::iter::once(self.folder.clone())
            .chain(children)
            .filter_map(|path| files::open_to_others(&path))
            .collect()
    }

    fn path(&self, name: &KeyName) -> PathBuf {
        self.folder.join(format!("{name}.token"))
    }

    /// Reads this file, or its first `at_most` bytes. If the folder is missing, the file is not absent but unavailable:
    /// the file system of the folder may be unmounted.
    fn read(&self, path: &Path, at_most: u64) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let bytes = files::read(path, at_most)?;
        if bytes.is_none() && !self.folder.is_dir() {
            return Err(StoreError::unavailable(format!(
                "the store's folder {} does not exist: it was removed or unmounted",
                self.folder.display()
            )));
        }
        Ok(bytes)
    }

    fn version(&self, name: &KeyName) -> Result<Option<Version>, StoreError> {
        let path = self.path(name);
        let Some(line) = self.read(&path, VERSION_LINE as u64)? else { return Ok(None) };
        parse_version(&line).map(Some).ok_or_else(|| corrupt(&path))
    }
}

/// The version on the first line.
fn parse_version(bytes: &[u8]) -> Option<Version> {
    let digits = bytes.get(..VERSION_LINE)?.strip_suffix(b"\n")?;
    let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digits = core::str::from_utf8(digits).ok().filter(|_| digits.iter().all(digit))?;
    u128::from_str_radix(digits, 16).ok().map(Version::new)
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
        let Some(bytes) = self.read(&path, u64::MAX)? else { return Ok(None) };
        let version = parse_version(&bytes).ok_or_else(|| corrupt(&path))?;
        Ok(Some(Entry { version, bytes: Zeroizing::new(bytes[VERSION_LINE..].to_vec()) }))
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        let unchanged = || Ok(self.version(name)? == expected);
        // Of many savers that expect the same version, only the first can succeed. The others stop waiting for the lock as
        // soon as the version changes.
        let Some(_guard) = self.save_locks.exclusive_while(name, within, unchanged)? else {
            return Ok(false);
        };
        if !unchanged()? {
            return Ok(false);
        }
        let line = format!("{:032x}\n", entry.version.value());
        files::replace(&self.path(name), &[line.as_bytes(), &entry.bytes])?;
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
}
