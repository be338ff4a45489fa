//! Kernel locks on a few lock files. The kernel frees a lock when its process ends, also when the process is killed.

use core::time::Duration;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use wellspring_core::StoreError;

use crate::clock::Deadline;
use crate::files::{self, lock};
use crate::map::KeyName;

/// How many lock files the keys share.
const FILES: u8 = 16;

/// Bounds of the pause before the next try of a lock that is held. The pause doubles, because a hundred waiters that
/// poll all the time would slow the holder down. The kernel's blocking lock call has no deadline.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// Striped locks in a folder: each lock file serves one sixteenth of all keys. No lock file is ever unlinked here, because
/// a lock on an unlinked file excludes no other process. If another program unlinks one, the next lock is on a new file.
///
/// The locks are those of `flock`. Each lock belongs to one open file description, so the threads of one process exclude
/// one another like processes do.
#[derive(Clone, Debug)]
pub struct FileLocks {
    folder: PathBuf,
    purpose: &'static str,
}

/// Holds a lock until it is dropped or the process ends.
#[derive(Debug)]
pub struct FileLockGuard(pub(crate) File);

impl Drop for FileLockGuard {
    fn drop(&mut self) {
        // Closing the file does not unlock it while a forked child has the same open file description. If unlocking
        // fails, the kernel frees the lock when the process ends.
        drop(lock::unlock(&self.0));
    }
}

impl FileLocks {
    /// Locks for this purpose in this folder, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// When the folder cannot be created, or other users can write to it.
    pub fn open(folder: impl Into<PathBuf>, purpose: &'static str) -> Result<Self, StoreError> {
        let folder = folder.into();
        files::create_private_folder(&folder)?;
        Ok(Self { folder, purpose })
    }

    /// Locks for this purpose in this folder, which the first lock creates if it does not exist.
    pub(crate) fn later(folder: impl Into<PathBuf>, purpose: &'static str) -> Self {
        Self { folder: folder.into(), purpose }
    }

    /// The key's lock, shared with other holders.
    ///
    /// # Errors
    ///
    /// When another holder has the lock exclusively for longer than `within`, or the file cannot be locked.
    pub fn shared(&self, name: &KeyName, within: Duration) -> Result<FileLockGuard, StoreError> {
        let guard = self.wait(name, within, lock::try_shared, || Ok(true))?;
        Ok(guard.expect("the wait ends without a lock only if the lock is no longer wanted"))
    }

    /// The key's lock, exclusively.
    ///
    /// # Errors
    ///
    /// When another holder has the lock for longer than `within`, or the file cannot be locked.
    pub fn exclusive(&self, name: &KeyName, within: Duration) -> Result<FileLockGuard, StoreError> {
        let guard = self.wait(name, within, lock::try_exclusive, || Ok(true))?;
        Ok(guard.expect("the wait ends without a lock only if the lock is no longer wanted"))
    }

    /// The key's lock, exclusively; `None` if another holder has the lock and `wanted` returns `false` during the wait.
    ///
    /// # Errors
    ///
    /// Those of `wanted`; when another holder has the lock for longer than `within`, or the file cannot be locked.
    pub fn exclusive_while(
        &self,
        name: &KeyName,
        within: Duration,
        wanted: impl Fn() -> Result<bool, StoreError>,
    ) -> Result<Option<FileLockGuard>, StoreError> {
        self.wait(name, within, lock::try_exclusive, wanted)
    }

    /// The key's lock, exclusively; `None` if another holder has the lock.
    ///
    /// # Errors
    ///
    /// When the file cannot be locked.
    pub fn try_exclusive(&self, name: &KeyName) -> Result<Option<FileLockGuard>, StoreError> {
        let file = self.file(name)?;
        Ok(self.try_lock(name, &file)?.then(|| FileLockGuard(file)))
    }

    /// The key's lock file, not locked; `None` if it does not exist.
    pub(crate) fn existing_file(&self, name: &KeyName) -> Result<Option<File>, StoreError> {
        files::open_existing(&self.path(name))
    }

    /// Whether this file, the key's, could be locked exclusively.
    pub(crate) fn try_lock(&self, name: &KeyName, file: &File) -> Result<bool, StoreError> {
        self.is_locked(name, lock::try_exclusive(file))
    }

    /// Whether the lock is still on the key's lock file. If another program has removed that file, the lock excludes only
    /// processes that had opened the file before.
    ///
    /// # Errors
    ///
    /// When the lock file cannot be inspected.
    pub fn is_in_place(&self, name: &KeyName, guard: &FileLockGuard) -> Result<bool, StoreError> {
        files::is_in_place(&guard.0, &self.path(name))
    }

    fn wait(
        &self,
        name: &KeyName,
        within: Duration,
        try_lock: impl Fn(&File) -> io::Result<bool>,
        wanted: impl Fn() -> Result<bool, StoreError>,
    ) -> Result<Option<FileLockGuard>, StoreError> {
        let deadline = Deadline::after(within);
        let mut file = self.file(name)?;
        let mut pause = SHORTEST_PAUSE;
        loop {
            if self.is_locked(name, try_lock(&file))? {
                let guard = FileLockGuard(file);
                if self.is_in_place(name, &guard)? {
                    return Ok(Some(guard));
                }
                file = self.file(name)?;
            }
            if !wanted()? {
                return Ok(None);
            }
            if !deadline.sleep(pause) {
                let path = self.path(name);
                return Err(StoreError::unavailable(format!(
                    "{} was locked by another process or thread for longer than {within:?}",
                    path.display()
                )));
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn is_locked(&self, name: &KeyName, outcome: io::Result<bool>) -> Result<bool, StoreError> {
        match outcome {
            Ok(taken) => Ok(taken),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(error) => Err(files::failed("cannot be locked", &self.path(name), error)),
        }
    }

    /// Opens the key's lock file. Creates the folder again if a user removed it together with the store.
    fn file(&self, name: &KeyName) -> Result<File, StoreError> {
        let path = self.path(name);
        files::open_or_create(&path).or_else(|_| {
            files::create_private_folder(&self.folder)?;
            files::open_or_create(&path)
        })
    }

    pub(crate) fn path(&self, name: &KeyName) -> PathBuf {
        let sum = name.as_str().bytes().fold(0, u8::wrapping_add);
        self.folder.join(format!("{}-{:02}", self.purpose, sum % FILES))
    }
}

#[cfg(test)]
mod tests {
    use wellspring_core::TokenKey;

    use super::*;
    use crate::contract::Folder;

    fn name(n: u32) -> KeyName {
        KeyName::of(&TokenKey::new("stripes", &n.to_string()))
    }

    fn locks() -> (Folder, FileLocks) {
        let folder = Folder::new();
        let locks = FileLocks::open(folder.path().join("locks"), "test").unwrap();
        (folder, locks)
    }

    #[test]
    fn an_exclusive_lock_excludes_every_other_and_a_shared_lock_excludes_exclusive_ones() {
        let (_folder, locks) = locks();
        let exclusive = locks.exclusive(&name(1), Duration::ZERO).unwrap();
        assert!(locks.try_exclusive(&name(1)).unwrap().is_none());
        let error = locks.shared(&name(1), Duration::from_millis(5)).unwrap_err();
        assert!(
            error.to_string().ends_with("was locked by another process or thread for longer than 5ms"),
            "{error}"
        );
        drop(exclusive);
        let shared = [locks.shared(&name(1), Duration::ZERO), locks.shared(&name(1), Duration::ZERO)];
        assert!(shared.iter().all(Result::is_ok) && locks.try_exclusive(&name(1)).unwrap().is_none());
        drop(shared);
        assert!(locks.try_exclusive(&name(1)).unwrap().is_some());
    }

    #[test]
    fn the_wait_ends_when_the_lock_is_no_longer_wanted() {
        let (_folder, locks) = locks();
        assert!(locks.exclusive_while(&name(1), Duration::ZERO, || Ok(false)).unwrap().is_some());
        let _exclusive = locks.exclusive(&name(1), Duration::ZERO).unwrap();
        let calls_left = core::cell::Cell::new(3);
        let wanted = || Ok(calls_left.replace(calls_left.get() - 1) > 1);
        let guard = locks.exclusive_while(&name(1), Duration::MAX, wanted).unwrap();
        assert_eq!((guard.is_none(), calls_left.get()), (true, 0));
    }

    #[test]
    fn a_lock_on_a_file_that_was_removed_meanwhile_is_taken_again_on_the_new_one() {
        let (_folder, locks) = locks();
        let held = core::cell::Cell::new(Some(locks.exclusive(&name(1), Duration::ZERO).unwrap()));
        let remove_and_release = || {
            if let Some(held) = held.take() {
                std::fs::remove_file(locks.path(&name(1))).unwrap();
                drop(held);
            }
            Ok(true)
        };
        let guard = locks.exclusive_while(&name(1), Duration::MAX, remove_and_release).unwrap().unwrap();
        assert!(locks.is_in_place(&name(1), &guard).unwrap());
        assert!(locks.try_exclusive(&name(1)).unwrap().is_none());
    }

    #[test]
    fn locks_for_different_purposes_are_independent() {
        let folder = Folder::new();
        let [first, second] =
            ["one", "other"].map(|purpose| FileLocks::open(folder.path(), purpose).unwrap());
        let _exclusive = first.exclusive(&name(1), Duration::ZERO).unwrap();
        assert!(second.try_exclusive(&name(1)).unwrap().is_some());
    }

    #[test]
    fn many_keys_share_sixteen_lock_files_that_stay() {
        let (folder, locks) = locks();
        for n in 0..200 {
            drop(locks.exclusive(&name(n), Duration::ZERO).unwrap());
        }
        let files = std::fs::read_dir(folder.path().join("locks")).unwrap();
        assert_eq!(files.count(), usize::from(FILES));
    }

    #[test]
    fn the_next_lock_creates_a_removed_folder_again() {
        let (folder, locks) = locks();
        std::fs::remove_dir_all(folder.path().join("locks")).unwrap();
        assert!(locks.shared(&name(1), Duration::ZERO).is_ok());
    }
}
