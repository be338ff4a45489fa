//! From `[store]` to a store of this machine.
//!
//! A path that can hold no store is told apart from a store that will not open.

use std::path::Path;
use std::sync::Arc;

use wellspring_core::{Store, StoreError};
use wellspring_store::{Map, Records};
use wellspring_store_file::FileStore;
use wellspring_store_sqlite::SqliteStore;

use crate::store_settings::Url;
use crate::{Error, StoreSettings};

/// A store that outlives the process.
pub trait LocalStore: Store {
    /// A sentence about each file and folder of the store that others than its owner may look into.
    fn open_to_others(&self) -> Vec<String>;

    /// Where tokens wait that the store would not take.
    fn spills(&self) -> Option<&Path>;
}

impl LocalStore for Records<FileStore> {
    fn open_to_others(&self) -> Vec<String> {
        self.map().open_to_others()
    }

    fn spills(&self) -> Option<&Path> {
        spills(self)
    }
}

impl LocalStore for Records<SqliteStore> {
    fn open_to_others(&self) -> Vec<String> {
        self.map().open_to_others()
    }

    fn spills(&self) -> Option<&Path> {
        spills(self)
    }
}

fn spills<M: Map>(records: &Records<M>) -> Option<&Path> {
    records.spills().map(|spills| spills.folder())
}

impl StoreSettings {
    /// Opens the store; `None` where none outlives the process.
    ///
    /// # Errors
    ///
    /// When no store can lie there, or it does not open.
    pub fn open(&self) -> Result<Option<Arc<dyn LocalStore>>, Error> {
        let spill = self.spill.as_deref();
        let opened = match &self.url {
            Url::Memory => return Ok(None),
            Url::File(folder) => {
                if !folder.is_dir() {
                    self.check_folder(folder)?;
                }
                file(folder, spill)
            }
            Url::Sqlite(path) => {
                if path.is_dir() {
                    let path = path.display();
                    return Err(self
                        .place
                        .error(format_args!("names {path}, which is a folder; name a file")));
                }
                self.check_folder(path)?;
                sqlite(path, spill)
            }
        };
        opened.map(Some).map_err(|source| Error::Store { place: self.place.clone(), source })
    }

    /// What the path leads through has to be there: only its last part is made.
    fn check_folder(&self, path: &Path) -> Result<(), Error> {
        if matches!(self.url, Url::File(_)) && path.exists() {
            let path = path.display();
            return Err(self.place.error(format_args!("names {path}, which is a file; name a folder")));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        match parent {
            Some(parent) if !parent.is_dir() => {
                let parent = parent.display();
                Err(self.place.error(format_args!("lies in {parent}, which is no folder; make it first")))
            }
            _ => Ok(()),
        }
    }
}

fn file(folder: &Path, spill: Option<&Path>) -> Result<Arc<dyn LocalStore>, StoreError> {
    let store = FileStore::open(folder)?;
    Ok(match spill {
        Some(spill) => Arc::new(store.with_spills(spill)),
        None => Arc::new(store),
    })
}

fn sqlite(path: &Path, spill: Option<&Path>) -> Result<Arc<dyn LocalStore>, StoreError> {
    let store = SqliteStore::open(path)?;
    Ok(match spill {
        Some(spill) => Arc::new(store.with_spills(spill)),
        None => Arc::new(store),
    })
}
