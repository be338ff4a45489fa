//! Token records in files: many processes on one host, the standard library alone.
//!
//! ```no_run
//! # fn main() -> Result<(), wellspring_core::StoreError> {
//! let store = wellspring_store_file::FileStore::open("tokens")?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! It is shared by the processes of one machine, and what it says is saved survives the machine's sudden end, as far
//! as the disk keeps its own promises: each save is written to a new file, flushed, put in the old one's place, and
//! the folder is flushed as well. A save is there whole or not at all.
//!
//! # What it cannot promise
//!
//! - On a network file system (NFS, SMB) neither the locks nor the flushing hold: use a local disk.
//! - Between machines nothing is shared, even where the folder is.
//! - A file system that hangs makes an operation hang: deadlines bound the waiting for others, not the disk.
//! - Who deletes the folder `locks` while processes are at work takes their protection from one another away.
//!
//! # What is where
//!
//! ```text
//! tokens/                    0700
//!   <key's SHA-256>.token    0600  the version, 32 hexadecimal digits and a line's end; then the record
//!   <..>.token.new           0600  a save under way, or one that was cut short: the next save sweeps it away
//!   locks/save-00 .. 15      0600  empty; a save locks one of them for itself
//!   locks/life-00 .. 15      0600  empty; who may still save shares one of them
//!   spill/<..>.spill         0600  tokens that could not be saved
//! ```
//!
//! Tokens lie there in plain.
#![forbid(unsafe_code)]

mod store;

// The public interface is:
pub use store::FileStore;
