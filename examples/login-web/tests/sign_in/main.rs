//! The example as its users run it: the real program, real sockets, a minimal browser.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod authorization_server;
mod browser;
mod foreign;
mod opening;
mod program;
mod refused;
#[path = "../../../../crates/cli/tests/wellspring/signal_list.rs"]
mod signal_list;
mod signals;
mod simulator;
