//! Kernel locks on a few side files: whoever dies, however suddenly, holds none any longer.

use core::time::Duration;
use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;

use wellspring_core::StoreError;

use crate::{Deadline, KeyName, files};

/// How many keys can be locked at once, and how many files there are at most.
const STRIPES: u8 = 16;

/// How soon a lock that somebody holds is tried again, at first and at last: a hundred who all look every moment would
/// keep the one who holds it from its work. The kernel's own waiting has no deadline.
const NAP: Duration = Duration::from_millis(2);
const LONGEST_NAP: Duration = Duration::from_millis(16);

/// Side files in a folder, one for every sixteenth of all keys. They are never unlinked: a lock on a file that has
/// lost its name excludes nobody.
///
/// The locks are those of `flock`: each belongs to one opening of the file, so threads of one process exclude one
/// another like processes do.
#[derive(Clone, Debug)]
pub struct Stripes {
    folder: PathBuf,
    purpose: &'static str,
}

/// A lock, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do, were it not for a forked child that still holds the same opening. What cannot be
        // unlocked is freed with the process.
        drop(self.0.unlock());
    }
}

impl Stripes {
    /// Locks of this purpose in this folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or is not fit for tokens.
    pub fn open(folder: impl Into<PathBuf>, purpose: &'static str) -> Result<Self, StoreError> {
        let folder = folder.into();
        files::private_folder(&folder)?;
        Ok(Self { folder, purpose })
    }

    /// This key's lock, together with whoever else holds it like this.
    ///
    /// # Errors
    ///
    /// When somebody holds it alone for longer than this, or it cannot be had at all.
    pub fn shared(&self, name: &KeyName, within: Duration) -> Result<Lock, StoreError> {
        let held = self.wait(name, within, File::try_lock_shared, || Ok(true))?;
        Ok(held.expect("a lock that is always wanted is waited for"))
    }

    /// This key's lock, alone.
    ///
    /// # Errors
    ///
    /// When somebody else holds it for longer than this, or it cannot be had at all.
    pub fn exclusive(&self, name: &KeyName, within: Duration) -> Result<Lock, StoreError> {
        let held = self.wait(name, within, File::try_lock, || Ok(true))?;
        Ok(held.expect("a lock that is always wanted is waited for"))
    }

    /// This key's lock, alone; `None` where it has to be waited for and `wanted` says meanwhile that it no longer is.
    ///
    /// # Errors
    ///
    /// Those of `wanted`; when somebody else holds it for longer than this, or it cannot be had at all.
    pub fn exclusive_while(
        &self,
        name: &KeyName,
        within: Duration,
        wanted: impl Fn() -> Result<bool, StoreError>,
    ) -> Result<Option<Lock>, StoreError> {
        self.wait(name, within, File::try_lock, wanted)
    }

    /// This key's lock, alone, if nobody holds it.
    ///
    /// # Errors
    ///
    /// When it cannot be had for another reason.
    pub fn try_exclusive(&self, name: &KeyName) -> Result<Option<Lock>, StoreError> {
        let file = self.file(name)?;
        Ok(self.locked(name, file.try_lock())?.then(|| Lock(file)))
    }

    fn wait(
        &self,
        name: &KeyName,
        within: Duration,
        lock: impl Fn(&File) -> Result<(), TryLockError>,
        wanted: impl Fn() -> Result<bool, StoreError>,
    ) -> Result<Option<Lock>, StoreError> {
        let deadline = Deadline::after(within);
        let file = self.file(name)?;
        let mut nap = NAP;
        while !self.locked(name, lock(&file))? {
            if !wanted()? {
                return Ok(None);
            }
            if !deadline.nap(nap) {
                let path = self.path(name);
                let text = format!("{} was locked by another for longer than {within:?}", path.display());
                return Err(StoreError::unavailable(text));
            }
            nap = (nap * 2).min(LONGEST_NAP);
        }
        Ok(Some(Lock(file)))
    }

    fn locked(&self, name: &KeyName, outcome: Result<(), TryLockError>) -> Result<bool, StoreError> {
        match outcome {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(TryLockError::Error(error)) => {
                Err(files::failed("cannot be locked", &self.path(name), error))
            }
        }
    }

    /// The folder is made again where somebody has removed it together with the store.
    fn file(&self, name: &KeyName) -> Result<File, StoreError> {
        let path = self.path(name);
        files::open_or_make(&path).or_else(|_| {
            files::private_folder(&self.folder)?;
            files::open_or_make(&path)
        })
    }

    fn path(&self, name: &KeyName) -> PathBuf {
        let sum = name.as_str().bytes().fold(0, u8::wrapping_add);
        self.folder.join(format!("{}-{:02}", self.purpose, sum % STRIPES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Folder;
    use wellspring_core::TokenKey;

    fn name(n: u32) -> KeyName {
        KeyName::of(&TokenKey::new("stripes", &n.to_string()))
    }

    #[test]
    fn who_is_alone_keeps_everybody_out_and_who_shares_keeps_out_who_would_be_alone() {
        let folder = Folder::new();
        let stripes = Stripes::open(folder.path(), "test").unwrap();
        let alone = stripes.exclusive(&name(1), Duration::ZERO).unwrap();
        assert!(stripes.try_exclusive(&name(1)).unwrap().is_none());
        let error = stripes.shared(&name(1), Duration::from_millis(5)).unwrap_err();
        assert!(error.to_string().ends_with("was locked by another for longer than 5ms"), "{error}");
        drop(alone);
        let shared = [stripes.shared(&name(1), Duration::ZERO), stripes.shared(&name(1), Duration::ZERO)];
        assert!(shared.iter().all(Result::is_ok) && stripes.try_exclusive(&name(1)).unwrap().is_none());
        drop(shared);
        assert!(stripes.try_exclusive(&name(1)).unwrap().is_some());
    }

    #[test]
    fn a_lock_that_is_wanted_no_longer_is_not_waited_for() {
        let folder = Folder::new();
        let stripes = Stripes::open(folder.path(), "test").unwrap();
        assert!(stripes.exclusive_while(&name(1), Duration::ZERO, || Ok(false)).unwrap().is_some());
        let _alone = stripes.exclusive(&name(1), Duration::ZERO).unwrap();
        let looks = core::cell::Cell::new(3);
        let wanted = || Ok(looks.replace(looks.get() - 1) > 1);
        let held = stripes.exclusive_while(&name(1), Duration::MAX, wanted).unwrap();
        assert_eq!((held.is_none(), looks.get()), (true, 0));
    }

    #[test]
    fn locks_of_another_purpose_are_other_locks() {
        let folder = Folder::new();
        let [one, other] = ["one", "other"].map(|purpose| Stripes::open(folder.path(), purpose).unwrap());
        let _alone = one.exclusive(&name(1), Duration::ZERO).unwrap();
        assert!(other.try_exclusive(&name(1)).unwrap().is_some());
    }

    #[test]
    fn the_files_are_few_and_stay() {
        let folder = Folder::new();
        let stripes = Stripes::open(folder.path(), "test").unwrap();
        for n in 0..200 {
            drop(stripes.exclusive(&name(n), Duration::ZERO).unwrap());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), usize::from(STRIPES));
    }

    #[test]
    fn a_removed_folder_comes_back_with_the_next_lock() {
        let folder = Folder::new();
        let stripes = Stripes::open(folder.path().join("locks"), "test").unwrap();
        std::fs::remove_dir_all(folder.path().join("locks")).unwrap();
        assert!(stripes.shared(&name(1), Duration::ZERO).is_ok());
    }
}
