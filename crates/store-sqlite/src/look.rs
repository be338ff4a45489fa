//! A look at all files of the store for what needs a person.

use std::fs;
use std::path::{Path, PathBuf};

use wellspring_store::files;

use crate::error::SIDE_FILES;

/// A sentence about each file and folder of the store that other users can access.
pub(crate) fn open_to_others(path: &Path) -> Vec<String> {
    let paths = own_files(path).into_iter().chain(below(path, ".life")).chain(below(path, ".spill"));
    paths.filter_map(|path| files::open_to_others(&path)).collect()
}

/// A sentence about each file and folder of the store that needs a person, except spills. SQLite finishes or takes back
/// what an interrupted save left.
pub(crate) fn problems(path: &Path) -> Vec<String> {
    let around = files::check_folder_around(path).err().map(|error| error.to_string());
    let paths = own_files(path).into_iter().chain(below(path, ".life"));
    around.into_iter().chain(paths.filter_map(|path| problem(&path))).collect()
}

/// The database and SQLite's side files.
fn own_files(path: &Path) -> Vec<PathBuf> {
    core::iter::once("").chain(SIDE_FILES).map(|suffix| files::with_suffix(path, suffix)).collect()
}

/// The folder beside the database with this suffix, and what is in it.
fn below(path: &Path, suffix: &str) -> Vec<PathBuf> {
    let folder = files::with_suffix(path, suffix);
    let mut children: Vec<_> =
        fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    children.sort();
    core::iter::once(folder).chain(children).collect()
}

fn problem(path: &Path) -> Option<String> {
    let judged =
        if path.is_dir() { files::check_folder(path).map(drop) } else { files::check_file(path).map(drop) };
    judged.err().map(|error| error.to_string()).or_else(|| files::open_to_others(path))
}
