//! Trials of processes that share a store: killed at each effect, raced against each other, and run on bad disks.
//!
//! Everything here is real: processes, SIGKILL, kernel locks, disks, sockets. The explorer covers every other order of
//! events; the trials show that the machine, the drivers and the stores together keep its results. The crate is only for
//! Unix, which has SIGKILL.
//!
//! - [`crash`] kills a process at a [`moment`](Moment) of its renewal and lets another take over; [`table`] plays many.
//! - [`summary`] adds runs that stop a process, interrupt a save, let the store fail, or reach it by two paths.
//! - [`storm`] does that to many processes at once, at a certified server.
//! - [`race`] starts many processes at once, [`cull`] kills half of them; [`Housing`] puts them into containers or hosts.
//! - [`engine`] starts the servers of the stores that many hosts share.
//! - [`child`] is the program of those processes, [`server`] their server: it rotates refresh tokens and detects reuse.
#![forbid(unsafe_code)]

pub mod child;
pub mod clock;
pub mod crash;
pub mod cull;
mod deadly;
mod ending;
pub mod engine;
mod fault;
mod housing;
mod kill_point;
mod moment;
mod parallel;
mod part;
mod place;
mod process;
pub mod race;
mod random;
mod relay;
mod runs;
mod scratch;
pub mod server;
mod source;
mod stage;
mod stop;
pub mod storm;
mod strace;
pub mod summary;
pub mod table;
mod two_paths;
mod unnamed;

// The public interface is:
pub use housing::Housing;
pub use kill_point::{Blow, Effect, KillPoint, When};
pub use moment::{Left, Moment};
pub use part::{CallerResult, Driver, Line, Part};
pub use place::{Kind, Place};
pub use process::{Done, End, Process};
pub use relay::{Relay, Wire};
pub use source::{Source, policy};
