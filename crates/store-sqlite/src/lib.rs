//! Token records in SQLite: the embedded default for many processes on one host.
//!
//! ```
//! use core::time::Duration;
//! use wellspring_core::{Epoch, Generation, Record, SessionState, Store, TokenKey};
//! use wellspring_store_sqlite::SqliteStore;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("tokens.db");
//! # let path = path.as_path();
//! let key = TokenKey::new("provider", "https://as.example/token").client("my-client");
//! let record = Record::new(Epoch::new(1), Generation::new(1), SessionState::LoggedOut);
//! let within = Duration::from_secs(5);
//! SqliteStore::open(path)?.save(&key, None, &record, within)?;
//!
//! // Another process, or the next start of this one, finds what was saved.
//! let stored = SqliteStore::open(path)?.load(&key, within)?.stored.expect("it was saved");
//! assert_eq!(stored.record.generation, Generation::new(1));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! A program gives the store to its source: `TokenSource::builder(provider).store(SqliteStore::open("tokens.db")?)`.
//!
//! # Guarantees
//!
//! The processes of one machine share the store. A completed save survives a sudden stop of the machine, as far as the
//! disk keeps what it flushed: the database has a write-ahead log that is flushed with every commit
//! (`synchronous = FULL`). A save is part of one transaction that takes the write lock when it begins. So a save is
//! applied completely or not at all, and a second save finds the version of the first.
//!
//! Saves of one process that wait at the same time are committed together, with one flush, in the order of their arrival.
//! A load waits for no save.
//!
//! # Limits
//!
//! - The write-ahead log needs memory that all processes share, so the store does not work on a network file system.
//! - A file system that hangs makes an operation hang: a deadline bounds the wait for other processes, not the disk.
//! - A database that is replaced by an older copy is a store that went back in time.
//! - SQLite loses its own locks when other code of the same process opens the database file and closes it. Only this
//!   store may open the file.
//! - A program has one SQLite, which its other crates choose too: rusqlite 0.32 to 0.43 fit. SQLite before 3.51.3 (rusqlite
//!   before 0.39) has a rare race that can damage a shared database;
//!   [`notes`](wellspring_store::Records::notes) says so.
//!
//! # Files
//!
//! ```text
//! tokens.db                  0600  table record: key (the key's SHA-256), version (16 bytes), record;
//!                                   one row is the key that authenticates the spills
//! tokens.db-wal, -shm        0600  SQLite's write-ahead log and shared memory
//! tokens.db.life/            0700  life-00 .. 15, each with a random id: a lease holder shares a lock on one of them as its liveness lock
//! tokens.db.spill/           0700  spilled tokens
//! ```
//!
//! The files contain the tokens unencrypted, unless the store is sealed (`Records::sealed`, feature `sealing` of
//! `wellspring-store`). SQLite overwrites replaced records in the database with zeros
//! (`secure_delete`). A replaced record stays in the write-ahead log until SQLite starts the log again.
#![forbid(unsafe_code)]

mod connection;
mod error;
mod group_commit;
mod look;
mod opened;
mod pool;
mod read_only;
mod store;
mod tracked_connection;
mod version;

// The public interface is:
pub use store::SqliteStore;
