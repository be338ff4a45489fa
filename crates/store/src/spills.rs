//! Where tokens go that their store would not take: one file for each attempt, in a folder of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use wellspring_core::{Attempt, PendingSave, StoreError};

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
    pub(crate) fn find(&self, name: &KeyName) -> Result<Option<PendingSave>, StoreError> {
        for path in self.files(name)? {
            // Gone since the folder was read: somebody has saved it.
            let Some(bytes) = files::read(&path, u64::MAX)? else { continue };
            return encoding::decode_pending_save(&bytes).map(Some).map_err(|why| {
                StoreError::unreadable(format!("the spilled token in {} {why}", path.display()))
            });
        }
        Ok(None)
    }

    pub(crate) fn put(&self, name: &KeyName, pending_save: &PendingSave) -> Result<(), StoreError> {
        files::private_folder(&self.folder)?;
        files::replace(
            &self.path(name, pending_save.attempt),
            &[&encoding::encode_pending_save(pending_save)?],
        )
    }

    pub(crate) fn forget(&self, name: &KeyName, attempt: Attempt) -> Result<(), StoreError> {
        files::remove(&self.path(name, attempt))
    }

    fn path(&self, name: &KeyName, attempt: Attempt) -> PathBuf {
        self.folder.join(format!("{name}-{attempt}{ENDING}"))
    }
}

#[cfg(test)]
mod tests {
    use wellspring_core::TokenKey;

    use super::*;
    use crate::contract::{Folder, sample};

    #[test]
    fn a_spilled_token_that_cannot_be_read_is_named_and_stays() {
        let folder = Folder::new();
        let spills = Spills::new(folder.path().join("spill"));
        let (name, pending_save) = (KeyName::of(&TokenKey::new("p", "e")), sample::pending_save(1));
        spills.put(&name, &pending_save).unwrap();
        let path = spills.files(&name).unwrap().remove(0);
        fs::write(&path, "canary").unwrap();
        let error = spills.find(&name).unwrap_err();
        let text = error.to_string();
        assert!(error.is_unreadable() && text.contains(&path.display().to_string()), "{text}");
        assert!(!format!("{error:?}").contains("canary"));
        assert_eq!(fs::read(&path).unwrap(), b"canary");
    }

    #[test]
    fn what_a_crash_has_left_is_ignored_and_goes_with_its_spill() {
        let folder = Folder::new();
        let spills = Spills::new(folder.path());
        let (name, pending_save) = (KeyName::of(&TokenKey::new("p", "e")), sample::pending_save(1));
        let half = folder.path().join(format!("{name}-{}{ENDING}.new", pending_save.attempt));
        fs::write(&half, "half of it").unwrap();
        assert!(spills.find(&name).unwrap().is_none());
        spills.forget(&name, pending_save.attempt).unwrap();
        assert!(!half.exists());
    }

    #[test]
    fn a_place_that_is_no_folder_is_an_error_when_it_is_looked_at_or_needed() {
        let folder = Folder::new();
        let file = folder.path().join("file");
        files::replace(&file, &[b"x"]).unwrap();
        let spills = Spills::new(&file);
        let name = KeyName::of(&TokenKey::new("p", "e"));
        assert!(spills.find(&name).unwrap_err().to_string().ends_with("file cannot be read"));
        let error = spills.put(&name, &sample::pending_save(1)).unwrap_err();
        assert!(error.to_string().ends_with("file is not a folder"), "{error}");
    }
}
