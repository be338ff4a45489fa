//! No secret comes out: not in a log line, not in an error or its causes, not in any public type, however it is
//! formatted and whatever the server does.
//!
//! Every fault of the simulator is played against every grant on both transports, with every log line of this
//! workspace captured at TRACE and everybody else's at the DEBUG to which the command holds them. Secrets are
//! looked for as they are and in the disguises in which they have been seen to leak: percent-encoded, in base64,
//! in hexadecimal, as a list of bytes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod capture;
mod exchanges;
mod sentinel;
mod types;
