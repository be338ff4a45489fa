//! From `[store]` to a store.
//!
//! A path that can hold no store is a matter of usage; a store that will not open is trouble with the store.

use std::path::Path;
use std::sync::Arc;

use wellspring_core::{Store, StoreError};
use wellspring_store::{Map, Records};
use wellspring_store_file::FileStore;
use wellspring_store_sqlite::SqliteStore;

use crate::configuration::store::{self, Url};
use crate::configuration::value::Place;
use crate::exit::{Exit, Failure, with_causes};

/// A store that outlives the process.
pub(crate) trait Kept: Store {
    /// A sentence about each file and folder of the store that others than its owner may look into.
    fn open_to_others(&self) -> Vec<String>;

    /// Where tokens wait that the store would not take.
    fn spills(&self) -> Option<&Path>;
}

impl Kept for Records<FileStore> {
    fn open_to_others(&self) -> Vec<String> {
        self.map().open_to_others()
    }

    fn spills(&self) -> Option<&Path> {
        spills(self)
    }
}

impl Kept for Records<SqliteStore> {
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

/// The store, where there is one that outlives the process.
pub(crate) fn open(settings: &store::Store) -> Result<Option<Arc<dyn Kept>>, Failure> {
    let spill = settings.spill.as_deref();
    let opened = match &settings.url {
        Url::Memory => return Ok(None),
        Url::File(folder) => {
            if !folder.is_dir() {
                check_folder(settings, folder)?;
            }
            file(folder, spill)
        }
        Url::Sqlite(path) => {
            if path.is_dir() {
                let path = path.display();
                return Err(settings
                    .place
                    .failure(format_args!("names {path}, which is a folder; name a file")));
            }
            check_folder(settings, path)?;
            sqlite(path, spill)
        }
    };
    opened.map(Some).map_err(|error| trouble(&settings.place, "cannot be opened", &error))
}

/// The store, for a command that makes no sense without one.
pub(crate) fn outliving(settings: &store::Store) -> Result<Arc<dyn Kept>, Failure> {
    open(settings)?.ok_or_else(|| {
        settings.place.failure(
            "keeps nothing beyond this command; add a store that does: [store] with url = \"file:DIR\" or \
             \"sqlite:PATH\"",
        )
    })
}

/// The store has failed: what to do about it, and the status for it.
pub(crate) fn trouble(place: &Place, what: &str, error: &StoreError) -> Failure {
    let advice = if error.is_unreadable() {
        "nothing overwrites it: mend it, or move it away and sign in again"
    } else {
        "put that right, or try again later"
    };
    let failure = place.failure(format_args!("{what}: {}; {advice}", with_causes(error)));
    Failure::new(Exit::TryLater, failure.to_string())
}

/// What the path leads through has to be there: only its last part is made.
fn check_folder(settings: &store::Store, path: &Path) -> Result<(), Failure> {
    if matches!(settings.url, Url::File(_)) && path.exists() {
        let path = path.display();
        return Err(settings.place.failure(format_args!("names {path}, which is a file; name a folder")));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match parent {
        Some(parent) if !parent.is_dir() => {
            let parent = parent.display();
            Err(settings.place.failure(format_args!("lies in {parent}, which is no folder; make it first")))
        }
        _ => Ok(()),
    }
}

fn file(folder: &Path, spill: Option<&Path>) -> Result<Arc<dyn Kept>, StoreError> {
    let store = FileStore::open(folder)?;
    Ok(match spill {
        Some(spill) => Arc::new(store.with_spills(spill)),
        None => Arc::new(store),
    })
}

fn sqlite(path: &Path, spill: Option<&Path>) -> Result<Arc<dyn Kept>, StoreError> {
    let store = SqliteStore::open(path)?;
    Ok(match spill {
        Some(spill) => Arc::new(store.with_spills(spill)),
        None => Arc::new(store),
    })
}
