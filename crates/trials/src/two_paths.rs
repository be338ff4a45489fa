//! One trial of a store that two processes reach by two paths: the second one waits for the lease of the first, or is
//! refused with a sentence. It never takes the first one for gone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wellspring_core::Replay;

use crate::clock;
use crate::crash::WATCHING;
use crate::part::{CallerResult, Driver};
use crate::place::{Kind, Place};
use crate::process::Process;
use crate::relay::Wire;
use crate::stage::{Stage, result, served};

/// How the second path leads to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A symbolic link to the folder or the database.
    Symlink,
    /// A folder or database beside it, with hard links to the records.
    HardLink,
    /// A bind mount of the folder or of the database alone, as in a container.
    BindMount,
}

/// The settings of a trial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TwoPaths {
    pub(crate) way: Way,
    /// Where the first process is while the second one asks.
    pub(crate) wire: Wire,
    pub(crate) kind: Kind,
    pub(crate) first: Driver,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Symlink, Self::HardLink, Self::BindMount];
}

/// Whether this process may mount, in a namespace of its own.
pub(crate) fn may_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--mount", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl TwoPaths {
    /// Plays the trial; the error is a sentence about what broke.
    pub(crate) fn play(&self, program: &Path) -> Result<(), String> {
        let stage = Stage::new(self.kind, Replay::OwnerDead, program)?;
        stage.relay.arm(self.wire);
        let mut first = stage.begin(&stage.part(self.first))?;
        if !stage.relay.reached() {
            return Err("the exchange did not get there".to_owned());
        }
        let second = self.second(&stage, program);
        clock::nap(WATCHING);
        let before = stage.server.seen();
        stage.relay.resume();
        let first = result(&mut first)?;
        let second = match second {
            Ok(mut second) => result(&mut second)?,
            // Refused when it opened the store.
            Err(sentence) => CallerResult::Failed(sentence),
        };
        let says = |sentence: &str| {
            let seen = stage.server.seen();
            format!("{sentence}: the first got {first:?}, the second {second:?}; {before:?}, {seen:?}")
        };
        if first != served() {
            return Err(says("the first process is disturbed"));
        }
        let name = stage.place.path().file_name().map(|name| name.to_string_lossy().into_owned());
        let refused = |why: &str| name.as_ref().is_some_and(|name| why.contains(name));
        match &second {
            CallerResult::Failed(why) if refused(why) => {}
            second if *second == served() => {}
            _ => return Err(says("the second process is neither served nor refused with the path")),
        }
        // A store with two names is refused, and the trial opens it too.
        let other = stage.folder.path().join("other");
        fs::remove_dir_all(&other).map_err(|error| format!("{}: {error}", other.display()))?;
        let next = stage.asks(self.first.other())?;
        if next != served() {
            return Err(says(&format!("the next process got {next:?}")));
        }
        stage.must_go_on().map_err(|sentence| says(&sentence))
    }

    fn second(&self, stage: &Stage, program: &Path) -> Result<Process, String> {
        let says = |error: std::io::Error| error.to_string();
        let path = stage.place.path();
        let other = stage.folder.path().join("other").join(path.file_name().unwrap_or_default());
        fs::create_dir(stage.folder.path().join("other")).map_err(says)?;
        let mut part = stage.part(self.first.other());
        part.place = Place::parse(&format!("{}:{}", self.kind, other.display()))?;
        let mut command = Command::new(program);
        match self.way {
            Way::Symlink => symlink(path, &other).map_err(says)?,
            Way::HardLink if self.kind == Kind::Sqlite => fs::hard_link(path, &other).map_err(says)?,
            Way::HardLink => links(path, &other).map_err(says)?,
            Way::BindMount => {
                if self.kind == Kind::Sqlite { fs::write(&other, []) } else { fs::create_dir(&other) }
                    .map_err(says)?;
                command = Command::new("unshare");
                command.args([
                    "--mount",
                    "sh",
                    "-c",
                    "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"",
                    "sh",
                ]);
                command.arg(path).arg(&other).arg(program);
            }
        }
        let mut second = Process::start_below(command, &part)?;
        second.begin()?;
        Ok(second)
    }
}

/// A folder at `other` with a hard link to each record of the folder.
fn links(folder: &Path, other: &PathBuf) -> std::io::Result<()> {
    fs::DirBuilder::new().create(other)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::hard_link(entry.path(), other.join(entry.file_name()))?;
        }
    }
    Ok(())
}
