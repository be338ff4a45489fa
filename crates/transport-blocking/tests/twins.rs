//! The tests that both transports run, on threads and ureq.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(feature = "ureq")]

mod driver;
#[path = "../../transport/tests/twins/mod.rs"]
mod twins;
