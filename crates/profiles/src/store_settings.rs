//! `[store]`: the persistent store, and the folder for tokens that it refuses.
//!
//! Reading checks the settings; only [`StoreSettings::open`] opens the store.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::network_settings::{NetworkSettings, NetworkUrl};
use crate::place::Place;
use crate::section::Section;
use crate::value::{SecretSource, Value};

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
    #[cfg_attr(
        not(any(feature = "postgres", feature = "redis")),
        allow(dead_code, reason = "this build has no store on a network")
    )]
    pub(crate) unsealed: bool,
    /// What only a store on a network has.
    pub(crate) network: NetworkSettings,
    /// Where the URL comes from.
    url_source: SecretSource,
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

impl StoreSettings {
    /// The settings of a file without `[store]`.
    pub(crate) fn none(place: Place) -> Self {
        Self {
            place,
            url: Url::Memory,
            spill: None,
            sealing_key_file: None,
            sealing_key_keyring: None,
            unsealed: false,
            network: NetworkSettings::default(),
            url_source: SecretSource::Written,
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

    /// The secrets of the section: where the file names each one, and where its value comes from.
    pub fn secrets(&self) -> impl Iterator<Item = (&Place, SecretSource)> {
        let url = match &self.url {
            Url::Network(url) if url.has_password() => Some((&self.place, self.url_source.clone())),
            _ => None,
        };
        let key = self.network.client_key.as_ref().map(|key| (&key.place, key.file_source()));
        url.into_iter().chain(key)
    }

    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Error> {
        if let Some(place) = section.mention("key") {
            return Err(place.error(NO_SETTING));
        }
        let mut place = section.place();
        let (url, spill) = (section.value("url")?, section.value("spill")?);
        let sealing_key_file = section.value("sealing_key_file")?;
        let sealing_key_keyring = section.value("sealing_key_keyring")?;
        let network = NetworkSettings::read(&mut section)?;
        section.finish()?;
        let mut url_source = SecretSource::Written;
        let url = match url {
            Some(value) => {
                (place, url_source) = (value.place.clone(), value.secret_source());
                read_url(&value)?
            }
            None => Url::Memory,
        };
        let engine = if let Url::Network(url) = &url { Some(url.engine()) } else { None };
        let unsealed = match (network.sealing(), engine) {
            (Some(value), None) => return Err(value.place.error(NO_SETTING)),
            _ => network.unsealed(sealing_key_file.is_some() || sealing_key_keyring.is_some())?,
        };
        network.check(engine)?;
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
        Ok(Self { place, url, spill, sealing_key_file, sealing_key_keyring, unsealed, network, url_source })
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
    Err(value.place.error(
        "names no store; write \"file:DIR\", \"sqlite:PATH\", \"postgres://HOST/DATABASE\", \"redis://HOST\" or \"memory:\"",
    ))
}
