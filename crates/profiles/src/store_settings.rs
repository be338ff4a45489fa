//! `[store]`: the persistent store, and the folder for tokens that it refuses.
//!
//! Reading checks the settings; only [`StoreSettings::open`] opens the store.

use core::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::Error;
use crate::place::Place;
use crate::section::Section;
use crate::value::Value;

const NO_SETTING: &str = "is no setting; a sealed store has `sealing_key_file = \"FILE\"`";

/// The settings of `[store]`, or the defaults if the file has no such section.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    pub(crate) place: Place,
    pub(crate) url: Url,
    /// The folder for spilled tokens; the store chooses one if this is `None`.
    pub(crate) spill: Option<PathBuf>,
    /// The file of the sealing keys, and where it is named.
    pub(crate) sealing_key_file: Option<(Place, PathBuf)>,
    /// The entry of the operating system's keyring with the sealing keys, and where it is named.
    pub(crate) sealing_key_keyring: Option<(Place, String)>,
    /// Whether a store on a network may hold tokens that are not sealed.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "this build has no store on a network"))]
    pub(crate) unsealed: bool,
    /// The table of a store in a database.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "this build has no store on a network"))]
    pub(crate) table: Option<Value>,
}

/// The kind and the path of the store. Relative paths are resolved against the folder of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Url {
    /// No persistent store.
    Memory,
    /// A folder of files.
    File(PathBuf),
    /// An SQLite database.
    Sqlite(PathBuf),
    /// A server.
    Network(NetworkUrl),
}

/// The URL of a server. It may hold a password, so `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NetworkUrl(Zeroizing<String>, Engine);

/// What kind of server a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
}

impl NetworkUrl {
    /// This text, if it is the URL of a server.
    fn of(text: &str) -> Option<Self> {
        let postgres = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        postgres.then(|| Self(Zeroizing::new(text.to_owned()), Engine::Postgres))
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) const fn engine(&self) -> Engine {
        self.1
    }
}

impl fmt::Debug for NetworkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetworkUrl({:?})", self.1)
    }
}

impl StoreSettings {
    /// The settings of a file without `[store]`.
    pub(crate) const fn none(place: Place) -> Self {
        Self {
            place,
            url: Url::Memory,
            spill: None,
            sealing_key_file: None,
            sealing_key_keyring: None,
            unsealed: false,
            table: None,
        }
    }

    /// Where the file sets the store; the first line if it does not.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the store is persistent.
    #[must_use]
    pub fn outlives_the_process(&self) -> bool {
        self.url != Url::Memory
    }

    /// The folder of the store, if it is one on this machine.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.url {
            Url::Memory | Url::Network(_) => None,
            Url::File(folder) => Some(folder),
            Url::Sqlite(path) => path.parent(),
        }
    }

    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Error> {
        if let Some(place) = section.mention("key") {
            return Err(place.error(NO_SETTING));
        }
        let mut place = section.place();
        let (url, spill) = (section.value("url")?, section.value("spill")?);
        let sealing_key_file = section.value("sealing_key_file")?;
        let sealing_key_keyring = section.value("sealing_key_keyring")?;
        let (sealing, table) = (section.value("sealing")?, section.value("table")?);
        section.finish()?;
        let url = match url {
            Some(value) => {
                place = value.place.clone();
                read_url(&value)?
            }
            None => Url::Memory,
        };
        let network = matches!(url, Url::Network(_));
        let unsealed = match &sealing {
            None => false,
            Some(value) if !network => return Err(value.place.error(NO_SETTING)),
            Some(value) if **value.text()? != *"off" => {
                return Err(value
                    .place
                    .error("is \"off\" or left out: a store on a network is sealed otherwise"));
            }
            Some(value) if sealing_key_file.is_some() || sealing_key_keyring.is_some() => {
                return Err(value
                    .place
                    .error("contradicts the sealing key that is named; remove one of them"));
            }
            Some(_) => true,
        };
        if let (false, Some(value)) = (network, &table) {
            return Err(value.place.error("is for stores in a database on a network; remove it"));
        }
        let persistent = [&spill, &sealing_key_file, &sealing_key_keyring];
        if let (Url::Memory, Some(value)) = (&url, persistent.into_iter().flatten().next()) {
            return Err(value.place.error("is for persistent stores; add `url`, or remove it"));
        }
        let path = |value: &Value| Ok(value.beside(Path::new(value.text()?.as_str())));
        let spill = spill.as_ref().map(path).transpose()?;
        let sealing_key_file = sealing_key_file.map(|value| Ok((value.place.clone(), path(&value)?)));
        let sealing_key_file = sealing_key_file.transpose()?;
        let sealing_key_keyring = sealing_key_keyring
            .map(|value| Ok((value.place.clone(), value.text()?.to_string())))
            .transpose()?;
        Ok(Self { place, url, spill, sealing_key_file, sealing_key_keyring, unsealed, table })
    }
}

fn read_url(value: &Value) -> Result<Url, Error> {
    let text = value.text()?;
    let path = |scheme: &str, what: &str| {
        let path = text.strip_prefix(scheme)?;
        // A file URL of other programs: an authority, which must be empty, and an absolute path.
        let path = match path.strip_prefix("//") {
            Some(rest) if !rest.starts_with('/') => {
                return Some(Err(value.place.error(format_args!(
                    "names a host; write \"{scheme}{what}\" for a path on this machine"
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
    if let Some(url) = NetworkUrl::of(&text) {
        return Ok(Url::Network(url));
    }
    let later = ["redis://", "rediss://"].iter().any(|scheme| text.starts_with(scheme));
    Err(value.place.error(if later {
        "names a store that is not supported yet; write \"file:DIR\", \"sqlite:PATH\", \"postgres://HOST/DATABASE\" or \"memory:\""
    } else {
        "names no store; write \"file:DIR\", \"sqlite:PATH\", \"postgres://HOST/DATABASE\" or \"memory:\""
    }))
}
