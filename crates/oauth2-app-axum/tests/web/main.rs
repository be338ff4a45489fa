//! The whole site over real sockets, against the simulator, with browsers that keep cookies and record answers.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod at_once;
mod browser;
mod callback;
mod compat;
mod double;
mod endless;
mod flow;
mod hook;
mod leaks;
mod local;
mod machines;
mod numbers;
mod operator;
mod own_handlers;
mod placement;
mod quirks;
mod renewal;
mod site;
mod tabs;
