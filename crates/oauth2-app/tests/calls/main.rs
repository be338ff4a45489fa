//! Sign-in and typed calls against a server on loopback, over both transports.

#![cfg(any(feature = "async", feature = "blocking"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

#[cfg(feature = "async")]
mod asynchronous;
#[cfg(feature = "blocking")]
mod blocking;
