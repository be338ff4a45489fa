//! Room on a disk that is taken before it is needed: a file without a name, which gets one when it is written.
//!
//! The blocks of such a file belong to this process. They are free again when it ends, whatever the cause.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;

use wellspring_core::StoreError;

/// How much room one token takes at most, as servers send them today. A longer one takes what is missing when it is written.
const SIZE: u64 = 64 << 10;

/// Room for one file.
#[derive(Debug)]
pub(crate) struct Room(File);

impl Room {
    /// Takes room in this folder; `None` if none can be taken for another reason than that the disk is full.
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>, StoreError> {
        match take(folder) {
            Ok(file) => Ok(Some(Self(file))),
            Err(error) if is_full(&error) => Err(without_room(folder, error)),
            Err(_) => Ok(None),
        }
    }

    /// Takes room for a token beside so many bytes that its record keeps, such as attachments. Fails only if the disk is
    /// full.
    pub(crate) fn grow(&self, folder: &Path, kept: u64) -> Result<(), StoreError> {
        match allocate(&self.0, SIZE.saturating_add(kept)) {
            Err(error) if is_full(&error) => Err(without_room(folder, error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes these pieces durably and names the file by this path, which must not exist, in the folder of the room.
    pub(crate) fn write(mut self, path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        pieces.iter().try_for_each(|piece| self.0.write_all(piece))?;
        let length = self.0.stream_position()?;
        self.0.set_len(length)?;
        self.0.sync_all()?;
        name(&self.0, path)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn take(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(open(folder, flags, Mode::RUSR | Mode::WUSR)?);
    allocate(&file, SIZE)?;
    super::owner::give_to_owner_of_folder(&file, &folder.join("room"))?;
    Ok(file)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn allocate(file: &File, size: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    Ok(fallocate(file, FallocateFlags::empty(), 0, size)?)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn name(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, linkat};
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, unnamed, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

fn without_room(folder: &Path, error: io::Error) -> StoreError {
    StoreError::unavailable(format!(
        "{} has no room for a new token: {error}; free some space",
        folder.display()
    ))
    .with_source(Arc::new(error))
}

/// Whether the disk is full, or this user's part of it.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn take(_: &Path) -> io::Result<File> {
    let _ = SIZE;
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn allocate(_: &File, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
