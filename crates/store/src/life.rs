//! The sign of life of the processes of one machine, and watching a key with its help.

use core::time::Duration;
use std::path::PathBuf;

use wellspring_core::{Sighting, SignOfLife, StoreError, Version};

use crate::{Deadline, KeyName, Stripes};

/// How often a watched key is looked at.
const NAP: Duration = Duration::from_millis(20);

/// Who is alive shares the lock of the key's stripe; who gets it alone knows that nobody is.
///
/// Another key's owner on the same stripe makes a watcher wait, which costs time and nothing else.
#[derive(Clone, Debug)]
pub struct Life(Stripes);

impl Life {
    /// Signs of life in this folder, which is made if it is not there.
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
    pub fn sign(&self, name: &KeyName, within: Duration) -> Result<SignOfLife, StoreError> {
        self.0.shared(name, within).map(SignOfLife::new)
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
    ) -> Result<Sighting, StoreError> {
        let deadline = Deadline::after(within);
        loop {
            if look(deadline.left())? != Some(version) {
                return Ok(Sighting::Changed);
            }
            if let Some(_alone) = self.0.try_exclusive(name)? {
                // The owner may have saved between the look and the lock, and died of old age after that.
                let same = look(deadline.left())? == Some(version);
                return Ok(if same { Sighting::OwnerGone } else { Sighting::Changed });
            }
            if !deadline.nap(NAP) {
                return Ok(Sighting::Unchanged);
            }
        }
    }
}
