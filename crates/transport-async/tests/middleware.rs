//! The tests of middleware that both transports run, on tokio, reqwest and tower.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(all(feature = "tower", feature = "reqwest-middleware"))]

mod driver;
#[path = "../../transport/tests/twins/middleware.rs"]
mod twins;
