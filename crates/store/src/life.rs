//! The liveness lock of the processes of one machine, and watching a key with its help.

use core::time::Duration;
use std::path::PathBuf;

use wellspring_core::{LivenessLock, StoreError, Version, WatchOutcome};

use crate::{Deadline, KeyName, Stripes};

/// How often a watched key is looked at.
const NAP: Duration = Duration::from_millis(20);

/// Who is alive shares the lock of the key's stripe; who gets it alone knows that nobody is.
///
/// Another key's owner on the same stripe makes a watcher wait, which costs time and nothing else.
#[derive(Clone, Debug)]
pub struct Life(Stripes);

impl Life {
    /// Liveness locks in this folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or is not fit for tokens.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Stripes::open(folder, "life").map(Self)
    }

    /// Shows, until it is dropped, that a save for this key may still come.
    ///
    /// # Errors
    ///
    /// When a watcher does not let go of the stripe within this time, or its file cannot be locked at all.
    pub fn sign(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        self.0.shared(name, within).map(LivenessLock::new)
    }

    /// Waits until `look` shows another version than this one, or nobody alive could still save for the key. `look` is
    /// told how long it may take.
    ///
    /// # Errors
    ///
    /// Those of `look`, and when the stripe's file cannot be locked.
    pub fn watch(
        &self,
        name: &KeyName,
        version: Version,
        within: Duration,
        mut look: impl FnMut(Duration) -> Result<Option<Version>, StoreError>,
    ) -> Result<WatchOutcome, StoreError> {
        let deadline = Deadline::after(within);
        loop {
            if look(deadline.left())? != Some(version) {
                return Ok(WatchOutcome::Changed);
            }
            if let Some(_alone) = self.0.try_exclusive(name)? {
                // The owner may have saved between the look and the lock, and died of old age after that.
                let same = look(deadline.left())? == Some(version);
                return Ok(if same { WatchOutcome::OwnerGone } else { WatchOutcome::Changed });
            }
            if !deadline.nap(NAP) {
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

    /// The owner may save between the first look and the lock, and be gone then: that is a change.
    #[test]
    fn the_version_is_looked_at_again_under_the_lock() {
        let folder = Folder::new();
        let life = Life::open(folder.path()).unwrap();
        let name = KeyName::of(&TokenKey::new("p", "e"));
        let mut looks = [1, 2].into_iter().map(Version::new);
        let watched = life.watch(&name, Version::new(1), Duration::ZERO, |_| Ok(looks.next()));
        assert_eq!(watched.unwrap(), WatchOutcome::Changed);
    }

    #[test]
    fn nobody_can_come_alive_while_the_version_is_looked_at_again() {
        let folder = Folder::new();
        let life = Life::open(folder.path()).unwrap();
        let name = KeyName::of(&TokenKey::new("p", "e"));
        let mut signs = Vec::new();
        let watched = life.watch(&name, Version::new(1), Duration::ZERO, |_| {
            signs.push(life.sign(&name, Duration::ZERO).is_ok());
            Ok(Some(Version::new(1)))
        });
        assert_eq!((watched.unwrap(), signs), (WatchOutcome::OwnerGone, vec![true, false]));
    }

    #[test]
    fn what_cannot_be_looked_at_is_an_error_and_no_dead_owner() {
        let folder = Folder::new();
        let life = Life::open(folder.path()).unwrap();
        let name = KeyName::of(&TokenKey::new("p", "e"));
        let watched =
            life.watch(&name, Version::new(1), Duration::ZERO, |_| Err(StoreError::unavailable("x")));
        assert_eq!(watched.unwrap_err().to_string(), "x");
    }
}
