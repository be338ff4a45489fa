//! Token records in Redis or Valkey, for the many hosts of a service.
//!
//! ```no_run
//! use wellspring_store::{SealingKey, SealingKeys};
//! use wellspring_store_redis::RedisStore;
//!
//! let keys = SealingKeys::new(SealingKey::random()?);
//! let store = RedisStore::builder("rediss://app@redis.internal").password("..").sealed(keys)?;
//! # drop(store);
//! # Ok::<(), wellspring_core::StoreError>(())
//! ```
//!
//! A program gives the store to its source: `TokenSource::builder(provider).store(store)` in blocking code,
//! `.async_store(store)` on tokio (feature `async`). Opening the store connects to nothing, so a program starts while the
//! server is down:
//!
//! ```
//! use core::time::Duration;
//! use wellspring_core::{Store, TokenKey};
//! use wellspring_store_redis::RedisStore;
//!
//! // No server is on this port.
//! let store = RedisStore::builder("redis://:secret@127.0.0.1:1").unsealed()?;
//! let key = TokenKey::new("provider", "https://as.example/token");
//! let error = store.load(&key, Duration::from_secs(5)).unwrap_err();
//! assert!(!error.is_permanent(), "the next renewal tries again");
//! assert!(error.to_string().starts_with("redis://127.0.0.1:1/0 cannot be reached"));
//! # Ok::<(), wellspring_core::StoreError>(())
//! ```
//!
//! # Guarantees
//!
//! The machines of a fleet share the store ([`SharedBy::Fleet`](wellspring_core::SharedBy::Fleet)). A save is one Lua script on
//! one key: it compares the version and replaces the record at once, so of two processes one succeeds. It is as durable as
//! the server's own settings make it; [`notes`](wellspring_store::Records::notes) names a server without an append-only file. A
//! failover may lose what the replica has not received, so the store may go back in time: a record that is older than a
//! process knows is used as it is, and nothing of memory is written over it.
//!
//! An operation ends within its time or fails, whatever the server does: it may be paused, dead, or cut off. A save whose
//! answer does not come may have been made. A server that cannot be reached is tried again after pauses that grow to one
//! second, one attempt at a time.
//!
//! # Cost
//!
//! A load is one round trip, a save is one, and a liveness lock is none once the process shows that it lives. So a renewal is
//! three: load, lease, outcome. A caller that waits for another process's renewal does no I/O: one connection listens for all
//! records that callers of this process wait for, and each of those is looked at once a second besides, many with one
//! request. Where the server lets a user not subscribe or not publish, watchers look more often at first, and then once a
//! second.
//!
//! # Liveness
//!
//! Each opened store has a random id. With its first liveness lock it begins to show that it lives: a key with a lifetime of
//! 15 seconds ([`presence_for`](RedisStoreBuilder::presence_for)), written anew three times as often by a thread of its
//! own. The lock of each renewal has a number of its own. A renewal that ends while its lease may still stand notes that in
//! the record, and watchers see at once that the owner is gone. Of a process that was killed no other can tell more than
//! that it no longer shows itself: its lease then counts until a watcher has seen it unchanged for its whole span.
//!
//! # Layout
//!
//! ```text
//! wellspring:{SHA-256 of the key}   hash   v = 1 and 16 bytes of version, r = record, e.. = a lock that has ended
//!                                          the same name is the channel on which a save is published
//! wellspring:alive:{ID}             string with a lifetime: the process of this id lives
//! ```
//!
//! Records have no lifetime. [`prefix`](RedisStoreBuilder::prefix) takes the place of `wellspring:`. What stands in braces decides
//! the slot in a cluster, and each script touches one key.
//!
//! # Permissions
//!
//! ```text
//! ACL SETUSER app on >PASSWORD resetkeys ~wellspring:* resetchannels &wellspring:* -@all +@connection
//!   +eval +evalsha +hgetall +hmget +hget +hset +exists +del +set +publish +subscribe +unsubscribe
//!   +info +scan +wait +cluster|slots
//! ```
//!
//! The last line is for `notes` and `problems`, for a look at the whole store and its sealing, and for
//! [`replicas`](RedisStoreBuilder::replicas). An engine without scripts cannot compare and swap; the store refuses it.
//!
//! # Limits
//!
//! - The operating system looks up the name of a server. No deadline ends that, so blocking code makes each connection on
//!   a thread of its own, and an operation waits no longer than its own time. A thread ends when the system answers.
//! - With TLS the client uses rustls' provider of the process. A program that has installed none gets the one of ring.
#![forbid(unsafe_code)]

mod address;
mod blocking;
mod builder;
mod connector;
mod exchange;
mod failure;
mod info;
mod keeper;
mod looker;
#[cfg(feature = "async")]
mod nonblocking;
mod operations;
mod presence;
mod script;
mod shared;
mod slot;
mod store;
mod subscriber;
mod topology;
mod watching;

// The public interface is:
pub use builder::RedisStoreBuilder;
pub use store::RedisStore;
