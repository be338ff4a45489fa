//! Whether the folders of the store can be written to, and have room.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use wellspring_core::StoreError;
use wellspring_store::files;

use crate::doctor::report::Report;

/// The room that tokens and their records may need.
const ROOM: usize = 256 << 10;

/// The disks that were found full or read-only. What is wrong with a disk gets one line, and not one for each folder on it.
#[derive(Debug, Default)]
pub(super) struct Disks(Vec<(Option<u64>, ErrorKind)>);

impl Disks {
    /// Checks that this folder can be written to.
    pub(super) fn check(&mut self, folder: &Path, what: &str, report: &mut Report) {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Err(error) = probe(here) else {
            return report.fine(format_args!("{what} is writable: {}", here.display()));
        };
        let kind = error.kind();
        let of_disk = matches!(
            kind,
            ErrorKind::ReadOnlyFilesystem
                | ErrorKind::StorageFull
                | ErrorKind::QuotaExceeded
                | ErrorKind::FileTooLarge
        );
        let fault = (number(here), kind);
        if !of_disk || !self.0.contains(&fault) && !report.names(kind) {
            report.store(&failed(here, error));
        }
        self.0.push(fault);
    }
}

fn failed(folder: &Path, error: io::Error) -> StoreError {
    if error.kind() == ErrorKind::NotFound {
        let folder = folder.display();
        return StoreError::refused(format!(
            "the folder {folder} does not exist: make it with `mkdir -m 700`"
        ));
    }
    let text = format!("{} is not writable: {error}: free {} KiB there", folder.display(), ROOM >> 10);
    let error = files::failed("is not writable", folder, error);
    if error.is_permanent() { error } else { StoreError::unavailable(text) }
}

/// Creates a file in the folder, writes into it and removes it again.
fn probe(folder: &Path) -> io::Result<()> {
    let path: PathBuf = folder.join(format!(".wellspring-doctor-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    let written = file.write_all(&vec![0; ROOM]).and_then(|()| file.sync_all());
    std::fs::remove_file(&path)?;
    written
}

/// The number of the disk that this folder is on.
#[cfg(unix)]
fn number(folder: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(folder).ok().map(|folder| folder.dev())
}

#[cfg(not(unix))]
fn number(_: &Path) -> Option<u64> {
    None
}
