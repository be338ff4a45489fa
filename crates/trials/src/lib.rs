//! Processes that share a store: killed at each effect, raced against each other, and put on bad disks.
//!
//! Everything here is real: processes, SIGKILL, kernel locks, disks, sockets. What could happen in another order is the
//! explorer's business; here is shown that the machine, the drivers and the stores keep together what it has shown. For
//! Unix alone, where there is a SIGKILL.
//!
//! - [`crash`] kills a process at a [`moment`](Moment) of its renewal and lets another take over; [`table`] plays many.
//! - [`race`] starts many processes at once.
//! - [`child`] is what those processes run, [`server`] whom they ask: it rotates refresh tokens and detects reuse.
#![forbid(unsafe_code)]

mod blow;
pub mod child;
pub mod clock;
pub mod crash;
mod deadly;
mod moment;
mod part;
mod place;
mod process;
pub mod race;
mod relay;
mod scratch;
pub mod server;
mod source;
pub mod table;

// The public interface is:
pub use blow::{Blow, Effect, When};
pub use moment::{Left, Moment};
pub use part::{Driver, Line, Part, Told};
pub use place::{Kind, Place};
pub use process::{Done, End, Process};
pub use relay::{Relay, Wire};
pub use source::{Source, policy};
