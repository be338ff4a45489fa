//! Saves that were interrupted between the writing of the new file and its renaming.
//!
//! A save writes the new record to a temporary file, whose name says which version it replaces, and renames it. If the
//! process is killed in between, the temporary file holds a whole record, perhaps with the only valid token: it is renamed
//! by the process that comes next. A record that was not written completely is discarded: its save was never confirmed. So
//! is a lease: nothing was sent under it, and a finished one would look as if its refresh token had been sent.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use wellspring_core::{StoreError, Version};
use wellspring_store::{Entry, files};

use crate::format::parse;

/// The extension of a temporary file.
pub(crate) const TEMPORARY: &str = ".new";

/// The temporary files of one version of one record.
#[derive(Debug)]
pub(crate) struct Interrupted {
    temporary: PathBuf,
    /// Without a version, as earlier versions of this crate named it. Such a file was written after the record, because each
    /// save began by removing it.
    earlier: PathBuf,
}

impl Interrupted {
    /// The temporary files of saves that replace this version of the record at this path.
    pub(crate) fn of(path: &Path, version: Option<Version>) -> Self {
        let temporary = match version {
            Some(version) => files::with_suffix(path, &format!(".{:032x}{TEMPORARY}", version.value())),
            None => files::with_suffix(path, &format!(".first{TEMPORARY}")),
        };
        Self { temporary, earlier: files::with_suffix(path, TEMPORARY) }
    }

    /// Where a save writes.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Whether a save is under way or was interrupted.
    pub(crate) fn is_found(&self) -> bool {
        [&self.temporary, &self.earlier].into_iter().any(|path| path.symlink_metadata().is_ok())
    }

    /// Finishes the save that was interrupted, if its record is whole and not leased, and discards it otherwise. Returns whether the record
    /// at this path has changed. The caller holds the lock of saves, and the record still has the version.
    pub(crate) fn settle(&self, path: &Path) -> Result<bool, StoreError> {
        for temporary in [&self.temporary, &self.earlier] {
            let Some(bytes) = files::read(temporary, u64::MAX)? else { continue };
            let worth = |entry: Entry| Ok(entry.is_whole()? && !entry.holds_lease());
            if parse(&bytes).map_or(Ok(false), worth)? {
                files::finish(path, temporary)?;
                return Ok(true);
            }
            files::remove(temporary)?;
        }
        Ok(false)
    }

    /// Removes what was left by saves that replace other versions of the record at this path: the record has none of these
    /// versions any more, so nothing can finish them, and they may hold tokens. The caller holds the lock of saves.
    pub(crate) fn remove_superseded(&self, path: &Path) -> Result<(), StoreError> {
        let (Some(folder), Some(record)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) else {
            return Ok(());
        };
        let entries = fs::read_dir(folder).map_err(|error| files::failed("cannot be read", folder, error))?;
        let is_superseded = |name: &OsStr| {
            let rest = name.to_str().and_then(|name| name.strip_prefix(record));
            rest.is_some_and(|rest| rest.starts_with('.') && rest.ends_with(TEMPORARY) && rest != TEMPORARY)
        };
        entries
            .flatten()
            .filter(|entry| is_superseded(&entry.file_name()) && entry.path() != self.temporary)
            .try_for_each(|entry| files::remove(&entry.path()))
    }
}
