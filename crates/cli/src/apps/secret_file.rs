//! The file that a secret goes to: new, its owner's alone, with its place on the disk before there is a secret, and with
//! the secret on the disk before anybody relies on it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use oauth2_app::RegisteredApp;

use crate::exit::{Exit, Failure};

/// More than any secret takes: so much room is taken before one is asked for.
const ROOM: [u8; 4096] = [b' '; 4096];

/// A file that waits for its secret.
#[derive(Debug)]
pub(super) struct SecretFile {
    path: PathBuf,
    file: File,
}

impl SecretFile {
    /// Makes the file. One that is there already is left as it is: it may hold a secret that nobody tells again.
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
                    "{shown} cannot be made: {error}; nothing was registered: name another file with --secret-file"
                ),
            })
        };
        let mut kept = Self { path: path.to_owned(), file: options.open(path).map_err(cannot)? };
        if let Err(error) = kept.file.write_all(&ROOM).and_then(|()| kept.file.sync_all()) {
            kept.discard();
            return Err(cannot(error));
        }
        Ok(kept)
    }

    /// Puts the secret there, down to the disk.
    pub(super) fn keep(mut self, app: &RegisteredApp) -> Result<(), Failure> {
        self.write(app).map_err(|error| {
            let shown = self.path.display();
            Failure::new(
                Exit::TurnedAway,
                format!(
                    "an app is registered and its secret cannot be written to {shown}: {error}; the secret is lost: \
                     delete the app {} in the vendor's console and register another one",
                    super::quoted(&app.client_id)
                ),
            )
        })
    }

    fn write(&mut self, app: &RegisteredApp) -> io::Result<()> {
        let secret = app.client_secret.expose().as_bytes();
        // First as long as it has to be: if this is cut short, there is nothing but room, which nobody takes for a secret.
        self.file.set_len(secret.len() as u64)?;
        self.file.rewind()?;
        self.file.write_all(secret)?;
        self.file.sync_all()?;
        // The name too, where a folder can be asked for that.
        #[cfg(unix)]
        {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }

    /// There is no secret to be kept.
    pub(super) fn discard(self) {
        drop(self.file);
        // It holds nothing; whoever finds it in the way is told so.
        let _ = fs::remove_file(&self.path);
    }
}
