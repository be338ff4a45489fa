//! Child processes that end with the value that stands for them, as a user without privileges.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::clock::eventually;

/// A port of this machine that is free now.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

/// A child process, which is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn start(command: &mut Command, package: &str) -> Self {
        Self(command.spawn().unwrap_or_else(|error| {
            panic!("{:?} does not start: {error}; install the package `{package}`", command.get_program())
        }))
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Stops these processes. None of them does anything more when this returns: a stop takes effect a little after its signal.
pub(crate) fn stop(processes: &[u32]) {
    signal("STOP", processes);
    eventually("the stop of a server", || processes.iter().all(|process| is_stopped(*process)).then_some(()));
}

/// A process that has ended does nothing either, and a system without this file system is taken at its word.
fn is_stopped(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, state)| state.trim_start().starts_with(['T', 'Z']))
}

/// Sends a signal by its name to these processes.
pub(crate) fn signal(name: &str, processes: &[u32]) {
    let ids = processes.iter().map(u32::to_string);
    drop(Command::new("kill").arg(format!("-{name}")).args(ids).output());
}

/// The user that runs servers which refuse to run as root; `None` if this process is not root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unprivileged {
    user: u32,
    group: u32,
}

impl Unprivileged {
    pub(crate) fn find() -> Option<Self> {
        if id(&["-u"]) != Some(0) {
            return None;
        }
        ["postgres", "daemon"].iter().find_map(|name| {
            let (user, group) = (id(&["-u", name])?, id(&["-g", name])?);
            Some(Self { user, group })
        })
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let printed = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(printed.stdout).ok()?.trim().parse().ok()
}

/// A command that runs as this user.
pub(crate) fn command_as(program: &Path, user: Option<Unprivileged>) -> Command {
    let mut command = Command::new(program);
    if let Some(Unprivileged { user, group }) = user {
        command.uid(user).gid(group);
    }
    command
}

/// Gives this file or folder, and all below it, to this user.
pub(crate) fn give(path: &Path, to: Option<Unprivileged>) {
    let Some(Unprivileged { user, group }) = to else { return };
    std::os::unix::fs::chown(path, Some(user), Some(group)).expect("root can give a file away");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("the folder can be read") {
            give(&entry.expect("the folder can be read").path(), to);
        }
    }
}

/// The path of this program of Postgres: that of the newest version below `/usr/lib/postgresql`, else the one in `PATH`.
pub(crate) fn of_postgres(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let path = version.path().join("bin").join(program);
            path.exists().then_some((number, path))
        })
        .max();
    newest.map_or_else(|| PathBuf::from(program), |(_, path)| path)
}
