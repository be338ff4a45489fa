//! For whom the process works, and to whom the files belong that it creates.
//!
//! Root may use a user's store once: with sudo, from cron, in a container. What root creates there must belong to the
//! owner of the folder, or that user is locked out.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::rule::Facts;

/// The folder that holds this path.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What the kernel says of the folder that holds this path.
pub(crate) fn around(path: &Path) -> Option<Facts> {
    fs::metadata(parent(path)).ok().map(|metadata| Facts::of(&metadata))
}

/// The user in whose name the process uses files.
#[cfg(unix)]
pub(crate) fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// On other systems every file has the same owner here.
#[cfg(not(unix))]
pub(crate) fn user() -> u32 {
    0
}

/// Gives what this process has just created at this path to the owner of the folder around it, if the process is root.
#[cfg(unix)]
pub(crate) fn give_to_owner_of_folder(created: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    if user() != 0 {
        return Ok(());
    }
    let folder = fs::metadata(parent(path))?;
    if folder.uid() == 0 {
        return Ok(());
    }
    fchown(created, Some(folder.uid()), Some(folder.gid()))
}

#[cfg(not(unix))]
pub(crate) fn give_to_owner_of_folder(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}
