//! The system's browser.
//!
//! The URL is one argument, which no shell reads. The opener inherits no secret: of the environment only the variables
//! that openers and browsers need, and no open file. A process list shows its state and its code challenge; both are useless
//! without the code verifier, which stays in this process.

use std::ffi::OsString;
use std::io;
use std::process::{Command, Stdio};
use std::thread;

use crate::exit::say;

/// Asks the system to show this URL. A failure of the opener is reported on stderr when the opener ends.
pub(crate) fn open(url: &str) -> io::Result<()> {
    let mut command = opener()?;
    // The output of the opener does not help the user, and standard output must carry only the command's result.
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env_clear().envs(environment());
    // The system closes descriptors of this process's own. Those that it has inherited are to be closed too.
    #[cfg(unix)]
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
    let mut child = command.spawn()?;
    // Some openers run for as long as the browser does.
    let waiting = thread::Builder::new().name("browser".into()).spawn(move || match child.wait() {
        Ok(status) if status.success() => {}
        _ => say("wellspring: the browser did not open; press Ctrl-C and run the command with --no-browser"),
    });
    waiting.map(drop)
}

/// The variables that openers and browsers need. Any other may hold a secret, such as the client's.
const VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "BROWSER",
    // The language.
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    // The screen and the session.
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "DESKTOP_SESSION",
    "SESSION_MANAGER",
    "GNOME_DESKTOP_SESSION_ID",
    "KDE_FULL_SESSION",
    "KDE_SESSION_VERSION",
    "MATE_DESKTOP_SESSION_ID",
    "DE",
    "XDG_RUNTIME_DIR",
    "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_DESKTOP",
    "XDG_SESSION_TYPE",
    "XDG_SESSION_ID",
    "XDG_SESSION_CLASS",
    "XDG_SEAT",
    "XDG_VTNR",
    "XDG_DATA_DIRS",
    "XDG_DATA_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    // Windows, and Linux inside it.
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "USERNAME",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "PATHEXT",
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
];

#[expect(clippy::disallowed_methods, reason = "the opener's environment is made of this process's own")]
fn environment() -> impl Iterator<Item = (&'static str, OsString)> {
    VARIABLES.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)))
}

/// The program that opens a URL, and its first arguments.
#[cfg(not(unix))]
fn opener() -> io::Result<Command> {
    // `start` belongs to the shell, which would split the URL at each `&`.
    let mut command = Command::new("rundll32");
    command.arg("url.dll,FileProtocolHandler");
    Ok(command)
}

/// The program that opens a URL.
#[cfg(unix)]
fn opener() -> io::Result<Command> {
    let name = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let found = environment().find(|(variable, _)| *variable == "PATH").and_then(|(_, paths)| {
        std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
    });
    let path = found
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no {name} in PATH")))?;
    Ok(Command::new(path))
}
