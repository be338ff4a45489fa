//! No secret leaks into a log line, an error, its causes, or the output of any formatter of a public type.
//!
//! The test plays every fault of the simulator against every grant on both transports. It captures the log lines of
//! this workspace at TRACE and those of other crates at DEBUG, the finest level that the command allows them. It searches
//! for secrets in plain text and in the encodings in which secrets leak: percent-encoded, base64, hexadecimal, and lists
//! of bytes.
#![expect(clippy::unwrap_used, reason = "a failed test shows its line")]

mod capture;
mod exchanges;
mod sentinel;
mod types;
