//! The store of a trial: its kind and its path, or its server and its space there.

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wellspring_core::{AsyncStore, Store, StoreError};
use wellspring_store::{OnRuntime, Records, SealingKey, SealingKeys};
use wellspring_store_file::FileStore;
use wellspring_store_postgres::PostgresStore;
use wellspring_store_redis::RedisStore;
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
    /// A sealed store in Redis, whose path is the URL of its server.
    Redis,
    /// A sealed store in Postgres, whose path is the URL of its database.
    Postgres,
}

impl Kind {
    /// The kinds of most trials: what a database does under a trial does not depend on a seal.
    pub const ALL: [Self; 2] = [Self::File, Self::Sqlite];

    /// The kinds that processes of many hosts share.
    pub const ENGINES: [Self; 2] = [Self::Redis, Self::Postgres];

    /// Whether the processes of many hosts share stores of this kind.
    #[must_use]
    pub const fn is_engine(self) -> bool {
        matches!(self, Self::Redis | Self::Postgres)
    }

    /// Whether the store of this user of a storm is an engine: the names of users begin with the kind.
    pub(crate) fn is_engine_of(user: &str) -> bool {
        Self::ENGINES.into_iter().any(|kind| user.starts_with(&kind.to_string()))
    }

    /// A store of this kind in this folder.
    #[must_use]
    pub fn below(self, folder: &Path) -> Place {
        let name = match self {
            Self::File => "tokens",
            Self::Sqlite => "tokens.db",
            Self::Sealed => "sealed.db",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        };
        Place { kind: self, path: folder.join(name), engine: InEngine::default() }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::File => "file",
            Self::Sqlite => "sqlite",
            Self::Sealed => "sealed",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        })
    }
}

/// A store's kind and path. Written as `file:/folder`, `sqlite:/database` or `sealed:/database`; a store in an engine as its
/// kind and URL, its space, the time of its presence in milliseconds, and the folder for spills if there is one.
#[derive(Clone, Debug)]
pub struct Place {
    kind: Kind,
    path: PathBuf,
    engine: InEngine,
}

/// What a store in an engine has besides its URL.
#[derive(Clone, Debug)]
struct InEngine {
    /// The prefix of the keys, or the name of the table.
    space: String,
    presence: Duration,
    spills: Option<PathBuf>,
}

impl Default for InEngine {
    fn default() -> Self {
        Self { space: "trials".to_owned(), presence: Duration::from_secs(15), spills: None }
    }
}

impl Place {
    /// Reads a place.
    ///
    /// # Errors
    ///
    /// If the text is malformed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let malformed = || format!("{text} is not a store");
        let (name, rest) = text.split_once(':').ok_or_else(malformed)?;
        let kind = Kind::ALL
            .into_iter()
            .chain([Kind::Sealed])
            .chain(Kind::ENGINES)
            .find(|known| known.to_string() == name)
            .ok_or(format!("{text} is not a kind of store"))?;
        if !kind.is_engine() {
            return Ok(Self { kind, path: rest.into(), engine: InEngine::default() });
        }
        let mut parts = rest.splitn(4, ' ');
        let mut part = || parts.next().ok_or_else(malformed);
        let (url, space, millis) = (part()?, part()?, part()?);
        let presence = Duration::from_millis(millis.parse().map_err(|_| malformed())?);
        let spills = parts.next().map(PathBuf::from);
        let engine = InEngine { space: space.to_owned(), presence, spills };
        Ok(Self { kind, path: url.into(), engine })
    }

    /// A store at the Redis of this URL, whose keys begin with the space and a colon.
    #[must_use]
    pub fn redis(url: &str, space: &str) -> Self {
        let engine = InEngine { space: space.to_owned(), ..InEngine::default() };
        Self { kind: Kind::Redis, path: url.into(), engine }
    }

    /// A store in this table of the Postgres database of this URL.
    #[must_use]
    pub fn postgres(url: &str, table: &str) -> Self {
        let engine = InEngine { space: table.to_owned(), ..InEngine::default() };
        Self { kind: Kind::Postgres, path: url.into(), engine }
    }

    /// The same store; other processes believe for this time that a process lives after it last showed so.
    #[must_use]
    pub fn present_for(mut self, presence: Duration) -> Self {
        self.engine.presence = presence;
        self
    }

    /// The same store in an engine, which spills tokens to this folder.
    #[must_use]
    pub fn spilling_to(mut self, folder: impl Into<PathBuf>) -> Self {
        self.engine.spills = Some(folder.into());
        self
    }

    /// The folder, the database, or the URL.
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
            Kind::Redis => Arc::new(self.in_redis()?),
            Kind::Postgres => Arc::new(OnRuntime::new(self.in_postgres()?)?),
        })
    }

    /// Opens the store as an asynchronous process does; `None` if it has only blocking operations.
    ///
    /// # Errors
    ///
    /// If the store cannot be opened.
    pub fn open_async(&self) -> Result<Option<Arc<dyn AsyncStore>>, StoreError> {
        Ok(match self.kind {
            Kind::File | Kind::Sqlite | Kind::Sealed => None,
            Kind::Redis => Some(Arc::new(self.in_redis()?)),
            Kind::Postgres => Some(Arc::new(self.in_postgres()?)),
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
            Kind::Redis | Kind::Postgres => self.clone().spilling_to(folder).open()?,
        })
    }

    fn in_redis(&self) -> Result<Records<RedisStore>, StoreError> {
        let builder =
            RedisStore::builder(&self.path.to_string_lossy()).prefix(format!("{}:", self.engine.space));
        self.spilled(builder.presence_for(self.engine.presence).sealed(keys())?)
    }

    fn in_postgres(&self) -> Result<Records<PostgresStore>, StoreError> {
        let builder = PostgresStore::builder(self.path.to_string_lossy()).table(&self.engine.space);
        self.spilled(builder.presence_for(self.engine.presence).sealed(keys())?)
    }

    fn spilled<M>(&self, store: Records<M>) -> Result<Records<M>, StoreError> {
        Ok(match &self.engine.spills {
            Some(folder) => store.with_spills(folder),
            None => store,
        })
    }

    /// Makes the table of a store in Postgres; any other store needs nothing.
    ///
    /// # Errors
    ///
    /// If the server refuses.
    pub fn init(&self) -> Result<(), StoreError> {
        /// Longer than a busy machine takes.
        const WITHIN: Duration = Duration::from_secs(60);
        if self.kind != Kind::Postgres {
            return Ok(());
        }
        let store = OnRuntime::new(self.in_postgres()?)?;
        store.run(WITHIN, |store| async move { store.map().init(WITHIN).await })
    }
}

/// The key of every sealed store of a trial.
fn keys() -> SealingKeys {
    SealingKeys::new(SealingKey::new(&[7; 32]))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.path.display())?;
        if self.kind.is_engine() {
            let InEngine { space, presence, spills } = &self.engine;
            write!(f, " {space} {}", presence.as_millis())?;
            if let Some(folder) = spills {
                write!(f, " {}", folder.display())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_read_as_it_was_written() {
        let redis = Place::redis("redis://127.0.0.1:9", "a").present_for(Duration::from_secs(2));
        let postgres = Place::postgres("postgres://u@127.0.0.1:9/d", "b");
        let file = Kind::File.below(Path::new("/a folder"));
        for place in [file, redis.clone(), redis.spilling_to("/a folder/spills"), postgres] {
            assert_eq!(Place::parse(&place.to_string()).unwrap().to_string(), place.to_string());
        }
        for text in ["file", "paper:/x", "redis:redis://127.0.0.1:9", "redis:redis://127.0.0.1:9 a soon"] {
            assert!(Place::parse(text).is_err(), "{text}");
        }
    }
}
