//! The example as its users run it: the real program, real sockets, a minimal browser.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod authorization_server;
mod browser;
mod foreign;
mod program;
mod refused;
mod signals;
mod simulator;
