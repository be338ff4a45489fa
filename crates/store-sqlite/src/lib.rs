//! Token records in SQLite: the embedded default for many processes on one host.
//!
//! ```no_run
//! # fn main() -> Result<(), wellspring_core::StoreError> {
//! let store = wellspring_store_sqlite::SqliteStore::open("tokens.db")?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! It is shared by the processes of one machine, and what it says is saved survives the machine's sudden end, as far
//! as the disk keeps its own promises: the database keeps a write-ahead log that is flushed with every commit
//! (`synchronous = FULL`). A save is part of one transaction that begins as a writer, so it is there whole or not at all,
//! and who comes second finds the first one's version. Those of one process that come while others are written are
//! written together, with one flush, in the order in which they came. Loads wait for no save.
//!
//! # What it cannot promise
//!
//! - A write-ahead log needs memory that all processes share: a network file system will not do.
//! - A file system that hangs makes an operation hang: deadlines bound the waiting for others, not the disk.
//! - A database that is replaced by an older copy is a store that has gone back in time.
//! - SQLite's own locks end when any code of the same process opens the database's file and closes it: leave it to
//!   this store.
//!
//! # What is where
//!
//! ```text
//! tokens.db                  0600  table record: key (the key's SHA-256), version (16 bytes), record
//! tokens.db-wal, -shm        0600  SQLite's own
//! tokens.db.life/            0700  life-00 .. 15, empty: who may still save shares a lock on one of them
//! tokens.db.spill/           0700  tokens that could not be saved
//! ```
//!
//! Tokens lie there in plain. What is replaced is overwritten with zeros in the database (`secure_delete`), and stays
//! in the write-ahead log until SQLite begins it anew.
#![forbid(unsafe_code)]

mod connection;
mod connections;
mod failure;
mod store;
mod writer;

// The public interface is:
pub use store::SqliteStore;
