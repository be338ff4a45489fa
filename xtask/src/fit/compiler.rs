//! The compiler of the oldest Rust: rustup's, or Debian's packages unpacked below the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::output;
use crate::programs::may_install;
use crate::workspace::Workspace;

/// The oldest Rust that the crates compile with.
pub(super) const OLDEST: &str = "1.85";

/// A compiler, with the folder of its shared libraries where the system does not find them.
pub(super) struct Compiler {
    pub(super) rustc: PathBuf,
    pub(super) libraries: Option<PathBuf>,
}

/// The compiler; `None` if rustup does not have it and this system cannot fetch Debian's.
pub(super) fn find(workspace: &Workspace) -> Option<Compiler> {
    let mut command = Command::new("rustup");
    command.args(["which", "rustc", "--toolchain", OLDEST]);
    if let Ok(path) = output(command) {
        return Some(Compiler { rustc: PathBuf::from(path.trim()), libraries: None });
    }
    let folder = workspace.target.join("fit").join(format!("rust-{OLDEST}"));
    let unpacked = Compiler {
        rustc: folder.join("usr/bin/rustc"),
        libraries: Some(folder.join("usr/lib/x86_64-linux-gnu")),
    };
    if !unpacked.works() {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) || !may_install() {
            return None;
        }
        fetch(&folder).inspect_err(|sentence| println!("{sentence}")).ok()?;
    }
    unpacked.works().then_some(unpacked)
}

impl Compiler {
    /// Makes this compiler the one of a cargo command.
    pub(super) fn choose(&self, command: &mut Command) {
        command.env("RUSTC", &self.rustc);
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
    }

    fn works(&self) -> bool {
        let mut command = Command::new(&self.rustc);
        self.choose(command.arg("--version"));
        output(command).is_ok_and(|version| version.starts_with(&format!("rustc {OLDEST}.")))
    }
}

/// Downloads the packages and unpacks them. Nothing is installed.
fn fetch(folder: &Path) -> Result<(), String> {
    println!("  Rust {OLDEST} is missing: fetching Debian's (once, a few minutes)");
    drop(fs::remove_dir_all(folder));
    fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
    let run = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).current_dir(folder);
        output(command).map(drop)
    };
    run("apt-get", &["update"])?;
    // Debian 12 has these packages. An update of it may remove them.
    let compiler = ["rustc-web", "libstd-rust-web-dev"].map(|package| format!("{package}={OLDEST}.*"));
    let runtime = format!("libstd-rust-web-{OLDEST}");
    run("apt-get", &["download", &compiler[0], &compiler[1], &runtime, "libllvm19"])?;
    let archives = fs::read_dir(folder).map_err(|error| format!("{}: {error}.", folder.display()))?;
    for archive in archives.flatten().filter(|entry| entry.path().extension() == Some("deb".as_ref())) {
        let name = archive.file_name().to_string_lossy().into_owned();
        run("dpkg", &["--extract", &name, "."])?;
        drop(fs::remove_file(archive.path()));
    }
    Ok(())
}
