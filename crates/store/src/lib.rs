//! Token records as bytes over any map with compare-and-swap, and the contract that such a map must pass.
//!
//! Somebody's new store is a [`Map`]: from a [`KeyName`] to a version and bytes, with compare-and-swap, a way to
//! watch a key and a liveness lock. [`Records`] makes a [`Store`](wellspring_core::Store) of it: it writes records as
//! bytes, draws the versions, and keeps spilled tokens in a folder. The module `contract`, behind the feature of that
//! name, tests the result.
//!
//! What is here:
//!
//! - [`Records`] over a [`Map`], and [`MemoryStore`], the simplest map: for the sources of one process.
//! - [`Spills`]: the folder of the tokens that a store would not take.
//! - For stores on a disk: [`files`], which writes whole and durably or not at all, [`Stripes`], kernel locks on side
//!   files, and [`Life`], the liveness lock made of them.
//!
//! What is written is versioned, names its fields, has a checksum and counts time by the wall clock. What cannot be
//! read is an error and never "absent"; a record of a newer version is left alone. Unknown members of a provider's
//! answer and what had to be overlooked in it are not kept.
//!
//! Tokens are written in plain: whoever may read the place may use them. So folders are made for the owner alone
//! (0700), and files as well (0600).
#![forbid(unsafe_code)]

mod clock;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod encoding;
pub mod files;
mod life;
mod map;
mod memory;
mod records;
mod spills;
mod stripes;

// The public interface is:
pub use clock::Deadline;
pub use life::Life;
pub use map::{Entry, KeyName, Map};
pub use memory::MemoryStore;
pub use records::Records;
pub use spills::Spills;
pub use stripes::{Lock, Stripes};
pub use zeroize::Zeroizing;
