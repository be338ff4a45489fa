//! A look at all files of the store for what needs a person.

use std::fs;
use std::path::{Path, PathBuf};

use wellspring_core::StoreError;
use wellspring_store::{KeyName, files};

use crate::format::{corrupt, parse};
use crate::interrupted::TEMPORARY;

/// The folder of the lock files, in the folder of the store.
pub(crate) const LOCKS: &str = "locks";
/// The folder of the spilled tokens there, unless the user names another one.
pub(crate) const SPILLS: &str = "spill";

/// A sentence about each file and folder of the store that other users can access.
pub(crate) fn open_to_others(folder: &Path) -> Vec<String> {
    paths(folder).iter().filter_map(|path| files::open_to_others(path)).collect()
}

/// An error for each file and folder of the store that needs a person, except spills.
pub(crate) fn problems(folder: &Path) -> Vec<StoreError> {
    let spills = folder.join(SPILLS);
    let is_spill = |path: &Path| path == spills || path.parent() == Some(&spills);
    paths(folder).iter().filter(|path| !is_spill(path)).filter_map(|path| problem(folder, path)).collect()
}

/// The names of all records, and of the key of the spilled tokens.
pub(crate) fn names(folder: &Path) -> Result<Vec<KeyName>, StoreError> {
    let failed = |error| files::failed("cannot be read", folder, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let file = entry.map_err(failed)?.file_name();
        let digits = file.to_str().and_then(|file| file.strip_suffix(".token").or(file.strip_suffix(".key")));
        names.extend(digits.and_then(KeyName::of_digits));
    }
    Ok(names)
}

/// A sentence about each save that was interrupted, or is in progress.
pub(crate) fn notes(folder: &Path) -> Vec<String> {
    let is_left = |path: &PathBuf| is_named(path, &[TEMPORARY]) && files::check_file(path).is_ok();
    let left = paths(folder).into_iter().filter(is_left);
    let said = |path: PathBuf| {
        let path = path.display();
        format!(
            "{path} is a save that is in progress or was interrupted, and may hold a token: a save of its record finishes or \
             removes it"
        )
    };
    left.map(said).collect()
}

/// The folder, what is in it, and what is in its folders.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let children = |folder: &Path| {
        let mut paths: Vec<_> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let mut paths = vec![folder.to_owned()];
    for child in children(folder) {
        let below = if child.is_dir() && !child.is_symlink() { children(&child) } else { Vec::new() };
        paths.push(child);
        paths.extend(below);
    }
    paths
}

fn problem(folder: &Path, path: &Path) -> Option<StoreError> {
    if is_folder(folder, path) {
        let open = || files::open_to_others(path).map(StoreError::refused);
        return files::check_folder(path).err().or_else(open);
    }
    if let Err(error) = files::check_file(path) {
        return Some(error);
    }
    if !is_named(path, &[".token"]) {
        return None;
    }
    match files::read(path, u64::MAX) {
        Ok(bytes) => match parse(&bytes?) {
            Some(entry) => entry.check(&path.display().to_string()).err(),
            None => Some(corrupt(path)),
        },
        Err(error) => Some(error),
    }
}

/// Whether a folder belongs at this path of a store in `folder`. What the store did not put there may be one.
fn is_folder(folder: &Path, path: &Path) -> bool {
    if path == folder || path == folder.join(LOCKS) {
        return true;
    }
    let is_lock = path.parent() == Some(&folder.join(LOCKS));
    !is_lock && !is_named(path, &[".token", ".key", TEMPORARY]) && path.is_dir() && !path.is_symlink()
}

fn is_named(path: &Path, extensions: &[&str]) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    extensions.iter().any(|extension| name.ends_with(extension.as_bytes()))
}
