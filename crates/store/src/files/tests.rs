//! Modes, replacements and failures of files and folders.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::contract::Folder;

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).expect("the file exists").permissions().mode() & 0o777
}

fn temporary_path(path: &Path) -> PathBuf {
    with_suffix(path, ".new")
}

fn put(path: &Path, pieces: &[&[u8]]) -> Result<(), StoreError> {
    replace(path, &temporary_path(path), pieces)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the test owns the file");
}

#[test]
fn folders_and_files_are_accessible_only_to_their_owner() {
    let folder = Folder::new();
    let (inner, file) = (folder.path().join("inner"), folder.path().join("inner/file"));
    create_private_folder(&inner).unwrap();
    put(&file, &[b"a", b"b"]).unwrap();
    open_or_create(&inner.join("lock")).unwrap();
    create_if_absent(&inner.join("created")).unwrap();
    assert_eq!((mode_of(&inner), mode_of(&file)), (0o700, 0o600));
    assert_eq!((mode_of(&inner.join("lock")), mode_of(&inner.join("created"))), (0o600, 0o600));
    assert_eq!(open_to_others(&inner).or(open_to_others(&file)), None);
    set_mode(&file, 0o640);
    let sentence = open_to_others(&file).unwrap();
    assert!(sentence.ends_with("inner/file is open to others (mode 640): chmod 600 it"), "{sentence}");
}

#[test]
fn a_folder_that_other_users_can_write_to_is_refused() {
    let folder = Folder::new();
    set_mode(folder.path(), 0o720);
    let error = create_private_folder(folder.path()).unwrap_err();
    assert!(error.to_string().contains("is writable by other users"), "{error}");
    set_mode(folder.path(), 0o755);
    assert!(create_private_folder(folder.path()).is_ok(), "a user who can list the folder sees no token");
}

#[test]
fn a_folder_that_cannot_be_created_is_named() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    put(&file, &[]).unwrap();
    for (path, sentence) in [
        (file.clone(), "file is not a folder: move it away"),
        (
            file.join("below"),
            "file/below cannot be created: Not a directory (os error 20); a part of the path is not a folder: correct the path",
        ),
        (
            folder.path().join("no/parent"),
            "no/parent cannot be created: No such file or directory (os error 2); create the folder that is missing, or mount its file \
             system",
        ),
    ] {
        let error = create_private_folder(&path).unwrap_err();
        assert!(error.to_string().ends_with(sentence), "{error}");
    }
}

#[test]
fn a_file_is_replaced_completely_and_no_temporary_file_stays() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    assert!(read(&file, 9).unwrap().is_none());
    put(&file, &[b"a long text"]).unwrap();
    fs::write(temporary_path(&file), "left by a crash").unwrap();
    put(&file, &[b"short", b"er"]).unwrap();
    assert_eq!(**read(&file, u64::MAX).unwrap().unwrap(), *b"shorter");
    assert_eq!(**read(&file, 5).unwrap().unwrap(), *b"short");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    remove(&file).unwrap();
    remove(&file).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_failed_replacement_says_whether_it_may_have_been_applied() {
    use wellspring_core::Applied;
    let folder = Folder::new();
    let file = folder.path().join("file");
    let error = put(&folder.path().join("none/file"), &[b"x"]).unwrap_err();
    assert_eq!(error.applied(), Applied::No);
    // The path is a folder, so only the rename fails.
    fs::create_dir(&file).unwrap();
    let error = put(&file, &[b"x"]).unwrap_err();
    assert_eq!((error.applied(), error.is_unreadable()), (Applied::Maybe, false));
}

#[test]
fn the_buffer_of_a_read_has_its_final_capacity_from_the_start() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    put(&file, &[&[b'x'; 10_000]]).unwrap();
    let bytes = read(&file, u64::MAX).unwrap().unwrap();
    assert_eq!((bytes.len(), bytes.capacity()), (10_000, 10_001));
}
