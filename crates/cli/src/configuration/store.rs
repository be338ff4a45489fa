//! `[store]`: where tokens outlive the process, and where they wait while it cannot be reached.
//!
//! What is written there is read and checked; nothing is opened: that is [`source`](crate::source)'s business.

use std::path::{Path, PathBuf};

use crate::configuration::section::Section;
use crate::configuration::value::{Place, Value};
use crate::exit::Failure;

/// `[store]`, or that there is none.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// Where it stands, or should.
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

impl Store {
    /// What holds where there is no `[store]`.
    pub(crate) const fn none(place: Place) -> Self {
        Self { place, url: Url::Memory, spill: None }
    }

    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Failure> {
        for later in ["key", "sealing"] {
            if let Some(place) = section.mention(later) {
                return Err(place.failure("is for sealed stores, which come later; leave it out"));
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
                .failure("is for stores that outlive the process; add `url`, or leave it out"));
        }
        let spill = match spill {
            Some(value) => Some(value.beside(Path::new(value.text()?.as_str()))),
            None => None,
        };
        Ok(Self { place, url, spill })
    }
}

fn read_url(value: &Value) -> Result<Url, Failure> {
    let text = value.text()?;
    let path = |scheme: &str, what: &str| {
        let path = text.strip_prefix(scheme)?;
        // As other programs write file URLs: an authority, which must be empty, and an absolute path.
        let path = match path.strip_prefix("//") {
            Some(rest) if !rest.starts_with('/') => {
                return Some(Err(value.place.failure(format_args!(
                    "names a host; write \"{scheme}{what}\" for a path of this machine"
                ))));
            }
            Some(rest) => rest,
            None => path,
        };
        Some(match path {
            "" => Err(value.place.failure(format_args!("names no path; write \"{scheme}{what}\""))),
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
    Err(value.place.failure(if later {
        "names a store that comes later; so far there are \"file:DIR\", \"sqlite:PATH\" and \"memory:\""
    } else {
        "names no store; write \"file:DIR\", \"sqlite:PATH\" or \"memory:\""
    }))
}
