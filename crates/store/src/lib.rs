//! Token records as bytes over any map with compare-and-swap, and the contract that such a map must pass.
//!
//! ```
//! use core::time::Duration;
//! use wellspring_core::{Epoch, Generation, Record, SessionState, Store, Swap, TokenKey};
//! use wellspring_store::MemoryStore;
//!
//! let store = MemoryStore::open();
//! let key = TokenKey::new("provider", "https://as.example/token").client("my-client");
//! let record = Record::new(Epoch::new(1), Generation::new(1), SessionState::LoggedOut);
//! let within = Duration::from_secs(1);
//!
//! // A save names the version that it replaces, here none: of two processes that save at once, one succeeds.
//! assert!(matches!(store.save(&key, None, &record, within)?, Swap::Done(_)));
//! assert!(matches!(store.save(&key, None, &record, within)?, Swap::Conflict));
//! let stored = store.load(&key, within)?.stored.expect("it was saved");
//! assert_eq!(stored.record.generation, Generation::new(1));
//! # Ok::<(), wellspring_core::StoreError>(())
//! ```
//!
//! A new store implements [`Map`]: it maps a [`KeyName`] to a version and bytes, with compare-and-swap, a way to watch a
//! key and a liveness lock. [`Records`] makes a [`Store`](wellspring_core::Store) of such a map: it encodes records,
//! draws the versions, and spills tokens to a folder. The module `contract`, behind the feature of the same name, tests
//! the result.
//!
//! The crate holds:
//!
//! - [`Records`] over a [`Map`], and [`MemoryStore`], the simplest map, for the sources of one process.
//! - [`AsyncMap`], the same interface for a store on a network: over it, [`Records`] is an
//!   [`AsyncStore`](wellspring_core::AsyncStore). Behind the feature `runtime`, `OnRuntime` makes a
//!   [`Store`](wellspring_core::Store) of it for blocking code.
//! - [`Spills`]: the folder of spilled tokens. To spill a token means to write it to a local file when the store refuses
//!   it.
//! - For stores on a disk: [`files`], which writes a file completely and durably or not at all, [`FileLocks`], kernel
//!   locks on lock files, and [`LivenessLocks`], built on them.
//!
//! An encoded record carries a format version, field names and a checksum, and its times are wall-clock times. A record
//! that cannot be decoded is an error, never "absent"; the store leaves a record of a newer format unchanged. The
//! encoding keeps the other members of a token response, what a program has attached, and the fields of a later version that
//! may be carried along; it drops the deviations that the reader of the response noted.
//!
//! Without the feature `sealing` the store does not encrypt tokens: everyone who can read the files can use the tokens.
//! Therefore the store creates folders with mode 0700 and files with mode 0600. With the feature, `Records::sealed` gives
//! any store a ring of keys: records and spilled tokens are sealed with XChaCha20-Poly1305.
#![forbid(unsafe_code)]

mod async_map;
mod at_once;
mod clock;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod encoding;
mod entries;
mod file_locks;
mod file_system;
pub mod files;
mod former;
mod held_locks;
mod liveness_locks;
mod lock_domain;
mod map;
mod memory;
#[cfg(feature = "runtime")]
mod on_runtime;
mod operations;
mod records;
mod reseal;
mod sealer;
#[cfg(feature = "sealing")]
mod sealing;
mod sealing_key_id;
mod seals;
mod spill_rooms;
mod spills;

// The public interface is:
pub use async_map::AsyncMap;
pub use clock::Deadline;
pub use file_locks::{FileLockGuard, FileLocks};
pub use held_locks::{HeldLocks, LockState};
pub use liveness_locks::LivenessLocks;
pub use map::{Entry, KeyName, Map};
pub use memory::MemoryStore;
#[cfg(feature = "runtime")]
pub use on_runtime::OnRuntime;
pub use records::Records;
#[cfg(feature = "sealing")]
pub use sealing::{SealingKey, SealingKeys};
pub use sealing_key_id::SealingKeyId;
pub use seals::{Resealed, Seal, Seals};
pub use spills::Spills;
pub use zeroize::Zeroizing;
