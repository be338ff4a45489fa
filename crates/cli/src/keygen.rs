//! `wellspring keygen`: a new sealing key, in a file that only its owner can read, in the keyring, or on standard output.

#[cfg(feature = "keyring")]
use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;

use wellspring_store::SealingKey;

use crate::arguments::Keygen;
#[cfg(feature = "keyring")]
use crate::exit::of_store;
use crate::exit::{Exit, Failure, say};
use crate::output::needed_stdout;

/// How long the keyring may take, which may ask a person to unlock it.
#[cfg(feature = "keyring")]
const KEYRING_WITHIN: Duration = Duration::from_secs(60);

/// Makes a key. The key itself goes only to the file, the keyring or standard output.
pub(crate) fn run(args: &Keygen) -> Result<(), Failure> {
    let key = SealingKey::random().map_err(|error| Failure::new(Exit::TryLater, error.to_string()))?;
    let id = key.id();
    #[cfg(feature = "keyring")]
    if let Some(name) = &args.keyring {
        return keep(&key, name);
    }
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

/// Adds the key to the operating system's keyring.
#[cfg(feature = "keyring")]
fn keep(key: &SealingKey, name: &str) -> Result<(), Failure> {
    key.add_to_keyring(name, KEYRING_WITHIN).map_err(|error| {
        let (exit, text) = of_store(&error);
        Failure::new(exit, text)
    })?;
    say(format_args!(
        "wellspring: the sealing key {} is in the operating system's keyring as \"{name}\" of the service \"wellspring\"; name it in \
         [store] as `sealing_key_keyring`, and keep a copy in another place: without it no one can open what it seals",
        key.id()
    ));
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
