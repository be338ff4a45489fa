//! The command as people and scripts use it: the real binary, real sockets, its exit status, stdout and stderr.
#![expect(clippy::unwrap_used, reason = "a failed test shows its line")]

mod apps;
mod bad_input;
mod call;
mod certificate;
mod command;
mod deadline;
mod demo;
mod device;
mod doctor;
mod identity;
#[cfg(all(target_os = "linux", feature = "keyring"))]
mod keep_alive;
mod keyring;
mod wrong_url;

mod login;
mod login_twice;
mod loopback;
mod missing_issuer;
mod named_files;
mod network;
mod output;
mod postgres;
mod presets;
#[cfg(target_os = "linux")]
mod read_only;
mod redis;
mod refused;
mod replaced;
mod sealing;
mod shared;
mod signal_list;
mod signals;
mod simulate;
mod stored;
#[cfg(target_os = "linux")]
mod system_faults;
mod token;
mod unknown_owner;
