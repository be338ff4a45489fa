//! Standard output: whether the result can be read there, and JSON that is safe for a terminal.

use core::fmt::Write as _;
use std::io::{self, Stdout};

use crate::exit::{Exit, Failure, say};

/// Standard output of a command that does more than print. If it may be closed, a sentence says that what is printed is lost.
///
/// The runtime of Rust replaces a closed descriptor by the null device, opened for reading and writing, so that no other
/// file takes its number. A parent that wants no output (Python's `DEVNULL`, Node's `ignore`) opens the same, so this is no
/// error.
pub(crate) fn stdout() -> Stdout {
    if may_have_been_closed().unwrap_or(false) {
        say("wellspring: standard output is closed or the null device, so what this command prints is lost");
    }
    io::stdout()
}

/// Standard output of a command that only brings what it prints there.
///
/// # Errors
///
/// When standard output may be closed: the command would do its work and the result would be nowhere.
pub(crate) fn needed_stdout() -> Result<Stdout, Failure> {
    if may_have_been_closed().unwrap_or(false) {
        return Err(Failure::new(
            Exit::TryLater,
            "standard output is closed or the null device, so the result of this command would be lost, and nothing was done; \
             to discard the result, redirect it with `>/dev/null`",
        ));
    }
    Ok(io::stdout())
}

#[cfg(unix)]
fn may_have_been_closed() -> io::Result<bool> {
    use rustix::fs::{OFlags, fcntl_getfl, fstat, stat};
    let out = io::stdout();
    let (now, null) = (fstat(&out)?, stat("/dev/null")?);
    let same = (now.st_dev, now.st_ino, now.st_rdev) == (null.st_dev, null.st_ino, null.st_rdev);
    Ok(same && fcntl_getfl(&out)? & OFlags::RWMODE == OFlags::RDWR)
}

/// Elsewhere a write to a closed standard output fails.
#[cfg(not(unix))]
fn may_have_been_closed() -> io::Result<bool> {
    Ok(false)
}

/// The JSON text, with each character beyond visible ASCII as an escape. JSON itself leaves most controls as they are.
pub(crate) fn json(value: &serde_json::Value) -> String {
    let text = value.to_string();
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, ' '..='~') {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_visible_ascii_and_means_the_same() {
        let value = serde_json::json!({ "\u{1b}[2J\u{9b}é\u{202e}🦀\u{7f}": "\n" });
        let text = json(&value);
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
