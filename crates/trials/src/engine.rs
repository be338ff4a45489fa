//! The servers of stores that many hosts share. The trials of a process share one server of each kind, and each trial has a
//! space of its own there; a trial that disturbs its server starts its own.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wellspring_test_servers::{DataCopy, PostgresServer, RedisServer};

use crate::place::{Kind, Place};

/// The database that every server of Postgres has from the beginning.
const DATABASE: &str = "postgres";

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct Engine(Server);

#[derive(Debug)]
enum Server {
    Redis(RedisServer),
    Postgres(PostgresServer),
}

/// The data of a server, as it was at some moment.
#[derive(Debug)]
pub struct Copy(Data);

#[derive(Debug)]
enum Data {
    Redis(PathBuf),
    Postgres(DataCopy),
}

impl Engine {
    /// Starts a server of this kind; `None` if the kind needs none.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start(kind: Kind) -> Option<Self> {
        match kind {
            Kind::File | Kind::Sqlite | Kind::Sealed => None,
            Kind::Redis => Some(Self(Server::Redis(RedisServer::start()))),
            Kind::Postgres => Some(Self(Server::Postgres(PostgresServer::start()))),
        }
    }

    /// The server of this kind that all trials share which run at the same time; `None` if the kind needs none. It ends with
    /// the last of them.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn shared(kind: Kind) -> Option<Arc<Self>> {
        static SHARED: [Mutex<Weak<Engine>>; 2] = [const { Mutex::new(Weak::new()) }; 2];
        let index = Kind::ENGINES.into_iter().position(|engine| engine == kind)?;
        let mut shared = SHARED[index].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = shared.upgrade() {
            return Some(engine);
        }
        let engine = Arc::new(Self::start(kind)?);
        *shared = Arc::downgrade(&engine);
        Some(engine)
    }

    /// An empty store on this server, apart from all others.
    ///
    /// # Errors
    ///
    /// If the server refuses its table.
    pub fn place(&self) -> Result<Place, String> {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let space = format!("trial_{}", LAST.fetch_add(1, Ordering::Relaxed));
        let place = match &self.0 {
            Server::Redis(redis) => Place::redis(&redis.url(), &space),
            Server::Postgres(postgres) => Place::postgres(&postgres.url(DATABASE), &space),
        };
        place.init().map_err(|error| error.to_string())?;
        Ok(place)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        match &self.0 {
            Server::Redis(redis) => redis.port(),
            Server::Postgres(postgres) => postgres.port(),
        }
    }

    /// Stops the server where it is (SIGSTOP), until [`resume`](Self::resume).
    pub fn pause(&self) {
        match &self.0 {
            Server::Redis(redis) => redis.pause(),
            Server::Postgres(postgres) => postgres.pause(),
        }
    }

    /// Lets a paused server go on.
    pub fn resume(&self) {
        match &self.0 {
            Server::Redis(redis) => redis.resume(),
            Server::Postgres(postgres) => postgres.resume(),
        }
    }

    /// Kills the server, which keeps its data: all that was confirmed.
    pub fn kill(&mut self) {
        match &mut self.0 {
            Server::Redis(redis) => {
                // What an append-only file would hold.
                let _ = redis.save();
                redis.kill();
            }
            Server::Postgres(postgres) => postgres.kill(),
        }
    }

    /// Starts a killed server again with its data.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_again(&mut self) {
        match &mut self.0 {
            Server::Redis(redis) => redis.start_again(),
            Server::Postgres(postgres) => postgres.start_again(),
        }
    }

    /// A copy of the data as they are now. A server of Postgres is stopped for it and started again.
    ///
    /// # Panics
    ///
    /// If the data cannot be copied.
    #[must_use]
    pub fn copy(&mut self) -> Copy {
        Copy(match &mut self.0 {
            Server::Redis(redis) => {
                let copy = redis.folder().join("copy");
                std::fs::copy(redis.save(), &copy).expect("the dump can be copied");
                Data::Redis(copy)
            }
            Server::Postgres(postgres) => Data::Postgres(postgres.copy()),
        })
    }

    /// Kills the server and starts it again with the data of this copy.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn go_back_to(&mut self, copy: &Copy) {
        match (&mut self.0, &copy.0) {
            (Server::Redis(redis), Data::Redis(dump)) => redis.start_again_from(Some(dump)),
            (Server::Postgres(postgres), Data::Postgres(copy)) => postgres.go_back_to(copy),
            _ => panic!("the copy is of another kind of server"),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Server::Redis(_) => Kind::Redis.fmt(f),
            Server::Postgres(_) => Kind::Postgres.fmt(f),
        }
    }
}
