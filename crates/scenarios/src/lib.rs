//! Scenarios as data: stories between a client and a server, each played by three clients that must see the same.
//!
//! A scenario file in `scenarios/` sets up a provider, a policy and a server, says step by step what happens
//! (time moves, somebody asks, a fault waits) and what is to be seen: every request with its time and the token
//! it spends, what every caller got, what had to be overlooked, how often a spent grant was seen again. One stage
//! plays it; the player is the bare machine, the async driver or the blocking driver.
//!
//! - [`scenario`] is the format; a line of an expectation is a line of an [`Observation`].
//! - [`Execution::play`] plays one, [`difference`] compares, [`each_taken_out`] shows that its faults matter.
//! - [`catalogue`] reads the files, and the lists of what no scenario shows.
#![forbid(unsafe_code)]

mod async_driver;
mod blocking_driver;
pub mod catalogue;
mod execution;
mod expectation;
mod faults;
mod listening;
mod machine;
mod observation;
mod player;
mod provider;
pub mod scenario;
mod server;
mod span;
mod stage;
mod starts;

// The public interface is:
pub use execution::Execution;
pub use expectation::difference;
pub use faults::each_taken_out;
pub use observation::{Observation, Seen};
pub use span::Span;
