//! Files and folders for their owner alone, replaced whole and durably or not at all.
//!
//! Every failure is a [`StoreError`] that names the path and never what is in it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wellspring_core::StoreError;
use zeroize::Zeroizing;

/// Makes this folder for its owner alone, unless it is there. What lies above it has to be there.
///
/// # Errors
///
/// When it cannot be made, or is there and is no folder, or others may write to it.
pub fn private_folder(path: &Path) -> Result<(), StoreError> {
    match private_builder().create(path) {
        Ok(()) => return sync_folder_of(path).map_err(|error| failed("cannot be made durable", path, error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("cannot be made", path, error)),
    }
    let metadata = fs::metadata(path).map_err(|error| failed("cannot be looked at", path, error))?;
    if !metadata.is_dir() {
        return Err(StoreError::unavailable(format!("{} is not a folder", path.display())));
    }
    if mode(&metadata) & 0o022 != 0 {
        let text =
            format!("{} can be written by others: chmod 700 it before tokens go there", path.display());
        return Err(StoreError::unavailable(text));
    }
    Ok(())
}

#[cfg(unix)]
fn private_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(not(unix))]
fn private_builder() -> DirBuilder {
    DirBuilder::new()
}

/// A sentence about the permissions of this file or folder, if others than its owner may do anything with it.
#[must_use]
pub fn open_to_others(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    let mode = mode(&metadata) & 0o777;
    let fitting = if metadata.is_dir() { "700" } else { "600" };
    (mode & 0o077 != 0)
        .then(|| format!("{} is open to others (mode {mode:o}): chmod {fitting} it", path.display()))
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions())
}

/// Elsewhere the folders of a user are the user's own by inheritance.
#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}

fn private_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Opens this file for reading and writing, and makes it for its owner alone if it is not there.
///
/// # Errors
///
/// When it cannot be opened.
pub fn open_or_make(path: &Path) -> Result<File, StoreError> {
    private_file(OpenOptions::new().read(true).write(true).create(true).truncate(false), path)
        .map_err(|error| failed("cannot be opened", path, error))
}

/// Makes this file for its owner alone; an existing one is not even opened.
///
/// # Errors
///
/// When it is not there and cannot be made.
pub fn make_if_absent(path: &Path) -> Result<(), StoreError> {
    match private_file(OpenOptions::new().write(true).create_new(true), path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed("cannot be made", path, error)),
    }
}

/// What is in this file, or this much of its beginning; `None` when there is no such file.
///
/// # Errors
///
/// When it is there and cannot be read.
pub fn read(path: &Path, at_most: u64) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let reading = || -> io::Result<_> {
        let file = File::open(path)?;
        let length = file.metadata()?.len().min(at_most);
        // One byte more than there is, so that the end is seen without growing: a buffer that grows leaves copies.
        let room = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(1);
        let mut bytes = Zeroizing::new(Vec::new());
        bytes.try_reserve_exact(room)?;
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match reading() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("cannot be read", path, error)),
    }
}

/// Puts these pieces, one after the other, into this file: whole and durably, or the file stays as it was. Needs to be
/// the only one that replaces this file at this time: what an earlier one left half done is swept away.
///
/// # Errors
///
/// When it fails; after the point where the file may have been replaced, the error says so.
pub fn replace(path: &Path, pieces: &[&[u8]]) -> Result<(), StoreError> {
    let fresh = fresh_name(path);
    let written = remove_if_there(&fresh).and_then(|()| write_new(&fresh, pieces));
    if let Err(error) = written {
        drop(fs::remove_file(&fresh));
        return Err(failed("cannot be written", path, error));
    }
    fs::rename(&fresh, path)
        .and_then(|()| sync_folder_of(path))
        .map_err(|error| failed("cannot be put in place", path, error).maybe_applied())
}

/// Removes this file, and what was left of a replacement of it, if they are there.
///
/// # Errors
///
/// When one is there and stays there.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    remove_if_there(&fresh_name(path))
        .and_then(|()| remove_if_there(path))
        .map_err(|error| failed("cannot be removed", path, error))
}

fn write_new(path: &Path, pieces: &[&[u8]]) -> io::Result<()> {
    let mut file = private_file(OpenOptions::new().write(true).create_new(true), path)?;
    pieces.iter().try_for_each(|piece| file.write_all(piece))?;
    file.sync_all()
}

/// Where the new contents are written before they are put in place.
fn fresh_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A name is durable only once the folder that holds it is.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened, and names are as durable as the file system makes them.
#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

pub(crate) fn failed(what: &str, path: &Path, error: io::Error) -> StoreError {
    StoreError::unavailable(format!("{} {what}", path.display())).with_source(Arc::new(error))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::contract::Folder;

    fn mode_of(path: &Path) -> u32 {
        mode(&fs::metadata(path).expect("it is there")) & 0o777
    }

    fn open_up(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is mine");
    }

    #[test]
    fn folders_and_files_are_made_for_their_owner_alone() {
        let folder = Folder::new();
        let (inner, file) = (folder.path().join("inner"), folder.path().join("inner/file"));
        private_folder(&inner).unwrap();
        replace(&file, &[b"a", b"b"]).unwrap();
        open_or_make(&inner.join("lock")).unwrap();
        make_if_absent(&inner.join("made")).unwrap();
        assert_eq!((mode_of(&inner), mode_of(&file)), (0o700, 0o600));
        assert_eq!((mode_of(&inner.join("lock")), mode_of(&inner.join("made"))), (0o600, 0o600));
        assert_eq!(open_to_others(&inner).or(open_to_others(&file)), None);
        open_up(&file, 0o640);
        let sentence = open_to_others(&file).unwrap();
        assert!(sentence.ends_with("inner/file is open to others (mode 640): chmod 600 it"), "{sentence}");
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let folder = Folder::new();
        open_up(folder.path(), 0o720);
        let error = private_folder(folder.path()).unwrap_err();
        assert!(error.to_string().contains("can be written by others"), "{error}");
        open_up(folder.path(), 0o755);
        assert!(private_folder(folder.path()).is_ok(), "who may look at names sees no token");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = Folder::new();
        let file = folder.path().join("file");
        replace(&file, &[]).unwrap();
        for (path, sentence) in [
            (file.clone(), "file is not a folder"),
            (file.join("below"), "file/below cannot be made"),
            (folder.path().join("no/parent"), "no/parent cannot be made"),
        ] {
            let error = private_folder(&path).unwrap_err();
            assert!(error.to_string().ends_with(sentence), "{error}");
        }
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = Folder::new();
        let file = folder.path().join("file");
        assert!(read(&file, 9).unwrap().is_none());
        replace(&file, &[b"a long text"]).unwrap();
        fs::write(fresh_name(&file), "what a crash has left").unwrap();
        replace(&file, &[b"short", b"er"]).unwrap();
        assert_eq!(**read(&file, u64::MAX).unwrap().unwrap(), *b"shorter");
        assert_eq!(**read(&file, 5).unwrap().unwrap(), *b"short");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        remove(&file).unwrap();
        remove(&file).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_replacement_that_fails_says_whether_it_may_have_been_made() {
        use wellspring_core::Applied;
        let folder = Folder::new();
        let file = folder.path().join("file");
        let error = replace(&folder.path().join("none/file"), &[b"x"]).unwrap_err();
        assert_eq!(error.applied(), Applied::No);
        // A folder in the file's place: everything succeeds up to the renaming.
        fs::create_dir(&file).unwrap();
        let error = replace(&file, &[b"x"]).unwrap_err();
        assert_eq!((error.applied(), error.is_unreadable()), (Applied::Maybe, false));
    }

    #[test]
    fn the_buffer_of_a_read_does_not_grow() {
        let folder = Folder::new();
        let file = folder.path().join("file");
        replace(&file, &[&[b'x'; 10_000]]).unwrap();
        let bytes = read(&file, u64::MAX).unwrap().unwrap();
        assert_eq!((bytes.len(), bytes.capacity()), (10_000, 10_001));
    }
}
