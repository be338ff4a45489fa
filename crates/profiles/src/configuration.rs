//! The file as a whole: which profiles there are, and what is wrong with any of them.
//!
//! Reading checks the whole file, also the profiles that are not asked for, and opens nothing: environment
//! variables and files are looked up for the one profile that is used.

use std::path::Path;
use std::sync::Arc;

use crate::section::Document;
use crate::{Error, Place, Profile, StoreSettings};

/// Everything that a file says.
#[derive(Clone, Debug)]
pub struct Configuration {
    file: Arc<Path>,
    store: StoreSettings,
    /// In the order of their names.
    profiles: Vec<Profile>,
}

impl Configuration {
    /// Reads this file, all of it.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is not TOML, lacks something, or has a key that nobody knows.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        Self::read(path, &zeroize::Zeroizing::new(text))
    }

    fn read(path: &Path, text: &str) -> Result<Self, Error> {
        let file: Arc<Path> = path.into();
        let mut root = Document { file: file.clone(), text }.root()?;
        let store = match root.section("store")? {
            Some(section) => StoreSettings::read(section)?,
            None => StoreSettings::none(Place { file: file.clone(), line: 1, key: "[store]".to_owned() }),
        };
        let sections = root.sections("profile")?;
        root.finish()?;
        let profiles = sections.into_iter().map(|(name, section)| Profile::read(name, section, &store));
        let profiles = profiles.collect::<Result<_, _>>()?;
        Ok(Self { file, store, profiles })
    }

    /// The file, as it was named.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where the tokens of all profiles are kept.
    #[must_use]
    pub const fn store(&self) -> &StoreSettings {
        &self.store
    }

    /// Every profile, in the order of their names.
    #[must_use]
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The profile of this name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn profile(&self, name: &str) -> Result<&Profile, Error> {
        self.profiles.iter().find(|profile| profile.name() == name).ok_or_else(|| {
            let names: Vec<_> = self.profiles.iter().map(Profile::name).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let path = self.file.display();
            Error::Settings(format!("{path}: there is no [profile.{name}]; profiles there: {known}"))
        })
    }
}

#[cfg(test)]
mod tests;
