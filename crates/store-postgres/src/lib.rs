//! Token records in Postgres: one store for the processes of many hosts.
//!
//! ```
//! use wellspring_core::SharedBy;
//! use wellspring_store::{AsyncMap as _, SealingKey, SealingKeys};
//! use wellspring_store_postgres::PostgresStore;
//!
//! // In a program: `SealingKeys::from_env("WELLSPRING_SEALING_KEY")`, with a key of `wellspring keygen`.
//! let keys = SealingKeys::new(SealingKey::random()?);
//! let store = PostgresStore::builder("postgres://app@localhost/app").sealed(keys)?;
//!
//! // Nothing is connected yet. Once, a person makes the table: with `wellspring store init`, or with this statement.
//! assert!(store.map().create_table().starts_with("CREATE TABLE IF NOT EXISTS \"wellspring\""));
//! assert_eq!(store.map().guarantees().scope, SharedBy::Fleet);
//! # Ok::<(), wellspring_core::StoreError>(())
//! ```
//!
//! An async program gives the store to its source: `TokenSource::builder(provider).async_store(store)`. It needs a tokio
//! runtime with time and I/O enabled. A blocking program has the store run on a thread of its own, with the feature
//! `blocking`: `TokenSource::builder(provider).store(OnRuntime::new(store)?)`. This is the one place where a blocking
//! program meets a runtime.
//!
//! # The choice
//!
//! [`PostgresStoreBuilder::sealed`] and [`PostgresStoreBuilder::unsealed`] are the only ways to a store. A sealed store shows no token to those who can
//! read the table, its dumps and backups, or a log of the server with the parameters of statements.
//!
//! # Guarantees
//!
//! - A save replaces the row of one version only: `UPDATE .. WHERE version = ..`, or `INSERT .. ON CONFLICT DO NOTHING`. No
//!   lock is held between statements, so a pooler in transaction mode changes nothing.
//! - A completed save is durable, as far as the server is: where `synchronous_commit` is off, the save switches it on for
//!   itself.
//! - Each operation is one statement without a name, and one round trip. A renewal is three: load, lease, outcome.
//! - An operation ends within its time, also if the server is paused or its network is gone. A save that got no answer may
//!   have been made, and its error says so.
//!
//! # Connections
//!
//! A process has one connection for its operations, which are pipelined, and one that listens (`LISTEN`) for all its
//! watchers, made by the first of them. A save notifies the watchers in the same statement. Behind a pooler in transaction
//! mode, such as PgBouncer's, notifications do not arrive: the store finds that out, and watchers poll, each from every 25 ms
//! to every second. Both connections are made again when they break, with pauses.
//!
//! A statement that notifies holds one lock of its database while it commits, so the saves of all hosts commit one after another:
//! the limit is what the server's disk can flush in a second, not what its processors can do.
//!
//! # Processes
//!
//! Each opened store has a random id, and from its first renewal on a row that says until when the process is known to live.
//! It is renewed at a third of its time. A lease whose process has ended is taken over when that time has passed and the
//! lease has ended too. A renewal that ends without a save in a process that lives leaves a note in the row instead, and
//! others go on at once.
//!
//! # The table
//!
//! ```text
//! name            text, primary key   64 digits of the key's SHA-256; or p and the id of a process
//! version         bytea               16 bytes, drawn for each save
//! value           bytea               the record, sealed or not
//! ended           bytea               the liveness lock that ended under this lease, if one did
//! presence_until  timestamptz         of a process: until when it is known to live
//! ```
//!
//! The user needs `SELECT`, `INSERT` and `UPDATE` on it and nothing else. Rows of processes that ended are used again.
#![forbid(unsafe_code)]

mod administration;
mod builder;
mod connector;
mod error;
mod link;
mod listener;
mod noted_locks;
mod passfile;
mod presence;
mod server_url;
mod store;
mod table;
#[cfg(feature = "tls")]
mod tls;

use wellspring_core::StoreError;

// The public interface is:
pub use builder::PostgresStoreBuilder;
pub use store::PostgresStore;

/// 64 random bits of the operating system.
fn random() -> Result<u64, StoreError> {
    getrandom::u64().map_err(|error| {
        StoreError::unavailable(format!("the operating system returned no random bytes: {error}"))
    })
}
