//! One file for each key.

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wellspring_core::{LivenessLock, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome};
use wellspring_store::{Entry, KeyName, Life, Map, Records, Stripes, Zeroizing, files};

/// A version's line: 32 digits and the line's end.
const VERSION_LINE: usize = 33;

/// Records in a folder.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    saves: Stripes,
    life: Life,
}

impl FileStore {
    /// Opens the store in this folder. The folder is made if it is not there; what lies above it has to be there. What
    /// cannot be saved is spilled to its folder `spill`, unless
    /// [`with_spills`](wellspring_store::Records::with_spills) names another.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, is no folder or can be written by others.
    pub fn open(folder: impl AsRef<Path>) -> Result<Records<Self>, StoreError> {
        let folder = std::path::absolute(folder).map_err(|error| {
            StoreError::unavailable("the store's folder cannot be found").with_source(Arc::new(error))
        })?;
        files::private_folder(&folder)?;
        let locks = folder.join("locks");
        let spills = folder.join("spill");
        let store = Self { saves: Stripes::open(&locks, "save")?, life: Life::open(locks)?, folder };
        Ok(Records::new(store).with_spills(spills))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A sentence about each file and folder of the store that others than its owner may look into.
    #[must_use]
    pub fn open_to_others(&self) -> Vec<String> {
        let inside = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        core::iter::once(self.folder.clone())
            .chain(inside)
            .filter_map(|path| files::open_to_others(&path))
            .collect()
    }

    fn path(&self, name: &KeyName) -> PathBuf {
        self.folder.join(format!("{name}.token"))
    }

    /// What is in this key's file, or this much of its beginning. A folder that is gone, unmounted maybe, does not mean
    /// that nothing was ever saved in it.
    fn read(&self, path: &Path, at_most: u64) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let found = files::read(path, at_most)?;
        if found.is_none() && !self.folder.is_dir() {
            return Err(StoreError::unavailable(format!("the folder {} is gone", self.folder.display())));
        }
        Ok(found)
    }

    fn version(&self, name: &KeyName) -> Result<Option<Version>, StoreError> {
        let path = self.path(name);
        let Some(line) = self.read(&path, VERSION_LINE as u64)? else { return Ok(None) };
        version_of(&line).map(Some).ok_or_else(|| garbled(&path))
    }
}

/// The version that these bytes begin with.
fn version_of(bytes: &[u8]) -> Option<Version> {
    let digits = bytes.get(..VERSION_LINE)?.strip_suffix(b"\n")?;
    let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digits = core::str::from_utf8(digits).ok().filter(|_| digits.iter().all(digit))?;
    u128::from_str_radix(digits, 16).ok().map(Version::new)
}

fn garbled(path: &Path) -> StoreError {
    StoreError::unreadable(format!("{} is garbled: it does not begin with a version", path.display()))
}

impl Map for FileStore {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Host, durable: true, may_go_back: false }
    }

    fn load(&self, name: &KeyName, _: Duration) -> Result<Option<Entry>, StoreError> {
        let path = self.path(name);
        let Some(bytes) = self.read(&path, u64::MAX)? else { return Ok(None) };
        let version = version_of(&bytes).ok_or_else(|| garbled(&path))?;
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
        // Of a hundred who would replace one version all but the first are done as soon as the first one is.
        let Some(_alone) = self.saves.exclusive_while(name, within, unchanged)? else { return Ok(false) };
        if !unchanged()? {
            return Ok(false);
        }
        let line = format!("{:032x}\n", entry.version.value());
        files::replace(&self.path(name), &[line.as_bytes(), &entry.bytes])?;
        Ok(true)
    }

    fn watch(&self, name: &KeyName, version: Version, within: Duration) -> Result<WatchOutcome, StoreError> {
        self.life.watch(name, version, within, |_| self.version(name))
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.life.sign(name, within)
    }
}
