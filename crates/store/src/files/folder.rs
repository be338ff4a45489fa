//! Folders that only their owner can write to, and paths without symbolic links.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wellspring_core::StoreError;

use super::failure::failed;
use super::file_id::FileId;
use super::owner::{around, give_to_owner_of_folder, parent, user};
use super::rule::{self, Facts};
use crate::clock;

/// Creates this folder with mode 0700, unless it exists. Its parent folder must exist.
///
/// # Errors
///
/// When the folder cannot be created, when the path exists and is not a folder, when it belongs to another user, or when
/// other users can write to it.
pub fn create_private_folder(path: &Path) -> Result<(), StoreError> {
    match private_builder().create(path) {
        Ok(()) => {
            give_folder_to_owner(path)
                .map_err(|error| failed("cannot be given to its owner", path, error))?;
            return sync_folder_of(path).map_err(|error| failed("cannot be flushed to disk", path, error));
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("cannot be created", path, error)),
    }
    match check_folder(path)? {
        true => Ok(()),
        false => Err(StoreError::unavailable(format!("{} was removed while it was opened", path.display()))),
    }
}

/// Judges this folder by the rule of all folders of a store. Returns `false` when it does not exist.
///
/// # Errors
///
/// When the path is not a folder of this user that only this user can write to, or cannot be inspected.
pub fn check_folder(path: &Path) -> Result<bool, StoreError> {
    judged_folder(path).map(|found| found.is_some())
}

/// Like [`check_folder`]; returns what changes with the files in the folder, or `None` when it does not exist.
pub(crate) fn state_of_folder(path: &Path) -> Result<Option<FolderState>, StoreError> {
    let state = |metadata: &fs::Metadata| Some((FileId::of(metadata), metadata.modified().ok()?));
    judged_folder(path).map(|found| found.map(|metadata| FolderState(state(&metadata))))
}

/// A folder and when a file in it was last created, renamed or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FolderState(Option<(FileId, SystemTime)>);

impl FolderState {
    /// Whether each later change in the folder gives it another state.
    pub(crate) fn is_settled(self) -> bool {
        self.0.is_some_and(|(_, changed)| clock::is_settled(changed))
    }
}

fn judged_folder(path: &Path) -> Result<Option<fs::Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => {
            rule::folder(path, Facts::of(&metadata), user(), || around(path)).map(|()| Some(metadata))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("cannot be inspected", path, error)),
    }
}

/// Judges the folder around the files of a store that has no folder of its own. Nothing is judged if it does not exist.
///
/// # Errors
///
/// When another user can exchange files there, when the path is not a folder, or cannot be inspected.
pub fn check_folder_around(path: &Path) -> Result<(), StoreError> {
    let folder = parent(path);
    match fs::symlink_metadata(folder) {
        Ok(metadata) => rule::around_files(folder, Facts::of(&metadata), user(), || around(folder)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("cannot be inspected", folder, error)),
    }
}

/// A sentence about the folder around such files if its group can exchange them.
#[must_use]
pub fn note_about_folder_around(path: &Path) -> Option<String> {
    let folder = parent(path);
    rule::note(folder, Facts::of(&fs::symlink_metadata(folder).ok()?))
}

/// The absolute path without symbolic links. Its last part need not exist. The side files of a store lie beside this path,
/// so all processes that open the store, by whatever path, use the same side files.
///
/// # Errors
///
/// When the path is invalid, or a part of it cannot be resolved.
pub fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    if path.as_os_str().is_empty() {
        return Err(StoreError::refused("the path of the store is empty: name a file or a folder"));
    }
    let fail = |error| failed("cannot be resolved", path, error);
    let path = std::path::absolute(path).map_err(fail)?;
    match fs::canonicalize(&path) {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == ErrorKind::NotFound => absent(&path).map_err(fail)?,
        // What opens it says what is wrong with it.
        Err(_) => Ok(path),
    }
}

/// The path of what does not exist, or did not until now, without symbolic links.
fn absent(path: &Path) -> io::Result<Result<PathBuf, StoreError>> {
    match (path.file_name(), fs::symlink_metadata(path)) {
        (_, Ok(found)) if found.is_symlink() => Ok(Err(StoreError::refused(format!(
            "{} is a symbolic link to a path that does not exist: create that, or remove the link",
            path.display()
        )))),
        // Another process has created it in the meantime.
        (_, Ok(_)) => fs::canonicalize(path).map(Ok),
        (Some(name), Err(_)) => match fs::canonicalize(parent(path)) {
            Ok(folder) => Ok(Ok(folder.join(name))),
            // What creates it says that the parent folder does not exist.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Ok(path.to_owned())),
            Err(error) => Err(error),
        },
        (None, Err(_)) => Ok(Ok(path.to_owned())),
    }
}

/// Whether a file is mounted at this path by itself: beside it lie other side files than beside the same file elsewhere.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[must_use]
pub fn is_mounted(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
        .is_ok_and(|file| file.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Whether a file is mounted at this path by itself. Other systems do not say so.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[must_use]
pub fn is_mounted(_: &Path) -> bool {
    false
}

/// A file name is durable only after its folder was flushed.
#[cfg(unix)]
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(parent(path))?.sync_all()
}

/// Other systems cannot open a folder; there the file system decides when a file name is durable.
#[cfg(not(unix))]
pub(super) fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn private_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(not(unix))]
fn private_builder() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(unix)]
fn give_folder_to_owner(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if user() != 0 {
        return Ok(());
    }
    let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::NOFOLLOW;
    let folder = fs::OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    give_to_owner_of_folder(&folder, path)
}

#[cfg(not(unix))]
fn give_folder_to_owner(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::contract::Folder;

    #[test]
    fn a_path_that_another_process_creates_while_it_is_resolved_is_not_a_broken_link() {
        let folder = Folder::new();
        let path = folder.path().join("tokens.db");
        fs::write(&path, "").unwrap();
        // Between the two looks of `resolve` the path came to exist.
        assert_eq!(absent(&path).unwrap().unwrap(), fs::canonicalize(&path).unwrap());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("nothing"), &link).unwrap();
        let error = absent(&link).unwrap().unwrap_err();
        assert!(error.to_string().contains("symbolic link to a path that does not exist"), "{error}");
    }
}
