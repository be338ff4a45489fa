//! The example as people meet it: the real program, real sockets, a browser of a few lines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod authorization_server;
mod browser;
mod foreign;
mod program;
mod refused;
mod simulator;
