//! File descriptors: a command that cannot open enough of them says so before it begins.
//!
//! Libraries below the command panic, or report another cause, when they get no descriptor.

use std::fs::File;

use crate::exit::{Exit, Failure};

/// As many as a command needs at once, with some to spare: runtime, sockets, certificates, store and locks.
const NEEDED: usize = 24;

/// Checks that this number of descriptors can be opened.
pub(crate) fn check() -> Result<(), Failure> {
    let null = if cfg!(windows) { "NUL" } else { "/dev/null" };
    let mut open = Vec::with_capacity(NEEDED);
    for _ in 0..NEEDED {
        match File::open(null) {
            Ok(file) => open.push(file),
            Err(error) => {
                let count = open.len();
                return Err(Failure::new(
                    Exit::TryLater,
                    format!(
                        "this process can open only {count} more files, and the command needs {NEEDED}: {error}; raise \
                         the limit with `ulimit -n 256`, or try again later"
                    ),
                ));
            }
        }
    }
    Ok(())
}
