//! The command as people and scripts meet it: the real binary, real sockets, its exit status, stdout and stderr.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod apps;
mod bad_input;
mod call;
mod command;
mod deadline;
mod demo;
mod device;
mod kept;
mod login;
mod shared;
mod simulate;
mod token;
