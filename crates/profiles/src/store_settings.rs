//! `[store]`: where tokens outlive the process, and where they wait while it cannot be reached.
//!
//! What is written there is read and checked; nothing is opened before [`StoreSettings::open`].

use std::path::{Path, PathBuf};

use crate::section::Section;
use crate::value::Value;
use crate::{Error, Place};

/// Where the tokens of a file's profiles are kept: `[store]`, or that there is none.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    pub(crate) place: Place,
    pub(crate) url: Url,
    /// Where tokens wait that the store would not take; the store's own choice without.
    pub(crate) spill: Option<PathBuf>,
}

/// Which store it is. Relative paths were relative to the configuration's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Url {
    /// None that outlives the process.
    Memory,
    /// A folder of files.
    File(PathBuf),
    /// An SQLite database.
    Sqlite(PathBuf),
}

impl StoreSettings {
    /// What holds where there is no `[store]`.
    pub(crate) const fn none(place: Place) -> Self {
        Self { place, url: Url::Memory, spill: None }
    }

    /// Where it stands in the file, or should.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Whether what is kept there outlives the process.
    #[must_use]
    pub fn outlives_the_process(&self) -> bool {
        self.url != Url::Memory
    }

    /// The folder that the store lies in, where it lies in one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.url {
            Url::Memory => None,
            Url::File(folder) => Some(folder),
            Url::Sqlite(path) => path.parent(),
        }
    }

    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Error> {
        for later in ["key", "sealing"] {
            if let Some(place) = section.mention(later) {
                return Err(place.error("is for sealed stores, which come later; leave it out"));
            }
        }
        let mut place = section.place();
        let (url, spill) = (section.value("url")?, section.value("spill")?);
        section.finish()?;
        let url = match url {
            Some(value) => {
                place = value.place.clone();
                read_url(&value)?
            }
            None => Url::Memory,
        };
        if let (Url::Memory, Some(spill)) = (&url, &spill) {
            return Err(spill
                .place
                .error("is for stores that outlive the process; add `url`, or leave it out"));
        }
        let spill = match spill {
            Some(value) => Some(value.beside(Path::new(value.text()?.as_str()))),
            None => None,
        };
        Ok(Self { place, url, spill })
    }
}

fn read_url(value: &Value) -> Result<Url, Error> {
    let text = value.text()?;
    let path = |scheme: &str, what: &str| {
        let path = text.strip_prefix(scheme)?;
        // As other programs write file URLs: an authority, which must be empty, and an absolute path.
        let path = match path.strip_prefix("//") {
            Some(rest) if !rest.starts_with('/') => {
                return Some(Err(value.place.error(format_args!(
                    "names a host; write \"{scheme}{what}\" for a path of this machine"
                ))));
            }
            Some(rest) => rest,
            None => path,
        };
        Some(match path {
            "" => Err(value.place.error(format_args!("names no path; write \"{scheme}{what}\""))),
            path => Ok(value.beside(Path::new(path))),
        })
    };
    if **text == *"memory:" {
        return Ok(Url::Memory);
    }
    if let Some(path) = path("file:", "DIR") {
        return path.map(Url::File);
    }
    if let Some(path) = path("sqlite:", "PATH") {
        return path.map(Url::Sqlite);
    }
    let later = ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme));
    Err(value.place.error(if later {
        "names a store that comes later; so far there are \"file:DIR\", \"sqlite:PATH\" and \"memory:\""
    } else {
        "names no store; write \"file:DIR\", \"sqlite:PATH\" or \"memory:\""
    }))
}
