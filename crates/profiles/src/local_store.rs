//! Opens the store that `[store]` names.
//!
//! A path that cannot hold a store is an error of the settings; a store that does not open is an error of the store.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wellspring_core::{Store, StoreError, TokenKey};
use wellspring_store::{KeyName, Map, Records, Resealed, Seal, SealingKeyId, SealingKeys, Seals};
use wellspring_store_file::FileStore;
use wellspring_store_sqlite::SqliteStore;

use crate::error::Error;
use crate::network_settings::{Engine, NetworkUrl};
use crate::store_settings::{StoreSettings, Url};

/// A persistent store: on this machine, or on a network.
pub trait LocalStore: Store {
    /// A sentence about each file and folder of the store to which other users have access.
    fn open_to_others(&self) -> Vec<String>;

    /// An error for each file of the store that needs a person: open to others, foreign, corrupt, not a file, or a spill
    /// that is not used. Each names the path and says what to do.
    fn problems(&self) -> Vec<StoreError>;

    /// A sentence about each part of the store that a person should know of and need not correct.
    fn notes(&self) -> Vec<String>;

    /// Makes what the store needs where it does not make that when it is opened: the table on a server. A server where
    /// nothing needs to be made is checked. Returns a sentence about what there is now.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses.
    fn init(&self, _: Duration) -> Result<String, StoreError> {
        Ok("the store is there: it is made when it is opened".to_owned())
    }

    /// The folder for spilled tokens: tokens that the store refused and that wait for their save.
    fn spills(&self) -> Option<&Path>;

    /// The id of the key with which the store seals; `None` if it does not.
    fn sealing_key(&self) -> Option<SealingKeyId>;

    /// How the record of this key lies in the store: plain, or sealed with which key.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn seal(&self, key: &TokenKey, within: Duration) -> Result<Option<Seal>, StoreError>;

    /// How all records lie in the store, and an error for each that no key of the store opens.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn seals(&self, within: Duration) -> Result<Seals, StoreError>;

    /// Seals all that the store holds with its newest key.
    ///
    /// # Errors
    ///
    /// When the store has no key, or cannot be read.
    fn reseal(&self, within: Duration) -> Result<Resealed, StoreError>;
}

impl LocalStore for Records<FileStore> {
    fn open_to_others(&self) -> Vec<String> {
        self.map().open_to_others()
    }

    fn problems(&self) -> Vec<StoreError> {
        self.problems()
    }

    fn notes(&self) -> Vec<String> {
        self.notes()
    }

    fn spills(&self) -> Option<&Path> {
        spills(self)
    }

    fn sealing_key(&self) -> Option<SealingKeyId> {
        self.sealing_key()
    }

    fn seal(&self, key: &TokenKey, within: Duration) -> Result<Option<Seal>, StoreError> {
        self.seal(key, within)
    }

    fn seals(&self, within: Duration) -> Result<Seals, StoreError> {
        self.seals(within)
    }

    fn reseal(&self, within: Duration) -> Result<Resealed, StoreError> {
        self.reseal(within)
    }
}

impl LocalStore for Records<SqliteStore> {
    fn open_to_others(&self) -> Vec<String> {
        self.map().open_to_others()
    }

    fn problems(&self) -> Vec<StoreError> {
        self.problems()
    }

    fn notes(&self) -> Vec<String> {
        self.notes()
    }

    fn spills(&self) -> Option<&Path> {
        spills(self)
    }

    fn sealing_key(&self) -> Option<SealingKeyId> {
        self.sealing_key()
    }

    fn seal(&self, key: &TokenKey, within: Duration) -> Result<Option<Seal>, StoreError> {
        self.seal(key, within)
    }

    fn seals(&self, within: Duration) -> Result<Seals, StoreError> {
        self.seals(within)
    }

    fn reseal(&self, within: Duration) -> Result<Resealed, StoreError> {
        self.reseal(within)
    }
}

fn spills<M: Map>(records: &Records<M>) -> Option<&Path> {
    records.spills().map(|spills| spills.folder())
}

impl StoreSettings {
    /// Opens the store; `None` if the settings name no persistent store.
    ///
    /// # Errors
    ///
    /// If the path cannot hold a store, or the store does not open.
    pub fn open(&self) -> Result<Option<Arc<dyn LocalStore>>, Error> {
        let spill = self.spill.as_deref();
        let keys = || self.sealing_keys();
        let opened = match &self.url {
            Url::Memory => return Ok(None),
            Url::File(folder) => {
                if !folder.is_dir() {
                    self.check_folder(folder)?;
                }
                file(folder, spill, keys()?)
            }
            Url::Sqlite(path) => {
                if path.is_dir() {
                    let path = path.display();
                    return Err(self
                        .place
                        .error(format_args!("names {path}, which is a folder; name a file")));
                }
                self.check_folder(path)?;
                sqlite(path, spill, keys()?)
            }
            Url::Network(url) => return self.on_a_network(url).map(Some),
        };
        opened.map(Some).map_err(|source| Error::Store { place: self.place.clone(), source })
    }

    /// A file beside the store for this key and this purpose, if the store is persistent. All processes that share the
    /// store get the same file, whatever path leads them to it. It need not exist.
    #[must_use]
    pub fn beside(&self, key: &TokenKey, purpose: &str) -> Option<PathBuf> {
        let name = KeyName::of(key);
        let name = name.as_str().get(..16).unwrap_or_default();
        let resolved = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        match &self.url {
            Url::Memory => None,
            // What processes of this machine have in common: their configuration.
            Url::Network(_) => {
                let mut file = resolved(self.place.file()).into_os_string();
                file.push(format!(".{purpose}-{name}"));
                Some(file.into())
            }
            Url::File(folder) => Some(resolved(folder).join(format!("{purpose}-{name}"))),
            Url::Sqlite(path) => {
                let mut file = resolved(path).into_os_string();
                file.push(format!(".{purpose}-{name}"));
                Some(file.into())
            }
        }
    }

    /// Opens a store on a network.
    fn on_a_network(&self, url: &NetworkUrl) -> Result<Arc<dyn LocalStore>, Error> {
        match url.engine() {
            #[cfg(feature = "postgres")]
            Engine::Postgres => self.postgres(url),
            #[cfg(not(feature = "postgres"))]
            Engine::Postgres => Err(self.place.error(
                "names a store in Postgres, which this program is built without: enable the feature `postgres` of \
                 `wellspring-profiles`",
            )),
            #[cfg(feature = "redis")]
            Engine::Redis => self.redis(url),
            #[cfg(not(feature = "redis"))]
            Engine::Redis => Err(self.place.error(
                "names a store in Redis, which this program is built without: enable the feature `redis` of \
                 `wellspring-profiles`",
            )),
        }
    }

    /// The parent folder must exist: the store creates only the last part of its path.
    fn check_folder(&self, path: &Path) -> Result<(), Error> {
        if matches!(self.url, Url::File(_)) && path.exists() {
            let path = path.display();
            return Err(self.place.error(format_args!("names {path}, which is a file; name a folder")));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        match parent {
            Some(parent) if !parent.is_dir() => {
                let parent = parent.display();
                Err(self
                    .place
                    .error(format_args!("has the parent {parent}, which is not a folder; create it first")))
            }
            _ => Ok(()),
        }
    }
}

fn file(
    folder: &Path,
    spill: Option<&Path>,
    keys: Option<SealingKeys>,
) -> Result<Arc<dyn LocalStore>, StoreError> {
    Ok(Arc::new(with_settings(FileStore::open(folder)?, spill, keys)))
}

fn sqlite(
    path: &Path,
    spill: Option<&Path>,
    keys: Option<SealingKeys>,
) -> Result<Arc<dyn LocalStore>, StoreError> {
    Ok(Arc::new(with_settings(SqliteStore::open(path)?, spill, keys)))
}

fn with_settings<M: Map>(
    mut store: Records<M>,
    spill: Option<&Path>,
    keys: Option<SealingKeys>,
) -> Records<M> {
    if let Some(spill) = spill {
        store = store.with_spills(spill);
    }
    match keys {
        Some(keys) => store.sealed(keys),
        None => store,
    }
}
