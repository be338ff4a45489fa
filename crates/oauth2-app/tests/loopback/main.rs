//! A sign-in whose callback a loopback port receives: each case runs with both clients.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod asynchronous;
mod blocking;
mod browser;
