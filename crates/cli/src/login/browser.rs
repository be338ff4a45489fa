//! The system's browser.
//!
//! The URL is one argument and no shell sees it. A process list shows its state and its code challenge; both are useless
//! without the code verifier, which stays in this process.

use std::io;
use std::process::{Command, Stdio};
use std::thread;

use crate::exit::say;

/// Asks the system to show this URL. A failure of the opener is reported on stderr when the opener ends.
pub(crate) fn open(url: &str) -> io::Result<()> {
    let mut words = opener().iter();
    let mut command = Command::new(words.next().copied().unwrap_or_default());
    // The output of the opener does not help the user, and standard output must carry only the command's result.
    command.args(words).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    // Some openers run for as long as the browser does.
    let waiting = thread::Builder::new().name("browser".into()).spawn(move || match child.wait() {
        Ok(status) if status.success() => {}
        _ => say("wellspring: the browser did not open; press Ctrl-C and run the command with --no-browser"),
    });
    waiting.map(drop)
}

const fn opener() -> &'static [&'static str] {
    if cfg!(target_os = "macos") {
        &["open"]
    } else if cfg!(windows) {
        // `start` belongs to the shell, which would split the URL at each `&`.
        &["rundll32", "url.dll,FileProtocolHandler"]
    } else {
        &["xdg-open"]
    }
}
