//! Child processes: the test file, started again to run one test in a role.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROLE: &str = "WELLSPRING_CONTRACT_ROLE";
const LOCATION: &str = "WELLSPRING_CONTRACT_LOCATION";

/// What a child process does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Increment,
    Save,
    HoldLivenessLock,
    SmallDisk,
}

impl Role {
    const ALL: [Self; 4] = [Self::Increment, Self::Save, Self::HoldLivenessLock, Self::SmallDisk];

    const fn name(self) -> &'static str {
        match self {
            Self::Increment => "increment",
            Self::Save => "save",
            Self::HoldLivenessLock => "hold-liveness-lock",
            Self::SmallDisk => "small-disk",
        }
    }
}

/// The role of this process and the location that it works on, if the contract started this process as a child.
#[expect(clippy::disallowed_methods, reason = "a child process learns its role from its environment")]
pub(super) fn assignment() -> Option<(Role, PathBuf)> {
    let (role, location) = (env::var_os(ROLE)?, env::var_os(LOCATION)?);
    let role = Role::ALL.into_iter().find(|known| role == known.name()).expect("the role is known");
    Some((role, location.into()))
}

/// A command that runs only the test `test` of this test file, in this role. `launcher` is the program that starts the
/// test file, with its arguments; empty to start the test file directly.
pub(super) fn command(launcher: &[&OsStr], test: &str, role: Role, location: &Path) -> Command {
    let test_file = env::current_exe().expect("the path of the test file is known");
    let mut words = launcher.iter().copied().chain([test_file.as_os_str()]);
    let mut command = Command::new(words.next().expect("the test file is a word"));
    command
        .args(words)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, role.name())
        .env(LOCATION, location);
    command
}
