//! Whether the mode of a file lets other users read or write it.

use std::io;
use std::path::Path;

/// What other users can do with the file, as the end of a sentence; `None` if only its owner has access.
#[cfg(unix)]
pub(super) fn of(path: &Path) -> io::Result<Option<&'static str>> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)?.permissions().mode();
    Ok(match mode & 0o077 {
        0 => None,
        open if open & 0o022 != 0 => Some("can be written by others"),
        _ => Some("can be read by others"),
    })
}

/// Always `None`: this system has no file modes.
#[cfg(not(unix))]
pub(super) fn of(path: &Path) -> io::Result<Option<&'static str>> {
    std::fs::metadata(path).map(|_| None)
}
