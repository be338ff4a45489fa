//! The store: one file for each key.

use core::time::Duration;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use wellspring_core::{
    LivenessLock, LockDomain, SharedBy, StoreError, StoreGuarantees, Version, WatchOutcome,
};
use wellspring_store::{Entry, FileLocks, KeyName, LivenessLocks, Map, Records, Zeroizing, files};

use crate::format::{VERSION_LINE, corrupt, parse, parse_version, version_line};
use crate::interrupted::Interrupted;
use crate::look::{self, LOCKS, SPILLS};

/// A map of records in a folder.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    save_locks: FileLocks,
    liveness_locks: LivenessLocks,
    /// The records whose superseded saves this store has removed.
    tidied: Mutex<BTreeSet<KeyName>>,
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
        let locks = folder.join(LOCKS);
        let spills = folder.join(SPILLS);
        let save_locks = FileLocks::open(&locks, "save")?;
        let liveness_locks = LivenessLocks::open(locks)?;
        Ok(Records::new(Self { folder, save_locks, liveness_locks, tidied: Mutex::default() })
            .with_spills(spills))
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
                "the store's folder {} does not exist: it was removed or unmounted; mount its file system again, or open the \
                 store anew",
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

    /// Saves this entry. Calls `written` between writing the temporary file and renaming it.
    fn save(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
        written: impl FnOnce(),
    ) -> Result<bool, StoreError> {
        let path = self.path(name);
        let unchanged = || Ok(self.version(name)? == expected);
        // Of many savers that expect the same version, only the first can succeed. The others stop waiting for the lock as
        // soon as the version changes.
        let Some(guard) = self.save_locks.exclusive_while(name, within, unchanged)? else {
            return Ok(false);
        };
        let interrupted = Interrupted::of(&path, expected);
        if !unchanged()? || interrupted.settle(&path)? {
            return Ok(false);
        }
        // Once is enough: a save leaves nothing of an earlier version.
        if self.tidied.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            interrupted.remove_superseded(&path)?;
        }
        let line = version_line(entry.version);
        // If a program removed the lock file, another saver may have a lock on a new one and write to the same temporary
        // file. Then only what the record holds says which of them has saved.
        let in_place = || self.save_locks.is_in_place(name, &guard);
        let pieces = [line.as_bytes(), &entry.bytes];
        let replaced = files::replace_if(&path, interrupted.temporary(), &pieces, || {
            written();
            Ok(in_place()? && unchanged()?)
        })?;
        let lasts = || Ok(replaced && in_place()? && self.version(name)? == Some(entry.version));
        if lasts().map_err(StoreError::maybe_applied)? {
            return Ok(true);
        }
        Err(StoreError::unavailable(format!(
            "the lock file of {} was removed while it was saved",
            path.display()
        ))
        .maybe_applied())
    }
}

impl Map for FileStore {
    fn shown(&self, name: &KeyName) -> String {
        self.path(name).display().to_string()
    }

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
        self.save(name, expected, entry, within, || ())
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

    fn names(&self, _: Duration) -> Result<Vec<KeyName>, StoreError> {
        look::names(&self.folder)
    }

    fn problems(&self) -> Vec<StoreError> {
        look::problems(&self.folder)
    }

    fn notes(&self) -> Vec<String> {
        look::notes(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use wellspring_core::{Applied, TokenKey};
    use wellspring_store::contract::{Folder, write_private};

    use super::*;

    fn entry(version: u128) -> Entry {
        Entry { version: Version::new(version), bytes: Zeroizing::new(b"a record".to_vec()) }
    }

    /// Another program removes the lock files during a save. Another saver, which locks a new file, has begun to write.
    #[test]
    fn a_saver_that_has_lost_its_lock_file_does_not_move_the_file_of_another_saver_into_place() {
        let folder = Folder::new();
        let folder = folder.path();
        let records = FileStore::open(folder).unwrap();
        let (store, name) = (records.map(), KeyName::of(&TokenKey::new("p", "e")));
        assert!(store.swap(&name, None, &entry(1), Duration::MAX).unwrap());
        let first = Some(Version::new(1));
        let path = store.path(&name);
        let temporary = Interrupted::of(&path, first).temporary().to_owned();
        let lose_lock = || {
            fs::remove_dir_all(folder.join("locks")).unwrap();
            fs::remove_file(&temporary).unwrap();
            write_private(&temporary, format!("{}half", version_line(Version::new(3))));
        };
        let error = store.save(&name, first, &entry(2), Duration::MAX, lose_lock).unwrap_err();
        assert_eq!(error.applied(), Applied::Maybe);
        assert!(error.to_string().ends_with("was removed while it was saved"), "{error}");
        assert_eq!((store.version(&name).unwrap(), temporary.exists()), (first, true));
    }

    #[test]
    fn a_saver_that_has_lost_its_lock_file_does_not_know_that_it_has_saved() {
        let folder = Folder::new();
        let folder = folder.path();
        let (here, there) = (FileStore::open(folder).unwrap(), FileStore::open(folder).unwrap());
        let name = KeyName::of(&TokenKey::new("p", "e"));
        let lose_lock = || {
            fs::remove_dir_all(folder.join("locks")).unwrap();
            assert!(there.map().swap(&name, None, &entry(3), Duration::MAX).unwrap());
        };
        let error = here.map().save(&name, None, &entry(2), Duration::MAX, lose_lock).unwrap_err();
        assert_eq!(error.applied(), Applied::Maybe);
        assert_eq!(here.map().version(&name).unwrap(), Some(Version::new(3)));
    }
}
