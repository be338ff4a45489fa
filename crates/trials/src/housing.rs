//! Where the processes of a trial live: together, in containers of one machine, or on hosts of their own.
//!
//! Containers and hosts are made of namespaces. A container has a folder and process ids of its own and the ids of the
//! machine and its boot. A host has a folder, a name, and ids of its machine and its boot of its own. The network is the
//! machine's: the servers of a trial are on its loopback address.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the processes of a trial live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a trial runs in each")]
pub enum Housing {
    /// As processes of this machine, with one folder for spills.
    Together,
    /// In containers of this machine.
    Containers,
    /// On hosts.
    Hosts,
}

/// Mounts an own id of the machine and of its boot, takes an own name, and becomes the program.
const HOST: &str = "
for path in /etc/machine-id /var/lib/dbus/machine-id; do
    if [ -e $path ]; then mount --bind \"$1\" $path || exit 1; fi
done
mount --bind \"$2\" /proc/sys/kernel/random/boot_id && hostname \"$3\" || exit 1
shift 3
exec \"$@\"";

/// Stays, as the first process of the container: that one would ignore a SIGKILL that it sends to itself.
const CONTAINER: &str = "\"$@\"; exit $?";

impl Housing {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Together, Self::Containers, Self::Hosts];

    /// The folder of the process of this number, below the folder of the trial.
    #[must_use]
    pub fn folder(self, number: usize, below: &Path) -> PathBuf {
        match self {
            Self::Together => below.to_owned(),
            Self::Containers | Self::Hosts => below.join(format!("home-{number}")),
        }
    }

    /// The command that runs this program as the process of this number. Makes its folder.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made.
    pub fn command(self, number: usize, below: &Path, program: &Path) -> Result<Command, String> {
        let folder = self.folder(number, below);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut command = Command::new("unshare");
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        match self {
            Self::Together => return Ok(Command::new(program)),
            Self::Containers => {
                command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
                command.args(["sh", "-c", CONTAINER, "sh"]);
            }
            Self::Hosts => {
                let number = number as u128 + 1;
                let written = |name: &str, id: String| {
                    let path = folder.join(name);
                    fs::write(&path, id).map(|()| path).map_err(|error| error.to_string())
                };
                let machine = written("machine-id", format!("{:032x}\n", number * 0x1_0001))?;
                let boot = written("boot-id", format!("{:08x}-0000-4000-8000-{:012x}\n", number, number))?;
                command.args(["--mount", "--uts", "sh", "-c", HOST, "sh"]);
                command.arg(machine).arg(boot).arg(format!("host-{number}"));
            }
        }
        command.arg(program);
        Ok(command)
    }

    /// Whether this process may make such a housing. If it may not, standard error says so, also where a test runs.
    ///
    /// # Panics
    ///
    /// If the process is root, which may: then the trial must not be left out.
    #[must_use]
    pub fn is_possible(self) -> bool {
        let folder = wellspring_store::contract::Folder::new();
        let tried = self.command(0, folder.path(), Path::new("true")).and_then(|mut command| {
            let output =
                command.stdin(Stdio::null()).output().map_err(|error| format!("unshare: {error}"))?;
            let errors = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
            if output.status.success() { Ok(()) } else { Err(errors) }
        });
        let Err(why) = tried else { return true };
        assert!(!is_root(), "root cannot make {self:?} of namespaces: {why}");
        // Not by a macro, whose text a test that passes does not show.
        let sentence = format!("NOT RUN as {self:?}: this user may not make namespaces ({why}); root may\n");
        drop(std::io::stderr().write_all(sentence.as_bytes()));
        false
    }

    /// Whether the program is not the child that was started, but a child of that child.
    pub(crate) const fn hides_the_program(self) -> bool {
        matches!(self, Self::Containers)
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
