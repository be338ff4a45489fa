//! A folder in memory for one trial, if the machine has such a place: many durable saves in sequence would measure the disk
//! and everything else that is written to it at the time.

use core::sync::atomic::{AtomicU64, Ordering};
use std::path::{Path, PathBuf};
use std::{fs, process};

use wellspring_store::contract::Folder;
use wellspring_store::files;

/// The memory file system of Linux.
const MEMORY: &str = "/dev/shm";

/// An empty folder, which is removed with its contents when this is dropped.
#[derive(Debug)]
pub(crate) enum Scratch {
    Memory(PathBuf),
    Disk(Folder),
}

impl Scratch {
    /// A new folder, in memory if the machine has a place for that.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(MEMORY).join(format!("wellspring-trials-{}-{number}", process::id()));
        // A process with the same id may have been killed before it removed its folder.
        drop(fs::remove_dir_all(&path));
        match files::create_private_folder(&path) {
            Ok(()) => Self::Memory(path),
            Err(_) => Self::Disk(Folder::new()),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Memory(path) => path,
            Self::Disk(folder) => folder.path(),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Self::Memory(path) = self {
            drop(fs::remove_dir_all(path));
        }
    }
}
