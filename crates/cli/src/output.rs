//! Standard output: it must be open before a command does anything that cannot be repeated.

use core::fmt::Write as _;
use std::io::{self, Stdout};

use crate::exit::{Exit, Failure};

/// Standard output, if it is open.
///
/// # Errors
///
/// If it was closed when the process started. The runtime of Rust replaces a closed descriptor by the null device, opened
/// for reading and writing, so that no other file takes its number.
pub(crate) fn stdout() -> Result<Stdout, Failure> {
    if was_closed().unwrap_or(false) {
        return Err(Failure::new(
            Exit::TryLater,
            "standard output is closed, so the result would be lost; redirect it to a file, a pipe or /dev/null",
        ));
    }
    Ok(io::stdout())
}

#[cfg(unix)]
fn was_closed() -> io::Result<bool> {
    use rustix::fs::{OFlags, fcntl_getfl, fstat, stat};
    let out = io::stdout();
    let (now, null) = (fstat(&out)?, stat("/dev/null")?);
    let same = (now.st_dev, now.st_ino, now.st_rdev) == (null.st_dev, null.st_ino, null.st_rdev);
    Ok(same && fcntl_getfl(&out)? & OFlags::RWMODE == OFlags::RDWR)
}

/// Elsewhere a write to a closed standard output fails.
#[cfg(not(unix))]
fn was_closed() -> io::Result<bool> {
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
