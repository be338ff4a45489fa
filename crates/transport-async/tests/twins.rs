//! The tests that both transports run, on tokio and reqwest.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(feature = "reqwest")]

mod driver;
#[path = "../../transport/tests/twins/mod.rs"]
mod twins;
