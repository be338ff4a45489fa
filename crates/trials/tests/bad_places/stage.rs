//! One session in one store, and ways to damage or lock it.

use core::any::Any;
use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use oauth2_app::App;
use rusqlite::Connection;
use wellspring_core::{Loaded, Provider as _, Replay, Store, TokenKey};
use wellspring_store::{Deadline, FileLocks, KeyName};
use wellspring_trials::server::{Server, app};
use wellspring_trials::{Driver, Kind, Place, Source, policy};

/// Longer than any operation takes that is not meant to reach its deadline.
pub(crate) const AMPLE: Duration = Duration::from_secs(60);

pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) server: Server,
}

impl Stage {
    /// An expired session in a store of this kind in this folder.
    pub(crate) fn below(kind: Kind, folder: &std::path::Path) -> Self {
        let stage = Self { place: kind.below(folder), server: Server::start(Duration::ZERO).unwrap() };
        stage.server.sign_in_to(&stage.place, &stage.app()).unwrap();
        stage
    }

    pub(crate) fn app(&self) -> App {
        app(&self.server.simulator().url(), Replay::Never, 0).unwrap()
    }

    pub(crate) fn key(&self) -> TokenKey {
        self.app().spec().key.clone()
    }

    pub(crate) fn name(&self) -> String {
        KeyName::of(&self.key()).to_string()
    }

    /// A source with this store deadline.
    pub(crate) fn source(&self, driver: Driver, store: &Arc<dyn Store>, store_deadline: Duration) -> Source {
        Source::new(driver, self.app(), store, policy(AMPLE, store_deadline)).unwrap()
    }

    pub(crate) fn loaded(&self) -> Loaded {
        self.place.open().unwrap().load(&self.key(), AMPLE).unwrap()
    }

    /// The generation that the store holds.
    pub(crate) fn generation(&self) -> u64 {
        self.loaded().stored.unwrap().record.generation.value()
    }

    /// Waits until the store holds this generation and nothing is spilled.
    pub(crate) fn wait_for(&self, generation: u64) {
        let deadline = Deadline::after(AMPLE);
        while self.generation() != generation || self.loaded().spilled.is_some() {
            assert!(deadline.sleep(Duration::from_millis(5)), "generation {generation} is never stored");
        }
    }

    /// The stored bytes of the record.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self.place.kind() {
            Kind::File => fs::read(self.file()).unwrap(),
            Kind::Sqlite | Kind::Sealed => {
                let query = "SELECT record FROM record WHERE key = ?1";
                self.database().query_row(query, [self.name()], |row| row.get(0)).unwrap()
            }
            Kind::Redis | Kind::Postgres => not_on_a_disk(),
        }
    }

    /// Replaces the bytes; the version stays.
    pub(crate) fn overwrite(&self, bytes: &[u8]) {
        match self.place.kind() {
            Kind::File => fs::write(self.file(), bytes).unwrap(),
            Kind::Sqlite | Kind::Sealed => {
                let change = "UPDATE record SET record = ?1 WHERE key = ?2";
                assert_eq!(self.database().execute(change, (bytes, self.name())).unwrap(), 1);
            }
            Kind::Redis | Kind::Postgres => not_on_a_disk(),
        }
    }

    /// Blocks all other saves until the returned value is dropped.
    pub(crate) fn lock(&self) -> Box<dyn Any + Send + Sync> {
        match self.place.kind() {
            Kind::File => {
                let locks = FileLocks::open(self.place.path().join("locks"), "save").unwrap();
                Box::new(locks.exclusive(&KeyName::of(&self.key()), AMPLE).unwrap())
            }
            Kind::Sqlite | Kind::Sealed => {
                let other = self.database();
                other.execute_batch("BEGIN IMMEDIATE").unwrap();
                Box::new(std::sync::Mutex::new(other))
            }
            Kind::Redis | Kind::Postgres => not_on_a_disk(),
        }
    }

    fn file(&self) -> PathBuf {
        self.place.path().join(format!("{}.token", self.name()))
    }

    fn database(&self) -> Connection {
        let connection = Connection::open(self.place.path()).unwrap();
        connection.busy_timeout(AMPLE).unwrap();
        connection
    }
}

fn not_on_a_disk() -> ! {
    panic!("bad places are places on a disk")
}
