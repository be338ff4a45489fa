//! Token records in files: for many processes on one host, with nothing to install.
//!
//! ```
//! use core::time::Duration;
//! use wellspring_core::{Epoch, Generation, Record, SessionState, Store, TokenKey};
//! use wellspring_store_file::FileStore;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("tokens");
//! # let path = path.as_path();
//! let key = TokenKey::new("provider", "https://as.example/token").client("my-client");
//! let record = Record::new(Epoch::new(1), Generation::new(1), SessionState::LoggedOut);
//! let within = Duration::from_secs(5);
//! FileStore::open(path)?.save(&key, None, &record, within)?;
//!
//! // Another process, or the next start of this one, finds what was saved.
//! let stored = FileStore::open(path)?.load(&key, within)?.stored.expect("it was saved");
//! assert_eq!(stored.record.generation, Generation::new(1));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! A program gives the store to its source: `TokenSource::builder(provider).store(FileStore::open("tokens")?)`.
//!
//! # Guarantees
//!
//! The processes of one machine share the store. A completed save survives a sudden stop of the machine, as far as the
//! disk keeps what it flushed: each save writes a new file, flushes it, renames it over the old file and flushes the
//! folder. A save is applied completely or not at all.
//!
//! # Limits
//!
//! - On a network file system (NFS, SMB) neither locks nor flushes are reliable: use a local disk.
//! - Machines do not share the store, not even where they share its folder.
//! - A file system that hangs makes an operation hang: a deadline bounds the wait for other processes, not the disk.
//! - A user who deletes the folder `locks` while processes use the store removes the locks that exclude one process from
//!   another.
//!
//! # Files
//!
//! ```text
//! tokens/                    0700
//!   <key's SHA-256>.token    0600  the version as 32 hexadecimal digits and a line feed; then the record
//!   <..>.token.<version>.new 0600  a save that replaces this version, or `first`: in progress or interrupted; the next
//!                                  load or save finishes it if it is whole, and removes it if it is not
//!   <..>.key                 0600  the key that authenticates the spills of this store, in the same form
//!   locks/save-00 .. 15      0600  empty; a save locks one of them exclusively
//!   locks/life-00 .. 15      0600  a random id, which tells the file from a copy of it; a lease holder shares a lock on one of them as its liveness lock
//!   spill/<..>.spill         0600  spilled tokens
//! ```
//!
//! The files contain the tokens unencrypted, unless the store is sealed (`Records::sealed`, feature `sealing` of
//! `wellspring-store`). Each is used only if it is a regular file of this user with one name that no
//! other user can access; otherwise the operation is refused with a sentence that says how to correct it.
#![forbid(unsafe_code)]

mod format;
mod interrupted;
mod look;
mod store;

// The public interface is:
pub use store::FileStore;
