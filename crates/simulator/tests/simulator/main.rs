//! The simulator against the published pages, the standards, and real sockets.
#![expect(clippy::unwrap_used, reason = "where a test's helpers cannot continue, the test fails")]

mod app;
mod authorization;
mod control;
mod device;
mod exchange;
mod faults;
mod hive;
mod pix;
mod promises;
mod published;
mod socket;
mod tls;
