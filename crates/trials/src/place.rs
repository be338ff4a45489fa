//! The store of a trial: its kind and its path.

use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wellspring_core::{Store, StoreError};
use wellspring_store::{OnRuntime, Records, SealingKey, SealingKeys};
use wellspring_store_file::FileStore;
use wellspring_store_postgres::PostgresStore;
use wellspring_store_sqlite::SqliteStore;

/// The kind of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial runs on each")]
pub enum Kind {
    /// Files in a folder.
    File,
    /// A SQLite database.
    Sqlite,
    /// A SQLite database whose records are sealed.
    Sealed,
    /// A sealed store in Postgres, whose path is the URL of its database.
    Postgres,
}

impl Kind {
    /// The kinds of most trials: what a database does under a trial does not depend on a seal.
    pub const ALL: [Self; 2] = [Self::File, Self::Sqlite];

    /// A store of this kind in this folder.
    #[must_use]
    pub fn below(self, folder: &Path) -> Place {
        let name = match self {
            Self::File => "tokens",
            Self::Sqlite => "tokens.db",
            Self::Sealed => "sealed.db",
            Self::Postgres => "postgres",
        };
        Place { kind: self, path: folder.join(name) }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::File => "file",
            Self::Sqlite => "sqlite",
            Self::Sealed => "sealed",
            Self::Postgres => "postgres",
        })
    }
}

/// A store's kind and path, written as `file:/folder`, `sqlite:/database`, `sealed:/database` or `postgres:URL`.
#[derive(Clone, Debug)]
pub struct Place {
    kind: Kind,
    path: PathBuf,
}

impl Place {
    /// Reads a place.
    ///
    /// # Errors
    ///
    /// If the text is malformed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, path) = text.split_once(':').ok_or(format!("{text} is not a store"))?;
        let kind = Kind::ALL
            .into_iter()
            .chain([Kind::Sealed, Kind::Postgres])
            .find(|known| known.to_string() == kind);
        Ok(Self { kind: kind.ok_or(format!("{text} is not a kind of store"))?, path: path.into() })
    }

    /// A store in the Postgres database of this URL, which has the table already.
    #[must_use]
    pub fn postgres(url: &str) -> Self {
        Self { kind: Kind::Postgres, path: url.into() }
    }

    /// The folder or database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The kind of store.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Opens the store again, as another process does.
    ///
    /// # Errors
    ///
    /// If the store cannot be opened.
    pub fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self.kind {
            Kind::File => Arc::new(FileStore::open(&self.path)?),
            Kind::Sqlite => Arc::new(SqliteStore::open(&self.path)?),
            Kind::Sealed => Arc::new(SqliteStore::open(&self.path)?.sealed(keys())),
            Kind::Postgres => Arc::new(OnRuntime::new(self.in_postgres()?)?),
        })
    }

    /// As `open`, with another spill folder.
    ///
    /// # Errors
    ///
    /// If the store cannot be opened.
    pub fn open_spilling_to(&self, folder: &Path) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self.kind {
            Kind::File => Arc::new(FileStore::open(&self.path)?.with_spills(folder)),
            Kind::Sqlite => Arc::new(SqliteStore::open(&self.path)?.with_spills(folder)),
            Kind::Sealed => Arc::new(SqliteStore::open(&self.path)?.with_spills(folder).sealed(keys())),
            Kind::Postgres => Arc::new(OnRuntime::new(self.in_postgres()?.with_spills(folder))?),
        })
    }

    fn in_postgres(&self) -> Result<Records<PostgresStore>, StoreError> {
        PostgresStore::builder(self.path.to_string_lossy()).sealed(keys())
    }
}

/// The key of every sealed store of a trial.
fn keys() -> SealingKeys {
    SealingKeys::new(SealingKey::new(&[7; 32]))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.path.display())
    }
}
