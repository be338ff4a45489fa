//! Files and folders that only their owner can access. A file is replaced completely and durably, or not at all.
//!
//! Whatever is read or written is judged by one rule first (`files/rule.rs`): a regular file of this user, closed to other
//! users, with one name and of a bounded size, in a folder that no other user can write to.
//!
//! Every failure is a [`StoreError`] that names the path and never shows the contents. An error that stays until a person
//! corrects something is [refused](StoreError::is_refused).

mod failure;
mod file_id;
mod folder;
pub mod lock;
mod owner;
mod range_locks;
mod room;
mod rule;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wellspring_core::StoreError;
use zeroize::Zeroizing;

use crate::lock_domain;

use folder::sync_folder_of;
use owner::{around, give_to_owner_of_folder, user};
use rule::{Facts, Kind};

pub(crate) use folder::{FolderState, state_of_folder};
pub(crate) use room::{Room, is_full};

// The public interface is, besides the functions below:
pub use failure::failed;
pub use file_id::FileId;
pub use folder::{
    check_folder, check_folder_around, create_private_folder, is_mounted, note_about_folder_around, resolve,
};
pub use range_locks::check_range_locks;

/// A sentence about the permissions of this file or folder, if other users than its owner have any.
#[must_use]
pub fn open_to_others(path: &Path) -> Option<String> {
    let facts = Facts::of(&fs::symlink_metadata(path).ok()?);
    // What is no file and no folder has to be moved away, whatever its mode.
    let has_mode = matches!(facts.kind, Kind::File | Kind::Folder);
    (has_mode && facts.mode & 0o077 != 0).then(|| rule::open_to_others(path, facts))
}

/// Judges this file by the rule of all files of a store, without opening it. Returns the identity of the file, which no
/// other file of the machine has; `None` when the file does not exist.
///
/// # Errors
///
/// When the path is not a regular file of this user that is closed to others, or cannot be inspected.
pub fn check_file(path: &Path) -> Result<Option<FileId>, StoreError> {
    match fs::symlink_metadata(path) {
        // The size of a database is not bounded: its records are.
        Ok(metadata) => {
            let facts = Facts { size: 0, ..Facts::of(&metadata) };
            rule::file(path, facts, user(), || around(path)).map(|()| Some(FileId::of(&metadata)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("cannot be inspected", path, error)),
    }
}

/// Says what prevents this user from reading and writing this file; nothing does if it does not exist. The file is not
/// opened.
///
/// # Errors
///
/// When the file is not one that a store uses, or this user may not read and write it.
pub fn check_access(path: &Path) -> Result<(), StoreError> {
    check_file(path)?;
    match access(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("cannot be used", path, error)),
        _ => Ok(()),
    }
}

/// Whether this file can be read and not written: by its mode, or because its file system is mounted read-only.
#[must_use]
pub fn is_read_only(path: &Path) -> bool {
    let writing = access(path).err().map(|error| error.kind());
    matches!(writing, Some(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied)) && readable(path)
}

#[cfg(unix)]
fn readable(path: &Path) -> bool {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS).is_ok()
}

#[cfg(not(unix))]
fn readable(_: &Path) -> bool {
    true
}

#[cfg(unix)]
fn access(path: &Path) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    Ok(accessat(CWD, path, Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS)?)
}

#[cfg(not(unix))]
fn access(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens this file for reading and writing. Creates it with mode 0600 if it does not exist.
///
/// # Errors
///
/// When the file cannot be opened, or another user can access it.
pub fn open_or_create(path: &Path) -> Result<File, StoreError> {
    loop {
        let error = match open(OpenOptions::new().read(true).write(true), path) {
            Ok(file) => return judged(file, path).map(|(file, _)| file),
            Err(error) => error,
        };
        if error.kind() != ErrorKind::NotFound {
            return Err(unopened("cannot be opened", path, error));
        }
        match create(path) {
            // Another process created it in the meantime.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            outcome => return outcome.map_err(|error| failed("cannot be opened", path, error)),
        }
    }
}

/// Opens this file for reading and writing; `None` when it does not exist.
///
/// # Errors
///
/// When the file exists and cannot be opened, or another user can access it.
pub fn open_existing(path: &Path) -> Result<Option<File>, StoreError> {
    match open(OpenOptions::new().read(true).write(true), path) {
        Ok(file) => judged(file, path).map(|(file, _)| Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unopened("cannot be opened", path, error)),
    }
}

/// Creates this file with mode 0600. Does not open a file that exists.
///
/// # Errors
///
/// When the file does not exist and cannot be created.
pub fn create_if_absent(path: &Path) -> Result<(), StoreError> {
    match create(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed("cannot be created", path, error)),
    }
}

/// Reads this file, or its first `at_most` bytes; `None` when the file does not exist.
///
/// # Errors
///
/// When the file exists and cannot be read, when another user can access it, or when it is larger than any record.
pub fn read(path: &Path, at_most: u64) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let (file, facts) = match open(OpenOptions::new().read(true), path) {
        Ok(file) => judged(file, path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unopened("cannot be opened", path, error)),
    };
    let length = facts.size.min(at_most);
    let reading = || -> io::Result<_> {
        // One byte more than the file has, so that the read finds the end without growing the buffer: a buffer that
        // grows leaves copies of tokens in memory.
        let capacity = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(1);
        let mut bytes = Zeroizing::new(Vec::new());
        bytes.try_reserve_exact(capacity)?;
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    reading().map(Some).map_err(|error| failed("cannot be read", path, error))
}

/// Replaces the contents of this file by these pieces, completely and durably. They are written to `temporary` first, which
/// must lie in the same folder; what is there is overwritten.
///
/// # Errors
///
/// When the replacement fails. The file then has its old contents, unless the error says
/// [`Maybe`](wellspring_core::Applied::Maybe).
pub fn replace(path: &Path, temporary: &Path, pieces: &[&[u8]]) -> Result<(), StoreError> {
    replace_in(None, path, temporary, pieces)
}

/// The same, unless `is_mine` says right before the file is replaced that another process may replace it. Then the file is
/// unchanged, and `temporary` stays: it may be that process's.
///
/// # Errors
///
/// Those of `is_mine`; when the replacement fails. The file then has its old contents, unless the error says
/// [`Maybe`](wellspring_core::Applied::Maybe).
pub fn replace_if(
    path: &Path,
    temporary: &Path,
    pieces: &[&[u8]],
    is_mine: impl FnOnce() -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    write_temporary(None, path, temporary, pieces)?;
    // What was written stays, and may be whole: another process may finish the replacement.
    if !is_mine().map_err(StoreError::maybe_applied)? {
        return Ok(false);
    }
    rename(temporary, path).map(|()| true).map_err(StoreError::maybe_applied)
}

/// The same, in room that was taken in the folder before.
pub(crate) fn replace_in(
    room: Option<Room>,
    path: &Path,
    temporary: &Path,
    pieces: &[&[u8]],
) -> Result<(), StoreError> {
    write_temporary(room, path, temporary, pieces)?;
    rename(temporary, path).map_err(StoreError::maybe_applied)
}

fn write_temporary(
    room: Option<Room>,
    path: &Path,
    temporary: &Path,
    pieces: &[&[u8]],
) -> Result<(), StoreError> {
    if pieces.iter().map(|piece| piece.len() as u64).sum::<u64>() > rule::LARGEST {
        return Err(rule::too_large(path));
    }
    let in_room = |room: Room| room.write(temporary, pieces);
    let written = match room.map(in_room) {
        Some(Ok(())) => Ok(()),
        // The room was in a folder that is gone, or is too small and the disk is full, or an interrupted save left the
        // temporary file. What the room had is free now.
        Some(Err(_)) | None => write_new(temporary, pieces),
    };
    if let Err(error) = written {
        let error = failed("cannot be written", path, error);
        // What was written stays, and may be whole.
        let stays = remove_if_present(temporary).is_err();
        return Err(if stays { error.maybe_applied() } else { error });
    }
    Ok(())
}

/// Finishes a replacement that was interrupted after `temporary` was written completely.
///
/// # Errors
///
/// When it cannot be finished. The file then has its old contents, unless the error says
/// [`Maybe`](wellspring_core::Applied::Maybe).
pub fn finish(path: &Path, temporary: &Path) -> Result<(), StoreError> {
    let file = match open(OpenOptions::new().read(true), temporary) {
        Ok(file) => judged(file, temporary)?.0,
        Err(error) => return Err(unopened("cannot be opened", temporary, error)),
    };
    file.sync_all().map_err(|error| failed("cannot be flushed to disk", temporary, error))?;
    rename(temporary, path).map_err(StoreError::maybe_applied)
}

/// Whether this file, which was opened by this path, is still what the path names. A lock on a file that was removed
/// excludes only processes that have opened it before.
///
/// # Errors
///
/// When either cannot be inspected.
pub fn is_in_place(file: &File, path: &Path) -> Result<bool, StoreError> {
    lock_domain::is_at(file, path).map_err(|error| failed("cannot be inspected", path, error))
}

/// Removes this file, if it exists.
///
/// # Errors
///
/// When the file exists and cannot be removed.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    remove_if_present(path).map_err(|error| failed("cannot be removed", path, error))
}

/// The path with this suffix.
#[must_use]
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).and_then(|()| sync_folder_of(to)).map_err(|error| match error.kind() {
        ErrorKind::ResourceBusy if is_mounted(to) => StoreError::refused(format!(
            "{} is mounted by itself, so no save can replace it: mount its folder",
            to.display()
        ))
        .with_source(Arc::new(error)),
        _ => failed("cannot be replaced", to, error),
    })
}

fn write_new(path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let mut file = match create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            remove_if_present(path)?;
            create(path)?
        }
        outcome => outcome?,
    };
    pieces.iter().try_for_each(|piece| file.write_all(piece))?;
    file.sync_all()
}

fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A new file with mode 0600. Root gives it to the owner of the folder.
fn create(path: &Path) -> io::Result<File> {
    let file = open(OpenOptions::new().read(true).write(true).create_new(true), path)?;
    if let Err(error) = give_to_owner_of_folder(&file, path) {
        drop(fs::remove_file(path));
        return Err(error);
    }
    Ok(file)
}

/// Opens neither a symbolic link nor, without an end, a pipe.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits() as i32);
    }
    options.open(path)
}

/// The error for a path that cannot be opened: what is there tells more than the system's error, if a store may not use it.
fn unopened(what: &str, path: &Path, error: io::Error) -> StoreError {
    match check_file(path) {
        Err(refused) if refused.is_refused() => refused,
        _ => failed(what, path, error),
    }
}

/// Judges an open file, so that it cannot be exchanged any more.
fn judged(file: File, path: &Path) -> Result<(File, Facts), StoreError> {
    let metadata = file.metadata().map_err(|error| failed("cannot be inspected", path, error))?;
    let facts = Facts::of(&metadata);
    rule::file(path, facts, user(), || around(path))?;
    Ok((file, facts))
}

#[cfg(all(test, unix))]
mod tests;
