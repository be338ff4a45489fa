//! The files of the checkout, read once, so that every check sees the same text. Tests make their own trees.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Folders without sources.
const SKIPPED: [&str; 5] = [".git", "artifacts", "corpus", "node_modules", "target"];

/// Text files by their path from the root, with `/` between folders.
#[derive(Debug, Default)]
pub(crate) struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Reads every file below the root. The text of a file that is not UTF-8 is empty.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut tree = Self::default();
        tree.read_folder(root, "").map_err(|error| format!("the checkout cannot be read: {error}."))?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            // A link to a file counts as the file; one to a folder is not followed.
            let kind = match entry.file_type()? {
                kind if kind.is_symlink() => fs::metadata(entry.path()).map_or(kind, |at| at.file_type()),
                kind => kind,
            };
            if entry.file_type()?.is_dir() && !SKIPPED.contains(&name.as_str()) {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                self.0.insert(path, String::from_utf8(fs::read(entry.path())?).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// The text of this file, if it exists.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The files of this folder and of those below, by path; `""` is the root.
    pub(crate) fn below(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> + use<'_> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.0
            .iter()
            .filter(move |(path, _)| path.starts_with(&prefix))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files below this folder with this ending.
    pub(crate) fn ending(
        &self,
        folder: &str,
        end: &'static str,
    ) -> impl Iterator<Item = (&str, &str)> + use<'_> {
        self.below(folder).filter(move |(path, _)| path.ends_with(end))
    }

    /// Whether this is a file or a folder with a file in it.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path) || self.below(path).next().is_some()
    }
}

#[cfg(test)]
impl Tree {
    pub(crate) fn add(&mut self, path: &str, text: &str) {
        self.0.insert(path.to_owned(), text.to_owned());
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Self {
        Self(files.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
    }
}
