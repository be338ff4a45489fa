//! Typed calls against a gateway on loopback, over both transports.

#![cfg(any(feature = "async", feature = "blocking"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

#[cfg(feature = "async")]
mod asynchronous;
#[cfg(feature = "blocking")]
mod blocking;
