//! The domain of a liveness lock on a lock file: all that must be equal for two processes to have the same kernel lock.
//!
//! - A random id inside the lock file, for file systems that give two files the same inode.
//! - The lock file's inode and its file system. A copied folder, a removed file and a folder beside another path of the
//!   store are other files.
//! - The boot of the machine, unless the file system is one that only this machine can have mounted. Two machines that
//!   share a folder over a network may each have a lock of their own. On a disk of this machine there is only one lock, and
//!   a restart of the machine has freed it: the processes of the boot before are gone.
//!
//! The name of a Linux machine is not part of it, because it may be copied with the machine's disk. A container that
//! shares the lock file with another container of the machine also shares the kernel lock, and has the same domain.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek as _, Write as _};
use std::path::Path;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};
use wellspring_core::LockDomain;

use crate::file_system;

/// The length of an id: 32 digits and a line feed.
const ID_LENGTH: usize = 33;

/// The domain of a lock on this open file; `None` if the file has no id, or if the running kernel has no name and another
/// one may use the file.
pub(crate) fn of(file: &File, path: &Path) -> Option<LockDomain> {
    static KERNEL: LazyLock<Option<Vec<u8>>> = LazyLock::new(kernel);
    let id = read_id(file).ok().flatten()?;
    let metadata = file.metadata().ok()?;
    let own_disk = file_system::of_this_machine(file).zip(inode(&metadata));
    let place = match own_disk {
        Some(place) => Place::OwnDisk(place.0, place.1),
        None => Place::Elsewhere(KERNEL.as_deref()?, place(&metadata, path)?),
    };
    named(&place, &id)
}

/// Where a lock file lies.
enum Place<'a> {
    /// On a disk that only this machine has: the id of the file system, and the inode.
    OwnDisk(u64, u64),
    /// Where other kernels may have locks of their own: the running kernel, and the file.
    Elsewhere(&'a [u8], Vec<u8>),
}

fn named(place: &Place<'_>, id: &[u8; ID_LENGTH]) -> Option<LockDomain> {
    let hash = Sha256::new_with_prefix(id);
    let hash = match place {
        Place::OwnDisk(file_system, inode) => hash
            .chain_update(b"own disk")
            .chain_update(file_system.to_be_bytes())
            .chain_update(inode.to_be_bytes()),
        Place::Elsewhere(kernel, file) => hash.chain_update(file).chain_update(kernel),
    };
    LockDomain::new(u128::from_be_bytes(*hash.finalize().as_slice().first_chunk()?))
}

/// Whether this open file is the one at this path.
///
/// # Errors
///
/// When either cannot be inspected.
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let there = match fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(place(&file.metadata()?, path) == place(&there, path))
}

/// Writes a new id into this file, on which the caller holds an exclusive lock, unless the file has one.
///
/// # Errors
///
/// When the file cannot be written, for example because the disk is full.
pub(crate) fn ensure_id(mut file: &File, id: u128) -> io::Result<()> {
    if read_id(file)?.is_some() {
        return Ok(());
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{id:032x}\n").as_bytes())
}

fn read_id(file: &File) -> io::Result<Option<[u8; ID_LENGTH]>> {
    let mut bytes = [0; ID_LENGTH + 1];
    let length = read_start(file, &mut bytes)?;
    let id = bytes.first_chunk().filter(|id| length == ID_LENGTH && id.ends_with(b"\n"));
    Ok(id.copied())
}

#[cfg(unix)]
fn read_start(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, 0)
}

#[cfg(not(unix))]
fn read_start(mut file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    use std::io::Read as _;
    file.rewind()?;
    file.read(bytes)
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    Some(metadata.ino())
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> Option<u64> {
    None
}

/// What tells this file from every other that the machine has now.
#[cfg(unix)]
fn place(metadata: &Metadata, _: &Path) -> Option<Vec<u8>> {
    use std::os::unix::fs::MetadataExt as _;
    Some([metadata.dev(), metadata.ino()].map(u64::to_be_bytes).concat())
}

/// Other systems do not show a file's number. There the id must show that a file was replaced.
#[cfg(not(unix))]
fn place(_: &Metadata, path: &Path) -> Option<Vec<u8>> {
    Some(fs::canonicalize(path).ok()?.into_os_string().into_encoded_bytes())
}

/// The running kernel's name: the id of this boot.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn kernel() -> Option<Vec<u8>> {
    fs::read("/proc/sys/kernel/random/boot_id").ok().filter(|id| id.len() >= 32)
}

/// The running kernel's name: other systems have no id of the boot, only the name of the machine.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn kernel() -> Option<Vec<u8>> {
    Some(rustix::system::uname().nodename().to_bytes().to_vec()).filter(|name| !name.is_empty())
}

/// The running kernel's name: other systems have no id of the boot, only the name of the machine.
#[cfg(not(unix))]
fn kernel() -> Option<Vec<u8>> {
    #[expect(clippy::disallowed_methods, reason = "the only source of the machine's name here")]
    let name = std::env::var_os("COMPUTERNAME")?;
    Some(name.into_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [[u8; ID_LENGTH]; 2] = [[b'1'; ID_LENGTH], [b'2'; ID_LENGTH]];

    #[test]
    fn each_part_of_a_domain_makes_it_another_one() {
        let elsewhere = |kernel: &[u8], file: &[u8], id| named(&Place::Elsewhere(kernel, file.to_vec()), id);
        let domain = elsewhere(b"this boot", b"this file", &IDS[0]);
        assert!(domain.is_some());
        assert_eq!(domain, elsewhere(b"this boot", b"this file", &IDS[0]));
        for (other, what) in [
            (elsewhere(b"another boot", b"this file", &IDS[0]), "another machine, or the same one before"),
            (elsewhere(b"this boot", b"another file", &IDS[0]), "a copied file"),
            (elsewhere(b"this boot", b"this file", &IDS[1]), "a new file with an old inode"),
        ] {
            assert_ne!(domain, other, "{what}");
        }
    }

    #[test]
    fn on_a_disk_of_this_machine_the_file_makes_the_domain_and_the_boot_does_not() {
        let domain = named(&Place::OwnDisk(1, 2), &IDS[0]);
        assert!(domain.is_some());
        for other in [
            named(&Place::OwnDisk(2, 2), &IDS[0]),
            named(&Place::OwnDisk(1, 1), &IDS[0]),
            named(&Place::OwnDisk(1, 2), &IDS[1]),
            named(&Place::Elsewhere(b"", [1_u64, 2].map(u64::to_be_bytes).concat()), &IDS[0]),
        ] {
            assert_ne!(domain, other);
        }
    }

    #[test]
    fn only_a_file_that_holds_nothing_but_an_id_has_one() {
        let folder = crate::contract::Folder::new();
        let path = folder.path().join("lock");
        let id = format!("{:032x}\n", 7);
        for (text, has_one) in
            [(id.clone(), true), (format!("{id}x"), false), ("7\n".to_owned(), false), (String::new(), false)]
        {
            fs::write(&path, &text).unwrap();
            let read = read_id(&File::open(&path).unwrap()).unwrap();
            assert_eq!(read.is_some(), has_one, "{text}");
        }
    }
}
