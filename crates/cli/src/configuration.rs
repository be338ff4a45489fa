//! `wellspring.toml`: where it is, what stands in it, and what is wrong with it.
//!
//! Reading checks the whole file, also the profiles that are not asked for, and opens nothing: environment
//! variables and files are looked up by [`source`](crate::source) for the one profile that is used.

pub(crate) mod duration;
pub(crate) mod profile;
mod section;
pub(crate) mod store;
pub(crate) mod value;

use std::path::Path;
use std::sync::Arc;

use crate::configuration::profile::Profile;
use crate::configuration::section::Document;
use crate::configuration::store::Store;
use crate::configuration::value::Place;
use crate::exit::Failure;

/// Everything that a file says.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) file: Arc<Path>,
    pub(crate) store: Store,
    /// In the order of their names.
    pub(crate) profiles: Vec<Profile>,
}

impl Configuration {
    /// Reads this file, all of it.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let path = path.display();
            Failure::usage(match error.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("there is no {path}; write one, or name another with --config FILE")
                }
                _ => format!("{path} cannot be read: {error}; name another with --config FILE"),
            })
        })?;
        Self::read(path, &zeroize::Zeroizing::new(text))
    }

    fn read(path: &Path, text: &str) -> Result<Self, Failure> {
        let file: Arc<Path> = path.into();
        let mut root = Document { file: file.clone(), text }.root()?;
        let store = match root.section("store")? {
            Some(section) => Store::read(section)?,
            None => Store::none(Place { file: file.clone(), line: 1, key: "[store]".to_owned() }),
        };
        let sections = root.sections("profile")?;
        root.finish()?;
        let profiles = sections.into_iter().map(|(name, section)| Profile::read(name, section));
        Ok(Self { file, store, profiles: profiles.collect::<Result<_, _>>()? })
    }

    /// The profile of this name, and where its tokens are kept.
    pub(crate) fn profile(mut self, name: &str) -> Result<(Profile, Store), Failure> {
        match self.profiles.iter().position(|profile| profile.name == name) {
            Some(at) => Ok((self.profiles.swap_remove(at), self.store)),
            None => Err(self.unknown(name)),
        }
    }

    /// There is no such profile.
    pub(crate) fn unknown(&self, name: &str) -> Failure {
        let names: Vec<_> = self.profiles.iter().map(|profile| profile.name.as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let path = self.file.display();
        Failure::usage(format!("{path}: there is no [profile.{name}]; profiles there: {known}"))
    }
}

#[cfg(test)]
mod tests;
