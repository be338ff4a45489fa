//! Spilled tokens: one file for each attempt whose save the store refused.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use wellspring_core::{Attempt, PendingSave, StoreError};

use crate::map::KeyName;
use crate::{encoding, files};

/// The extension of complete files; a load ignores other files in the folder.
const EXTENSION: &str = ".spill";

/// A folder of spilled tokens. The first spill creates it with mode 0700.
#[derive(Clone, Debug)]
pub struct Spills {
    folder: PathBuf,
}

impl Spills {
    /// Spilled tokens in this folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files of this key, in arbitrary order; none if the folder does not exist.
    ///
    /// # Errors
    ///
    /// When the folder exists and cannot be read.
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
                .is_some_and(|file| file.starts_with(name.as_str()) && file.ends_with(EXTENSION));
            if spilled {
                found.push(entry.path());
            }
        }
        Ok(found)
    }

    /// Any spilled token of this key.
    pub(crate) fn find(&self, name: &KeyName) -> Result<Option<PendingSave>, StoreError> {
        for path in self.files(name)? {
            // Another process saved the token and removed the file after this process had read the folder.
            let Some(bytes) = files::read(&path, u64::MAX)? else { continue };
            return encoding::decode_pending_save(&bytes).map(Some).map_err(|error| {
                StoreError::unreadable(format!("the spilled token in {} {error}", path.display()))
            });
        }
        Ok(None)
    }

    pub(crate) fn put(&self, name: &KeyName, pending_save: &PendingSave) -> Result<(), StoreError> {
        files::create_private_folder(&self.folder)?;
        files::replace(
            &self.path(name, pending_save.attempt),
            &[&encoding::encode_pending_save(pending_save)?],
        )
    }

    pub(crate) fn forget(&self, name: &KeyName, attempt: Attempt) -> Result<(), StoreError> {
        files::remove(&self.path(name, attempt))
    }

    fn path(&self, name: &KeyName, attempt: Attempt) -> PathBuf {
        self.folder.join(format!("{name}-{attempt}{EXTENSION}"))
    }
}

#[cfg(test)]
mod tests {
    use wellspring_core::TokenKey;

    use super::*;
    use crate::contract::{Folder, sample};

    #[test]
    fn a_spilled_token_that_cannot_be_decoded_is_named_and_stays() {
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
    fn a_load_ignores_the_temporary_file_of_a_crash_and_forgetting_the_spill_removes_it() {
        let folder = Folder::new();
        let spills = Spills::new(folder.path());
        let (name, pending_save) = (KeyName::of(&TokenKey::new("p", "e")), sample::pending_save(1));
        let temporary = folder.path().join(format!("{name}-{}{EXTENSION}.new", pending_save.attempt));
        fs::write(&temporary, "incomplete").unwrap();
        assert!(spills.find(&name).unwrap().is_none());
        spills.forget(&name, pending_save.attempt).unwrap();
        assert!(!temporary.exists());
    }

    #[test]
    fn a_path_that_is_not_a_folder_is_an_error_for_loads_and_spills() {
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
