//! Scenarios as data: sequences of events between a client and a server. Three clients play each scenario and must show
//! the same result.
//!
//! A scenario file in `scenarios/` sets up a provider, a policy and a server. It lists the events step by step (time
//! passes, a caller asks, a fault is queued) and the expected result: every request with its time and its grant, what every
//! caller got, the accepted deviations, how often the server saw a used grant again. One stage plays it; the player is the
//! bare machine, the async driver or the blocking driver.
//!
//! - [`scenario`] is the format; a line of an expectation is a line of an [`Observation`].
//! - [`Execution::play`] plays a scenario, [`difference`] compares, [`each_taken_out`] shows that its faults matter.
//! - [`catalogue`] reads the files, and the lists of decisions that no scenario shows.
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
