//! `wellspring keygen`: a new sealing key, in a file that only its owner can read, or on standard output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;

use wellspring_store::SealingKey;

use crate::arguments::Keygen;
use crate::exit::{Exit, Failure, say};
use crate::output::needed_stdout;

/// Makes a key. The key itself goes only to the file or to standard output.
pub(crate) fn run(args: &Keygen) -> Result<(), Failure> {
    let key = SealingKey::random().map_err(|error| Failure::new(Exit::TryLater, error.to_string()))?;
    let id = key.id();
    let line = zeroize::Zeroizing::new(format!("{}\n", *key.to_text()));
    match &args.out {
        Some(path) => {
            create(path, line.as_bytes())?;
            say(format_args!(
                "wellspring: the sealing key {id} is in {0}; name it in [store] as `sealing_key_file`, and keep a copy in another \
                 place: without it no one can open what it seals",
                path.display()
            ));
        }
        None => {
            let mut out = needed_stdout()?;
            if io::stdout().is_terminal() {
                say(
                    "wellspring: the next line is a secret, and this terminal shows and may keep it: `wellspring keygen --out FILE` \
                     writes a file",
                );
            }
            out.write_all(line.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)?;
        }
    }
    Ok(())
}

/// Creates this file with mode 0600. A key that is there stays: it may have sealed a store.
fn create(path: &Path, line: &[u8]) -> Result<(), Failure> {
    let shown = path.display();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| {
        Failure::usage(match error.kind() {
            ErrorKind::AlreadyExists => {
                format!("{shown} exists and is not overwritten; name a new file with --out")
            }
            _ => format!("cannot create {shown}: {error}; name another file with --out"),
        })
    })?;
    write(&mut file, path, line).map_err(|error| {
        // What was written in part is no key.
        let _ = fs::remove_file(path);
        Failure::usage(format!("cannot write {shown}: {error}; name another file with --out"))
    })
}

/// Writes the line and syncs the file and its name to the disk.
fn write(file: &mut File, path: &Path, line: &[u8]) -> io::Result<()> {
    file.write_all(line)?;
    file.sync_all()?;
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
