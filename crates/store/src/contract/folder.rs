//! A temporary folder for one test.

use core::sync::atomic::{AtomicU64, Ordering};
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use crate::files;

/// A temporary folder. Dropping it removes the folder and its contents.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new, empty folder in the machine's folder for temporary files.
    ///
    /// # Panics
    ///
    /// When the folder cannot be created.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("wellspring-store-{}-{number}", process::id()));
        // A killed process with the same process id may have left its folder.
        drop(fs::remove_dir_all(&path));
        files::create_private_folder(&path).expect("a temporary folder can be created");
        Self(path)
    }

    /// The path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Writes a file that only its owner can access.
///
/// # Panics
///
/// When the file cannot be written.
pub fn write_private(path: &Path, bytes: impl AsRef<[u8]>) {
    drop(fs::remove_file(path));
    drop(files::open_or_create(path).expect("a file can be created"));
    fs::write(path, bytes).expect("a file can be written");
}

/// Changes every file in this folder. Returns whether there is any.
///
/// # Panics
///
/// When a file cannot be changed.
#[must_use]
pub fn corrupt_files(folder: impl AsRef<Path>) -> bool {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    files.map(|path| fs::write(path, "not what was there").expect("a change")).count() > 0
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
