//! The whole file: its store and its profiles.
//!
//! Loading checks the keys of every profile. Environment variables and other files are read later, for the profile that
//! the program uses.

use std::path::Path;
use std::sync::Arc;

use wellspring_transport::regular_file;

use crate::error::Error;
use crate::identity::Claims;
use crate::place::Place;
use crate::profile::Profile;
use crate::section::Document;
use crate::store_settings::StoreSettings;

/// The contents of a `wellspring.toml`.
#[derive(Clone, Debug)]
pub struct Configuration {
    file: Arc<Path>,
    store: StoreSettings,
    /// Sorted by name.
    profiles: Vec<Profile>,
}

impl Configuration {
    /// Reads and checks the file.
    ///
    /// # Errors
    ///
    /// If the file is not a regular file of at most 16 MiB, cannot be read, is not TOML, lacks a required key, or has an unknown key.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = regular_file::read_text(path, regular_file::CONFIGURATION)
            .map_err(|source| Error::File { path: path.to_owned(), source })?;
        Self::read(path, &text)
    }

    pub(crate) fn read(path: &Path, text: &str) -> Result<Self, Error> {
        let file: Arc<Path> = path.into();
        let mut root = Document::new(file.clone(), text).root()?;
        let store = match root.section("store")? {
            Some(section) => StoreSettings::read(section)?,
            None => StoreSettings::none(Place { file: file.clone(), line: 1, key: "[store]".to_owned() }),
        };
        let sections = root.sections("profile")?;
        root.finish()?;
        let claims = Claims::default();
        let profiles =
            sections.into_iter().map(|(name, section)| Profile::read(name, section, &store, &claims));
        let profiles: Vec<_> = profiles.collect::<Result<_, _>>()?;
        claims.are_of(profiles.iter().filter_map(Profile::candidate).collect());
        Ok(Self { file, store, profiles })
    }

    /// The path that was passed to [`load`](Self::load).
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The store of the tokens of all profiles.
    #[must_use]
    pub const fn store(&self) -> &StoreSettings {
        &self.store
    }

    /// All profiles, sorted by name.
    #[must_use]
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The profile with this name.
    ///
    /// # Errors
    ///
    /// If the file has no such profile.
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
