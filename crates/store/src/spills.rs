//! Where tokens go that their store would not take: one file for each attempt, in a folder of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use wellspring_core::{Attempt, StoreError, Unsaved};

use crate::{KeyName, encoding, files};

/// How the names of whole files end; all else in the folder is ignored.
const ENDING: &str = ".spill";

/// A folder of spilled tokens. It is made, for its owner alone, when the first one is spilled.
#[derive(Clone, Debug)]
pub struct Spills {
    folder: PathBuf,
}

impl Spills {
    /// Spills in this folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files of this key, in no order; none where there is no folder.
    ///
    /// # Errors
    ///
    /// When the folder is there and cannot be read.
    pub fn files(&self, name: &KeyName) -> Result<Vec<PathBuf>, StoreError> {
        let failed = |error| files::failed("cannot be read", &self.folder, error);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let spilled = entry
                .file_name()
                .to_str()
                .is_some_and(|file| file.starts_with(name.as_str()) && file.ends_with(ENDING));
            if spilled {
                found.push(entry.path());
            }
        }
        Ok(found)
    }

    /// One of the tokens that were spilled for this key, if there are any.
    pub(crate) fn find(&self, name: &KeyName) -> Result<Option<Unsaved>, StoreError> {
        for path in self.files(name)? {
            // Gone since the folder was read: somebody has saved it.
            let Some(bytes) = files::read(&path, u64::MAX)? else { continue };
            return encoding::decode_unsaved(&bytes).map(Some).map_err(|why| {
                StoreError::unreadable(format!("the spilled token in {} {why}", path.display()))
            });
        }
        Ok(None)
    }

    pub(crate) fn put(&self, name: &KeyName, unsaved: &Unsaved) -> Result<(), StoreError> {
        files::private_folder(&self.folder)?;
        files::replace(&self.path(name, unsaved.attempt), &[&encoding::encode_unsaved(unsaved)?])
    }

    pub(crate) fn forget(&self, name: &KeyName, attempt: Attempt) -> Result<(), StoreError> {
        files::remove(&self.path(name, attempt))
    }

    fn path(&self, name: &KeyName, attempt: Attempt) -> PathBuf {
        self.folder.join(format!("{name}-{attempt}{ENDING}"))
    }
}
