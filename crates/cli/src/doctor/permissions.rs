//! Who else can get at a file, as far as its mode says.

use std::io;
use std::path::Path;

/// What others can do with it, as the end of a sentence; `None` when it is its owner's alone.
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

/// What others can do with it is not told by a mode here.
#[cfg(not(unix))]
pub(super) fn of(path: &Path) -> io::Result<Option<&'static str>> {
    std::fs::metadata(path).map(|_| None)
}
