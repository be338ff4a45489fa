//! The whole site over real sockets, against the simulator, with browsers that keep cookies and record answers.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod at_once;
mod browser;
mod callback;
mod compat;
mod flow;
mod leaks;
mod numbers;
mod own_handlers;
mod quirks;
mod renewal;
mod site;
