//! A look at all files of the store for what needs a person.

use std::fs;
use std::path::{Path, PathBuf};

use wellspring_store::files;

use crate::format::parse;
use crate::interrupted::TEMPORARY;

/// A sentence about each file and folder of the store that other users can access.
pub(crate) fn open_to_others(folder: &Path) -> Vec<String> {
    paths(folder).iter().filter_map(|path| files::open_to_others(path)).collect()
}

/// A sentence about each file and folder of the store that needs a person, except spills.
pub(crate) fn problems(folder: &Path) -> Vec<String> {
    paths(folder)
        .iter()
        .filter(|path| path.parent() != Some(&folder.join("spill")))
        .filter_map(|path| problem(path))
        .collect()
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

fn problem(path: &Path) -> Option<String> {
    let judged =
        if path.is_dir() { files::check_folder(path).map(drop) } else { files::check_file(path).map(drop) };
    if let Err(error) = judged {
        return Some(error.to_string());
    }
    if let Some(sentence) = files::open_to_others(path) {
        return Some(sentence);
    }
    let name = path.file_name()?.to_str()?;
    if name.ends_with(TEMPORARY) {
        return Some(format!(
            "{} is a save that is in progress or was interrupted, and may hold a token: a save of its record finishes or \
             removes it",
            path.display()
        ));
    }
    if !name.ends_with(".token") && !name.ends_with(".key") {
        return None;
    }
    let bytes = match files::read(path, u64::MAX) {
        Ok(bytes) => bytes?,
        Err(error) => return Some(error.to_string()),
    };
    match parse(&bytes).map_or(Ok(false), |entry| entry.is_whole()) {
        Ok(true) => None,
        Ok(false) => Some(format!(
            "{} is corrupt: nothing overwrites it; restore it from a copy, or move it away and sign in again",
            path.display()
        )),
        Err(_) => Some(format!("{} was written by a newer version: update this program", path.display())),
    }
}
