//! The new file for an app's secret. Only its owner can read it, its space on the disk is allocated before the app is
//! registered, and the secret is synced to the disk before the command reports success.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use oauth2_app::aihubmix::RegisteredApp;

use crate::apps::quoted::quoted;
use crate::exit::{Exit, Failure};

/// Placeholder that is longer than any secret, to allocate the space in advance.
const PLACEHOLDER: [u8; 4096] = [b' '; 4096];

/// A file that holds only the placeholder so far.
#[derive(Debug)]
pub(super) struct SecretFile {
    path: PathBuf,
    file: File,
}

impl SecretFile {
    /// Creates the file. An existing file stays as it is: it may hold a secret that the vendor never sends again.
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let shown = path.display();
        let cannot = |error: io::Error| {
            Failure::usage(match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    format!("{shown} exists and is not overwritten; name a new file with --secret-file")
                }
                _ => format!(
                    "cannot create {shown}: {error}; no app was registered: name another file with --secret-file"
                ),
            })
        };
        let mut created = Self { path: path.to_owned(), file: options.open(path).map_err(cannot)? };
        if let Err(error) = created.file.write_all(&PLACEHOLDER).and_then(|()| created.file.sync_all()) {
            created.discard();
            return Err(cannot(error));
        }
        Ok(created)
    }

    /// Writes the secret and syncs it to the disk.
    pub(super) fn keep(mut self, app: &RegisteredApp) -> Result<(), Failure> {
        self.write(app).map_err(|error| {
            let shown = self.path.display();
            Failure::new(
                Exit::Refused,
                format!(
                    "the app is registered, but its secret cannot be written to {shown}: {error}; the secret is lost: \
                     delete the app {} in the vendor's console and register a new one",
                    quoted(&app.client_id)
                ),
            )
        })
    }

    fn write(&mut self, app: &RegisteredApp) -> io::Result<()> {
        let secret = app.client_secret.expose().as_bytes();
        // Cut the file first: a crash after this leaves only white space, which the configuration rejects as empty.
        self.file.set_len(secret.len() as u64)?;
        self.file.rewind()?;
        self.file.write_all(secret)?;
        self.file.sync_all()?;
        // Sync the folder too, so that the file's name is on the disk.
        #[cfg(unix)]
        {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }

    /// Removes the file.
    pub(super) fn discard(self) {
        drop(self.file);
        // On failure an empty-looking file stays, and the next run reports that it exists.
        let _ = fs::remove_file(&self.path);
    }
}
