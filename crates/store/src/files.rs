//! Files and folders that only their owner can access. A file is replaced completely and durably, or not at all.
//!
//! Every failure is a [`StoreError`] that names the path and never shows the contents.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wellspring_core::StoreError;
use zeroize::Zeroizing;

/// Creates this folder with mode 0700, unless it exists. Its parent folder must exist.
///
/// # Errors
///
/// When the folder cannot be created, when the path exists and is not a folder, or when other users can write to it.
pub fn create_private_folder(path: &Path) -> Result<(), StoreError> {
    match private_builder().create(path) {
        Ok(()) => {
            return sync_folder_of(path).map_err(|error| failed("cannot be flushed to disk", path, error));
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("cannot be created", path, error)),
    }
    let metadata = fs::metadata(path).map_err(|error| failed("cannot be inspected", path, error))?;
    if !metadata.is_dir() {
        return Err(StoreError::unavailable(format!("{} is not a folder", path.display())));
    }
    if mode(&metadata) & 0o022 != 0 {
        return Err(StoreError::unavailable(format!(
            "{} is writable by other users: run chmod 700 on it before tokens are stored there",
            path.display()
        )));
    }
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

/// A sentence about the permissions of this file or folder, if other users than its owner have any.
#[must_use]
pub fn open_to_others(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let mode = mode(&metadata) & 0o777;
    let private = if metadata.is_dir() { "700" } else { "600" };
    (mode & 0o077 != 0)
        .then(|| format!("{} is open to others (mode {mode:o}): chmod {private} it", path.display()))
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions())
}

/// On other systems the folders of a user inherit permissions that exclude other users.
#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}

fn private_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Opens this file for reading and writing. Creates it with mode 0600 if it does not exist.
///
/// # Errors
///
/// When the file cannot be opened.
pub fn open_or_create(path: &Path) -> Result<File, StoreError> {
    private_file(OpenOptions::new().read(true).write(true).create(true).truncate(false), path)
        .map_err(|error| failed("cannot be opened", path, error))
}

/// Opens this file for reading and writing; `None` when it does not exist.
///
/// # Errors
///
/// When the file exists and cannot be opened.
pub fn open_existing(path: &Path) -> Result<Option<File>, StoreError> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("cannot be opened", path, error)),
    }
}

/// Creates this file with mode 0600. Does not open a file that exists.
///
/// # Errors
///
/// When the file does not exist and cannot be created.
pub fn create_if_absent(path: &Path) -> Result<(), StoreError> {
    match private_file(OpenOptions::new().write(true).create_new(true), path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed("cannot be created", path, error)),
    }
}

/// Reads this file, or its first `at_most` bytes; `None` when the file does not exist.
///
/// # Errors
///
/// When the file exists and cannot be read.
pub fn read(path: &Path, at_most: u64) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let reading = || -> io::Result<_> {
        let file = File::open(path)?;
        let length = file.metadata()?.len().min(at_most);
        // One byte more than the file has, so that the read finds the end without growing the buffer: a buffer that
        // grows leaves copies of tokens in memory.
        let capacity = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(1);
        let mut bytes = Zeroizing::new(Vec::new());
        bytes.try_reserve_exact(capacity)?;
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match reading() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("cannot be read", path, error)),
    }
}

/// Replaces the contents of this file by these pieces, completely and durably.
///
/// Two callers must not replace the same file at the same time: each removes the temporary file that an interrupted
/// replacement left.
///
/// # Errors
///
/// When the replacement fails. The file then has its old contents, unless the error says
/// [`Maybe`](wellspring_core::Applied::Maybe).
pub fn replace(path: &Path, pieces: &[&[u8]]) -> Result<(), StoreError> {
    let temporary = temporary_path(path);
    let written = remove_if_present(&temporary).and_then(|()| write_new(&temporary, pieces));
    if let Err(error) = written {
        drop(fs::remove_file(&temporary));
        return Err(failed("cannot be written", path, error));
    }
    fs::rename(&temporary, path)
        .and_then(|()| sync_folder_of(path))
        .map_err(|error| failed("cannot be replaced", path, error).maybe_applied())
}

/// Removes this file and the temporary file of an interrupted replacement, if they exist.
///
/// # Errors
///
/// When a file exists and cannot be removed.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    remove_if_present(&temporary_path(path))
        .and_then(|()| remove_if_present(path))
        .map_err(|error| failed("cannot be removed", path, error))
}

fn write_new(path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let mut file = private_file(OpenOptions::new().write(true).create_new(true), path)?;
    pieces.iter().try_for_each(|piece| file.write_all(piece))?;
    file.sync_all()
}

/// Where a replacement is written before it is renamed.
fn temporary_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    PathBuf::from(name)
}

fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file name is durable only after its folder was flushed.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Other systems cannot open a folder; there the file system decides when a file name is durable.
#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

pub(crate) fn failed(what: &str, path: &Path, error: io::Error) -> StoreError {
    StoreError::unavailable(format!("{} {what}", path.display())).with_source(Arc::new(error))
}

#[cfg(all(test, unix))]
mod tests;
