//! What stands beside the browser in these tests: other people's servers, and sites of this crate behind them.
//!
//! Each rig takes a free port, and is gone when it is dropped.

pub(crate) mod nginx;
pub(crate) mod oidc;
pub(crate) mod process;
pub(crate) mod relay;
pub(crate) mod web;
