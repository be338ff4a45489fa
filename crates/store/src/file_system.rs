//! The file system under an open file: whether only this machine has mounted it.
//!
//! A file system over a network, of a virtual machine's host or of a user's program may show one file to several kernels,
//! each with locks of its own. Therefore only file systems on a disk or in the memory of this machine count.

use std::fs::File;

/// The id of the file system of this file, which stays the same across restarts of the machine; `None` if another kernel
/// may use the same file, or the file system has no id.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn of_this_machine(file: &File) -> Option<u64> {
    let kind = rustix::fs::fstatfs(file).ok()?.f_type;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a magic number has 32 bits; the kernel's word is longer on some machines"
    )]
    let kind = kind as u32;
    let id = LOCAL.contains(&kind).then(|| rustix::fs::fstatvfs(file).ok()).flatten()?.f_fsid;
    Some(id).filter(|id| *id != 0)
}

/// Other systems do not say it in the same way.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn of_this_machine(_: &File) -> Option<u64> {
    None
}

/// The magic numbers (`statfs(2)`) of file systems that one kernel at a time can mount: ext2 to ext4, XFS, Btrfs, F2FS, ZFS,
/// bcachefs, JFS, tmpfs.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LOCAL: [u32; 8] =
    [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x2FC1_2FC1, 0xCA45_1A4E, 0x3153_464A, 0x0102_1994];

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_file_systems_of_the_kernel_itself_are_none_on_which_a_store_lies() {
        assert_eq!(of_this_machine(&File::open("/proc/self/status").unwrap()), None);
        assert_eq!(of_this_machine(&File::open("/sys/kernel").unwrap()), None);
    }
}
