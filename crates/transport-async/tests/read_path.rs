//! The tests of reading that both transports run, on tokio and hyper. Their program counts its allocations.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(feature = "client")]

mod driver;
#[path = "../../transport/tests/twins/read_path.rs"]
mod twins;
