//! The tests that both transports run, on threads and ureq.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs", feature = "native-tls"))]

mod driver;
#[path = "../../transport/tests/twins/mod.rs"]
mod twins;
