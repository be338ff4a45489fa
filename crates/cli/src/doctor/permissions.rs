//! Whether other users can read or write a file.

use std::io;
use std::path::Path;

/// Others can read the file.
pub(super) const READ: &str = "can be read by others";

/// What other users can do with the file, as the end of a sentence; `None` if only its owner has access, and the owner is
/// this user or the administrator.
#[cfg(unix)]
pub(super) fn of(path: &Path) -> io::Result<Option<&'static str>> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path)?;
    let me = rustix::process::geteuid().as_raw();
    // The administrator reads files of each user.
    if me != 0 && metadata.uid() != me && metadata.uid() != 0 {
        return Ok(Some("belongs to another user"));
    }
    Ok(match metadata.mode() & 0o077 {
        0 => None,
        open if open & 0o022 != 0 => Some("can be written by others"),
        _ => Some(READ),
    })
}

/// Always `None`: this system has no file modes.
#[cfg(not(unix))]
pub(super) fn of(path: &Path) -> io::Result<Option<&'static str>> {
    std::fs::metadata(path).map(|_| None)
}
