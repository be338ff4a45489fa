//! `wellspring.toml`: where it is, what stands in it, and what is wrong with it.
//!
//! Reading checks the whole file, also the profiles that are not asked for, and opens nothing: environment
//! variables and files are looked up by [`source`](crate::source) for the one profile that is used.

pub(crate) mod duration;
pub(crate) mod profile;
mod section;
mod store;
pub(crate) mod value;

use std::path::Path;

use crate::configuration::profile::Profile;
use crate::configuration::section::Document;
use crate::exit::Failure;

/// The profile of this name.
pub(crate) fn profile(path: &Path, name: &str) -> Result<Profile, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let path = path.display();
        Failure::usage(match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("there is no {path}; write one, or name another with --config FILE")
            }
            _ => format!("{path} cannot be read: {error}; name another with --config FILE"),
        })
    })?;
    let text = zeroize::Zeroizing::new(text);
    read(path, &text, name)
}

fn read(path: &Path, text: &str, name: &str) -> Result<Profile, Failure> {
    let mut root = Document { file: path.into(), text }.root()?;
    if let Some(store) = root.section("store")? {
        store::check(store)?;
    }
    let sections = root.sections("profile")?;
    root.finish()?;
    let mut found = None;
    let mut names = Vec::new();
    for (called, section) in sections {
        let profile = Profile::read(section)?;
        if called == name {
            found = Some(profile);
        }
        names.push(called);
    }
    found.ok_or_else(|| {
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let path = path.display();
        Failure::usage(format!("{path}: there is no [profile.{name}]; profiles there: {known}"))
    })
}

#[cfg(test)]
mod tests;
