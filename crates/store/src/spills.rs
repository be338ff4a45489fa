//! Spilled tokens: one file for each attempt whose save the store refused.

use core::error::Error as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{Attempt, PendingSave, StoreError};

use crate::clock;
use crate::encoding::{self, Kind, Rejected, Sealed, SpillKey, Unreadable};
use crate::files::{self, FolderState, Room};
use crate::map::KeyName;
use crate::sealer::Sealer;
use crate::sealing_key_id::SealingKeyId;
use crate::seals::Resealed;

/// The extension of complete files.
const EXTENSION: &str = ".spill";

/// What follows the extension while a file is written. A process that dies before it renames the file leaves a whole spill.
const UNNAMED: &str = ".new";

/// What follows the name of a file while it is sealed anew.
const RESEALED: &str = ".sealed";

/// A folder of spilled tokens. The first spill creates it with mode 0700.
///
/// A spill is used only if it is certain who wrote it: the folder and the file belong to this user and are closed to others,
/// the file has the name that its attempt gives it, and the store's own key authenticates it. A store without a key takes
/// what belongs to this user.
#[derive(Clone, Debug)]
pub struct Spills {
    folder: PathBuf,
    /// The state in which the folder had no spill: while it lasts, the folder need not be listed.
    without_any: Arc<Mutex<Option<FolderState>>>,
    sealer: Sealer,
}

/// A file in the folder that is not used.
enum Unused {
    /// It is gone: another process saved the token.
    Gone,
    /// It is still written, or the process that wrote it died.
    Partial,
    /// No process with access to this store wrote it for this key, or it was changed or copied since, or it is bound to no
    /// store and younger than the store's key.
    Foreign,
    /// It is sealed with a key that this store does not have.
    Locked(StoreError),
    Failed(StoreError),
}

/// The spilled tokens beside a record.
#[derive(Debug, Default)]
pub(crate) struct Spilled {
    /// One of them.
    pub(crate) found: Option<PendingSave>,
    /// Why the one of the leased attempt cannot be used.
    pub(crate) unusable: Option<StoreError>,
    /// Why no spill can be looked for.
    pub(crate) unseen: Option<StoreError>,
}

impl Unused {
    /// The error if this file at `path` belongs to the attempt of the lease: the server has answered that attempt, and its
    /// answer cannot be used.
    fn of_lease(self, path: &Path) -> Option<StoreError> {
        let shown = path.display();
        let consequence = "the server has answered the last refresh, so its refresh token is not sent again";
        Some(match self {
            Self::Gone => return None,
            // Its process may be about to complete it: a retry shows that.
            Self::Partial if !is_settled(path) => StoreError::unavailable(format!(
                "{shown} is an interrupted spill, or a process is just writing it: {consequence}"
            )),
            Self::Partial => StoreError::unreadable(format!(
                "{shown} is an interrupted spill, which nothing completes: {consequence}; move it away and sign in again"
            )),
            Self::Foreign => StoreError::unreadable(format!(
                "{shown} was changed, copied or restored, or belongs to another store: {consequence}; restore the file, or \
                 move it away and sign in again"
            )),
            Self::Locked(error) | Self::Failed(error) => error,
        })
    }
}

impl Spills {
    /// Spilled tokens in this folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        // A link is followed once, and not at each use.
        Self {
            folder: files::resolve(&folder).unwrap_or(folder),
            without_any: Arc::default(),
            sealer: Sealer::default(),
        }
    }

    /// The same folder, whose spills this sealer seals and opens.
    pub(crate) fn sealed(self, sealer: Sealer) -> Self {
        Self { sealer, ..self }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files of this key, in arbitrary order; none if the folder does not exist.
    ///
    /// # Errors
    ///
    /// When the folder exists and cannot be read, or other users have access to it.
    pub fn files(&self, name: &KeyName) -> Result<Vec<PathBuf>, StoreError> {
        let of_this_key = |path: &PathBuf| key_of(path).is_some_and(|key| key == name.as_str());
        Ok(self.all()?.into_iter().filter(of_this_key).collect())
    }

    /// All files that have the name of a spill.
    fn all(&self) -> Result<Vec<PathBuf>, StoreError> {
        // The state is older than the list, so a file that comes in between gives the folder another state.
        let Some(state) = files::state_of_folder(&self.folder)? else { return Ok(Vec::new()) };
        if *self.without_any.lock().unwrap_or_else(PoisonError::into_inner) == Some(state) {
            return Ok(Vec::new());
        }
        let settled = state.is_settled();
        let failed = |error| files::failed("cannot be read", &self.folder, error);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if key_of(&path).is_some() {
                found.push(path);
            }
        }
        if settled && found.is_empty() {
            *self.without_any.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
        }
        Ok(found)
    }

    /// The digests of the unbound spills of this user: those that lie here before the store gets its key.
    pub(crate) fn unbound(&self) -> Result<Vec<String>, StoreError> {
        let digest = |path: PathBuf| {
            let name = KeyName::of_digits(key_of(&path)?)?;
            let bytes = files::read(&path, u64::MAX).ok()??;
            encoding::unbound_digest(&self.sealer.open(Kind::Spill, &name, bytes).ok()?, &name)
        };
        Ok(self.all()?.into_iter().filter_map(digest).collect())
    }

    /// Any of the spilled tokens in these files of this key. `key` is the spill key of the store, if it has one.
    ///
    /// `leased` is the attempt of the lease in the record. A file with its name shows that the server has answered this
    /// attempt. If that file cannot be used, the refresh token in the record must not be sent: it is spent.
    ///
    /// # Errors
    ///
    /// When a spill of another attempt cannot be read now.
    pub(crate) fn find(
        &self,
        paths: &[PathBuf],
        name: &KeyName,
        key: Option<&SpillKey>,
        leased: Option<Attempt>,
    ) -> Result<Spilled, StoreError> {
        let leased = leased.map(|attempt| self.path(name, attempt));
        let is_of_lease = |path: &PathBuf| {
            leased
                .as_ref()
                .is_some_and(|leased| path == leased || *path == files::with_suffix(leased, UNNAMED))
        };
        let (mut unusable, mut unseen) = (None, None);
        for path in paths {
            match self.read(path, name, key) {
                Ok(pending_save) => return Ok(Spilled { found: Some(pending_save), ..Spilled::default() }),
                Err(unused) if is_of_lease(path) => unusable = unused.of_lease(path).or(unusable),
                // A retry may find the newest token there.
                Err(Unused::Failed(error)) if !error.is_permanent() => return Err(error),
                // It may be the newest token, so it is not absent.
                Err(Unused::Locked(error)) => unseen = Some(error),
                Err(Unused::Gone | Unused::Partial | Unused::Foreign | Unused::Failed(_)) => {}
            }
        }
        Ok(Spilled { unusable, unseen, ..Spilled::default() })
    }

    fn read(&self, path: &Path, name: &KeyName, key: Option<&SpillKey>) -> Result<PendingSave, Unused> {
        if !names_an_attempt(path) {
            return Err(Unused::Foreign);
        }
        let bytes = files::read(path, u64::MAX).map_err(Unused::Failed)?.ok_or(Unused::Gone)?;
        let unnamed = is_unnamed(path);
        let opened = self.sealer.open(Kind::Spill, name, bytes).map_err(Rejected::from);
        let pending_save = match opened.and_then(|bytes| encoding::decode_spill(&bytes, name, key)) {
            Ok(pending_save) => pending_save,
            Err(Rejected::Unreadable(error)) if error.is_of_key() => {
                return Err(Unused::Locked(
                    error.in_store(&format!("the spilled token in {}", path.display())),
                ));
            }
            Err(_) if unnamed => return Err(Unused::Partial),
            Err(Rejected::Foreign) => return Err(Unused::Foreign),
            Err(Rejected::Unreadable(error)) => {
                return Err(Unused::Failed(StoreError::unreadable(format!(
                    "the spilled token in {} {error}",
                    path.display()
                ))));
            }
        };
        // What is found under another name could not be removed by its attempt, and would be found again.
        let named = self.path(name, pending_save.attempt);
        let expected = if unnamed { files::with_suffix(&named, UNNAMED) } else { named };
        if path == expected { Ok(pending_save) } else { Err(Unused::Foreign) }
    }

    /// Seals every spill that is plain or sealed with an older key than the newest one.
    pub(crate) fn reseal(&self, key: Option<&SpillKey>, newest: SealingKeyId, resealed: &mut Resealed) {
        let paths = match self.all() {
            Ok(paths) => paths,
            Err(error) => return resealed.problems.push(error),
        };
        for path in paths {
            match self.reseal_file(&path, key, newest) {
                Ok(Some(true)) => resealed.spills += 1,
                Ok(Some(false)) => resealed.unchanged += 1,
                // It is gone, or it is ignored: `problems` says so.
                Ok(None) => {}
                Err(error) => resealed.problems.push(error),
            }
        }
    }

    /// Seals this file; returns whether it was not sealed with the newest key before, `None` if it is not used.
    fn reseal_file(
        &self,
        path: &Path,
        key: Option<&SpillKey>,
        newest: SealingKeyId,
    ) -> Result<Option<bool>, StoreError> {
        let Some(name) = key_of(path).and_then(KeyName::of_digits) else { return Ok(None) };
        match self.read(path, &name, key) {
            Ok(_) => {}
            Err(Unused::Locked(error) | Unused::Failed(error)) => return Err(error),
            Err(_) => return Ok(None),
        }
        let Some(bytes) = files::read(path, u64::MAX)? else { return Ok(None) };
        if matches!(Sealed::read(&bytes), Some(Ok(sealed)) if sealed.label.key == newest) {
            return Ok(Some(false));
        }
        let unreadable = |error: Unreadable| error.in_store(&path.display().to_string());
        let plain = self.sealer.open(Kind::Spill, &name, bytes).map_err(unreadable)?;
        let sealed = self.sealer.seal((Kind::Spill, false), &name, plain)?;
        // Not the name under which its process writes it. A process that has saved the token meanwhile has removed the
        // file: then it is removed once more after the next load, which finds a newer record.
        files::replace(path, &files::with_suffix(path, RESEALED), &[&sealed])?;
        Ok(Some(true))
    }

    pub(crate) fn put(
        &self,
        name: &KeyName,
        pending_save: &PendingSave,
        key: Option<&SpillKey>,
        room: Option<Room>,
    ) -> Result<(), StoreError> {
        files::create_private_folder(&self.folder)?;
        let path = self.path(name, pending_save.attempt);
        let bytes = encoding::encode_spill(pending_save, name, key)?;
        let bytes = self.sealer.seal((Kind::Spill, false), name, bytes)?;
        files::replace_in(room, &path, &files::with_suffix(&path, UNNAMED), &[&bytes])
    }

    /// Takes room for one spill, if the file system can reserve any. Fails only if the disk is full: a folder that cannot be
    /// used prevents spills, and no renewal.
    pub(crate) fn take_room(&self) -> Result<Option<Room>, StoreError> {
        match files::create_private_folder(&self.folder) {
            Ok(()) => Room::take(&self.folder),
            Err(error) if is_of_full_disk(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    pub(crate) fn forget(&self, name: &KeyName, attempt: Attempt) -> Result<(), StoreError> {
        let path = self.path(name, attempt);
        files::remove(&files::with_suffix(&path, UNNAMED)).and_then(|()| files::remove(&path))
    }

    /// An error for each file of the folder that is not used, and for the folder if it is not.
    pub(crate) fn problems(&self, key: Option<&SpillKey>) -> Vec<StoreError> {
        let paths = match self.all() {
            Ok(paths) => paths,
            Err(error) => return vec![error],
        };
        let folder = files::open_to_others(&self.folder).filter(|_| self.folder.is_dir());
        let unused = paths.iter().filter_map(|path| {
            let name = KeyName::of_digits(key_of(path)?)?;
            let shown = path.display();
            match self.read(path, &name, key) {
                Ok(_) | Err(Unused::Gone) => None,
                Err(Unused::Locked(error) | Unused::Failed(error)) => Some(error),
                Err(Unused::Partial) if is_settled(path) => Some(StoreError::refused(format!(
                    "{shown} is an interrupted spill, which nothing completes: move it away"
                ))),
                Err(Unused::Partial) => Some(StoreError::unavailable(format!(
                    "{shown} is an interrupted spill, or a process is just writing it"
                ))),
                Err(Unused::Foreign) => Some(StoreError::refused(format!(
                    "{shown} is no spill of this store, or a copy of one, or it was changed, or a process without the store's \
                     key wrote it: it is ignored; move it away"
                ))),
            }
        });
        folder.map(StoreError::refused).into_iter().chain(unused).collect()
    }

    fn path(&self, name: &KeyName, attempt: Attempt) -> PathBuf {
        self.folder.join(format!("{name}-{attempt}{EXTENSION}"))
    }
}

/// Whether no process has written to this file for some time.
fn is_settled(path: &Path) -> bool {
    fs::symlink_metadata(path).and_then(|file| file.modified()).is_ok_and(clock::is_settled)
}

fn is_of_full_disk(error: &StoreError) -> bool {
    error.source().and_then(|source| source.downcast_ref()).is_some_and(files::is_full)
}

/// The digits of the key's name, if this may be the path of a spill.
fn key_of(path: &Path) -> Option<&str> {
    split(path).map(|(key, _)| key)
}

/// Whether the name of this file is one that a store gives to the spill of an attempt.
fn names_an_attempt(path: &Path) -> bool {
    let is_attempt = |rest: &str| {
        let (source, number) = rest.split_once('-')?;
        let source = source.len() == 16 && source.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(source && number.parse::<u64>().is_ok())
    };
    split(path).and_then(|(_, rest)| is_attempt(rest)).unwrap_or(false)
}

/// The two parts of the name of a spill.
fn split(path: &Path) -> Option<(&str, &str)> {
    let file = path.file_name()?.to_str()?;
    let file = file.strip_suffix(UNNAMED).unwrap_or(file).strip_suffix(EXTENSION)?;
    file.split_once('-').filter(|(key, _)| key.len() == 64)
}

fn is_unnamed(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(UNNAMED.as_bytes())
}

#[cfg(test)]
mod tests;
