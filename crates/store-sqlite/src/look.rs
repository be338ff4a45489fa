//! A look at all files of the store for what needs a person.

use std::fs;
use std::path::{Path, PathBuf};

use wellspring_core::StoreError;
use wellspring_store::files;

use crate::error::SIDE_FILES;

/// What follows the path of the database in that of the folder of the lock files.
pub(crate) const LOCKS: &str = ".life";
/// The same for spilled tokens, unless the user names another folder.
pub(crate) const SPILLS: &str = ".spill";

/// A sentence about each file and folder of the store that other users can access.
pub(crate) fn open_to_others(path: &Path) -> Vec<String> {
    let paths = own_files(path).into_iter().chain(below(path, LOCKS)).chain(below(path, SPILLS));
    paths.filter_map(|path| files::open_to_others(&path)).collect()
}

/// An error for each file and folder of the store that needs a person, except spills. SQLite finishes or takes back what
/// an interrupted save left.
pub(crate) fn problems(path: &Path) -> Vec<StoreError> {
    let around = files::check_folder_around(path).err();
    let files = own_files(path).into_iter().filter_map(|path| files::check_file(&path).err());
    let locks = below(path, LOCKS);
    let locks = locks.iter().enumerate().filter_map(|(index, path)| match index {
        0 => files::check_folder(path).err().or_else(|| files::open_to_others(path).map(StoreError::refused)),
        _ => files::check_file(path).err(),
    });
    around.into_iter().chain(files).chain(locks).collect()
}

/// The database and SQLite's side files.
fn own_files(path: &Path) -> Vec<PathBuf> {
    core::iter::once("").chain(SIDE_FILES).map(|suffix| files::with_suffix(path, suffix)).collect()
}

/// The folder beside the database with this suffix, first, and what is in it.
fn below(path: &Path, suffix: &str) -> Vec<PathBuf> {
    let folder = files::with_suffix(path, suffix);
    let mut children: Vec<_> =
        fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    children.sort();
    core::iter::once(folder).chain(children).collect()
}
