//! The system's browser.
//!
//! The URL is one argument, never a word of a shell's. It holds a state and a challenge: of no use to whoever sees
//! it in a process list without the verifier, which stays here.

use std::io;
use std::process::{Command, Stdio};
use std::thread;

use crate::exit::say;

/// Asks the system to show this URL. Whether it could is told to the person as soon as it is known.
pub(crate) fn open(url: &str) -> io::Result<()> {
    let mut words = opener().iter();
    let mut command = Command::new(words.next().copied().unwrap_or_default());
    // Its own remarks are of no use to anybody, and standard output carries the answer alone.
    command.args(words).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    // Some openers run for as long as the browser does.
    let waiting = thread::Builder::new().name("browser".into()).spawn(move || match child.wait() {
        Ok(status) if status.success() => {}
        _ => say("wellspring: no browser could be opened; end this with Ctrl-C and run it with --no-browser"),
    });
    waiting.map(drop)
}

const fn opener() -> &'static [&'static str] {
    if cfg!(target_os = "macos") {
        &["open"]
    } else if cfg!(windows) {
        // `start` belongs to the shell, which would take the URL apart at each `&`.
        &["rundll32", "url.dll,FileProtocolHandler"]
    } else {
        &["xdg-open"]
    }
}
