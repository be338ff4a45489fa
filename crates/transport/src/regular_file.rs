//! Reads regular files of a limited size. A FIFO would block the program until a writer comes, and a device may never end.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

/// The most bytes of a configuration.
pub const CONFIGURATION: u64 = 16 << 20;
/// The most bytes of a secret.
pub const SECRET: u64 = 64 << 10;
/// The most bytes of a file with certificates, which may hold a chain or a bundle of authorities.
pub const CERTIFICATES: u64 = 1 << 20;

/// The contents of a regular file of at most this many bytes.
///
/// # Errors
///
/// If there is no such file, it is not a regular file, it is larger, or the system does not let this process read it.
pub fn read(path: &Path, at_most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // Opening some devices has an effect, so the path is judged first.
    check(&std::fs::metadata(path)?, at_most)?;
    let file = open(path)?;
    // The path may have changed since: the open file decides.
    let length = check(&file.metadata()?, at_most)?;
    // One byte more than the file has: a buffer that grows leaves copies of a secret in memory.
    let capacity = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::new());
    bytes.try_reserve_exact(capacity)?;
    file.take(at_most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > at_most {
        return Err(too_large(at_most));
    }
    Ok(bytes)
}

/// As [`read`], for a text in UTF-8.
///
/// # Errors
///
/// As for [`read`], and if the file is not UTF-8.
pub fn read_text(path: &Path, at_most: u64) -> io::Result<Zeroizing<String>> {
    let bytes = read(path, at_most)?;
    let text = core::str::from_utf8(&bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("it is not UTF-8: {error}")))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Opens the file without waiting for the other end of a FIFO.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    options.open(path)
}

/// The size, if this is a regular file that is not too large.
fn check(metadata: &std::fs::Metadata, at_most: u64) -> io::Result<u64> {
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name a file"));
    }
    if !metadata.is_file() {
        let text = "it is not a regular file but a pipe, a socket or a device; name a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    match metadata.len() {
        length if length <= at_most => Ok(length),
        _ => Err(too_large(at_most)),
    }
}

fn too_large(at_most: u64) -> io::Error {
    let text = format!("it has more than {} KiB", at_most >> 10);
    io::Error::new(io::ErrorKind::FileTooLarge, text)
}
