//! Which files and folders a store uses: only those that no other user can read, write or put in the place of its own.
//!
//! Every path of a store is judged by this rule, on reading as on writing: records, databases and their side files, lock
//! files, spilled tokens, files under construction, and the folders around them. A file is judged by its open
//! descriptor, so it cannot be exchanged between the judgment and the use.

use std::fs::Metadata;
use std::path::Path;

use wellspring_core::StoreError;

/// The most bytes of a file that a store reads. A record holds one token response, which has at most a mebibyte.
pub(crate) const LARGEST: u64 = 4 << 20;

/// What the kernel says of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) owner: u32,
    /// The permission bits, including the sticky bit.
    pub(crate) mode: u32,
    /// How many names it has.
    pub(crate) links: u64,
    pub(crate) size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    SymbolicLink,
    Other,
}

impl Facts {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            kind: Kind::of(metadata),
            owner: metadata.uid(),
            mode: metadata.mode() & 0o7777,
            links: metadata.nlink(),
            size: metadata.len(),
        }
    }

    /// On other systems the folders of a user inherit permissions that exclude other users.
    #[cfg(not(unix))]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { kind: Kind::of(metadata), owner: 0, mode: 0, links: 1, size: metadata.len() }
    }

    /// Whether other users can create, rename and remove what is in this folder.
    pub(crate) const fn is_writable_by_others(self) -> bool {
        self.mode & 0o022 != 0
    }
}

impl Kind {
    fn of(metadata: &Metadata) -> Self {
        match metadata.file_type() {
            kind if kind.is_file() => Self::File,
            kind if kind.is_dir() => Self::Folder,
            kind if kind.is_symlink() => Self::SymbolicLink,
            _ => Self::Other,
        }
    }
}

/// Judges a file of the store for this user. `folder` says what the kernel says of the folder around it; it is asked only
/// for root.
pub(crate) fn file(
    path: &Path,
    facts: Facts,
    user: u32,
    folder: impl FnOnce() -> Option<Facts>,
) -> Result<(), StoreError> {
    regular(path, facts)?;
    // Root also uses what belongs to the owner of the folder, who can put any file there. No other user can make a file of
    // that owner.
    let trusted = |folder: Facts| folder.owner == facts.owner;
    if facts.owner != user && !(user == 0 && folder().is_some_and(trusted)) {
        return Err(foreign(path, facts, user));
    }
    if facts.mode & 0o077 != 0 {
        return Err(StoreError::refused(open_to_others(path, facts)));
    }
    // A lock file that was just removed has no name.
    if facts.links > 1 {
        let (path, links) = (path.display(), facts.links);
        return Err(StoreError::refused(format!(
            "{path} has {links} names (hard links): a store under two names has two sets of locks; remove the other names"
        )));
    }
    if facts.size > LARGEST {
        return Err(too_large(path));
    }
    Ok(())
}

/// Judges a folder of the store for this user. `parent` says what the kernel says of the folder around it; it is asked
/// only for root.
pub(crate) fn folder(
    path: &Path,
    facts: Facts,
    user: u32,
    parent: impl FnOnce() -> Option<Facts>,
) -> Result<(), StoreError> {
    owned_folder(path, facts, user, parent)?;
    if facts.is_writable_by_others() {
        return Err(writable_by_others(path, facts));
    }
    Ok(())
}

fn owned_folder(
    path: &Path,
    facts: Facts,
    user: u32,
    parent: impl FnOnce() -> Option<Facts>,
) -> Result<(), StoreError> {
    let shown = path.display();
    match facts.kind {
        Kind::Folder => {}
        Kind::SymbolicLink => {
            return Err(StoreError::refused(format!(
                "{shown} is a symbolic link: move it away, or name the folder itself"
            )));
        }
        Kind::File | Kind::Other => {
            return Err(StoreError::refused(format!("{shown} is not a folder: move it away")));
        }
    }
    // Root also uses the folders of other users, except where another user could have put one in the way.
    let trusted = |parent: Facts| parent.owner == facts.owner || !parent.is_writable_by_others();
    if facts.owner != user && !(user == 0 && parent().is_some_and(trusted)) {
        return Err(foreign(path, facts, user));
    }
    Ok(())
}

/// Judges a folder that is not the store's own, but holds its files: that of a database. The folder of the user's group is
/// used, because on many systems that group has no other user; [`note`] says so.
pub(crate) fn around_files(
    path: &Path,
    facts: Facts,
    user: u32,
    parent: impl FnOnce() -> Option<Facts>,
) -> Result<(), StoreError> {
    // Root can put any file anywhere.
    let owner = if facts.owner == 0 { user } else { facts.owner };
    owned_folder(path, Facts { owner, ..facts }, user, parent)?;
    // A group that needs the sticky bit has several users.
    if facts.mode & 0o002 != 0 || facts.mode & 0o1020 == 0o1020 {
        return Err(writable_by_others(path, facts));
    }
    Ok(())
}

/// A sentence about a folder of this kind in which the group can exchange the files of the store.
pub(crate) fn note(path: &Path, facts: Facts) -> Option<String> {
    let shown = path.display();
    (facts.mode & 0o020 != 0).then(|| {
        format!(
            "{shown} is writable by its group (mode {:o}): each member can exchange the files of the store; run \
             `chmod g-w {shown}` if the group has other users",
            facts.mode
        )
    })
}

/// Judges what may lie in the place of a regular file.
pub(crate) fn regular(path: &Path, facts: Facts) -> Result<(), StoreError> {
    let what = match facts.kind {
        Kind::File => return Ok(()),
        Kind::Folder => "a folder",
        Kind::SymbolicLink => "a symbolic link",
        Kind::Other => "a pipe, a socket or a device",
    };
    Err(StoreError::refused(format!("{} is {what}, not a regular file: move it away", path.display())))
}

pub(crate) fn too_large(path: &Path) -> StoreError {
    StoreError::refused(format!(
        "{} has more than {LARGEST} bytes: no record is as large; move it away",
        path.display()
    ))
}

/// A sentence about the permissions that other users have.
pub(crate) fn open_to_others(path: &Path, facts: Facts) -> String {
    let (path, mode) = (path.display(), facts.mode & 0o1777);
    let private = if facts.kind == Kind::Folder { "700" } else { "600" };
    format!("{path} is open to others (mode {mode:o}): chmod {private} it{}", volume(mode))
}

fn writable_by_others(path: &Path, facts: Facts) -> StoreError {
    let (shown, mode) = (path.display(), facts.mode);
    // A folder with the sticky bit may be meant for many users.
    let shared = if mode & 0o1000 == 0 {
        ""
    } else {
        "if it is meant for many users, as /tmp is, make a folder of your own in it and store tokens there; otherwise "
    };
    let advice = format!("{shared}run `chmod 700 {shown}` before tokens are stored there{}", volume(mode));
    StoreError::refused(format!("{shown} is writable by other users (mode {mode:o}): {advice}"))
}

/// What to add to the advice to change this mode. Some volumes give each file one mode, in which the group or all users
/// have the rights of the owner.
const fn volume(mode: u32) -> &'static str {
    let (owner, group) = (mode >> 6 & 0o6, mode >> 3 & 0o6);
    if owner == group && mode & 0o1000 == 0 {
        "; if the mode comes back, the volume sets it: correct its mount options, or the `fsGroup` of the Kubernetes pod"
    } else {
        ""
    }
}

fn foreign(path: &Path, facts: Facts, user: u32) -> StoreError {
    let (path, Facts { owner, mode, .. }) = (path.display(), facts);
    StoreError::refused(format!(
        "{path} belongs to user {owner} (mode {mode:o}), and this program runs as user {user}: run it as user {owner}, \
         or check what is there and run `chown {user} {path}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Facts = Facts { kind: Kind::File, owner: 7, mode: 0o600, links: 1, size: 10 };
    const FOLDER: Facts = Facts { kind: Kind::Folder, owner: 7, mode: 0o700, links: 2, size: 10 };

    fn said(outcome: Result<(), StoreError>) -> Option<String> {
        outcome.err().map(|error| {
            assert!(error.is_refused(), "{error}");
            error.to_string()
        })
    }

    #[track_caller]
    fn refuses(outcome: Result<(), StoreError>, piece: &str) {
        let text = said(outcome).unwrap_or_else(|| panic!("not refused for: {piece}"));
        assert!(text.starts_with("/s/x ") && text.contains(piece), "{text}");
    }

    /// No user is told to close a folder that is meant for many users.
    fn advice(mode: u32) -> &'static str {
        if mode & 0o1000 == 0 {
            "run `chmod 700 /s/x`"
        } else {
            "if it is meant for many users, as /tmp is, make a folder of your own"
        }
    }

    fn judge_file(facts: Facts, user: u32, around: Facts) -> Result<(), StoreError> {
        file(Path::new("/s/x"), facts, user, || Some(around))
    }

    fn judge_folder(facts: Facts, user: u32, around: Facts) -> Result<(), StoreError> {
        folder(Path::new("/s/x"), facts, user, || Some(around))
    }

    #[test]
    fn a_file_is_used_only_by_its_owner_and_closed_to_others() {
        assert_eq!(said(judge_file(FILE, 7, FOLDER)), None);
        assert_eq!(said(judge_file(Facts { mode: 0o400, ..FILE }, 7, FOLDER)), None);
        assert_eq!(said(judge_file(Facts { links: 0, ..FILE }, 7, FOLDER)), None);
        for mode in [0o604, 0o602, 0o601, 0o640, 0o620, 0o610, 0o644, 0o666] {
            refuses(judge_file(Facts { mode, ..FILE }, 7, FOLDER), &format!("(mode {mode:o}): chmod 600 it"));
        }
        refuses(judge_file(FILE, 8, FOLDER), "belongs to user 7 (mode 600), and this program runs as user 8");
        refuses(judge_file(Facts { links: 2, ..FILE }, 7, FOLDER), "2 names (hard links)");
        refuses(judge_file(Facts { size: LARGEST + 1, ..FILE }, 7, FOLDER), "more than 4194304 bytes");
    }

    #[test]
    fn only_a_regular_file_is_used_as_a_file_and_only_a_folder_as_a_folder() {
        for (kind, piece) in
            [(Kind::Folder, "a folder"), (Kind::SymbolicLink, "a symbolic link"), (Kind::Other, "a pipe")]
        {
            refuses(judge_file(Facts { kind, ..FILE }, 7, FOLDER), piece);
        }
        for (kind, piece) in
            [(Kind::File, "not a folder"), (Kind::SymbolicLink, "link"), (Kind::Other, "not a folder")]
        {
            refuses(judge_folder(Facts { kind, ..FOLDER }, 7, FOLDER), piece);
        }
    }

    #[test]
    fn a_folder_is_used_only_by_its_owner_and_where_no_other_user_can_write() {
        for mode in [0o700, 0o755, 0o500, 0o2755] {
            assert_eq!(said(judge_folder(Facts { mode, ..FOLDER }, 7, FOLDER)), None, "{mode:o}");
        }
        for mode in [0o1777, 0o777, 0o720, 0o702, 0o775] {
            refuses(
                judge_folder(Facts { mode, ..FOLDER }, 7, FOLDER),
                &format!("(mode {mode:o}): {}", advice(mode)),
            );
        }
        refuses(judge_folder(FOLDER, 8, FOLDER), "belongs to user 7");
    }

    #[test]
    fn the_folder_of_a_database_is_that_of_the_user_or_of_root_and_other_users_cannot_write_to_it() {
        let judge = |facts, user| around_files(Path::new("/s/x"), facts, user, || Some(FOLDER));
        for mode in [0o700, 0o755, 0o775, 0o2775, 0o770] {
            assert_eq!(said(judge(Facts { mode, ..FOLDER }, 7)), None, "{mode:o}");
            assert_eq!(said(judge(Facts { mode, owner: 0, ..FOLDER }, 7)), None, "{mode:o}");
        }
        for mode in [0o1777, 0o777, 0o702, 0o1775, 0o1770] {
            refuses(
                judge(Facts { mode, ..FOLDER }, 7),
                &format!("writable by other users (mode {mode:o}): {}", advice(mode)),
            );
        }
        refuses(judge(FOLDER, 8), "belongs to user 7");
        for kind in [Kind::File, Kind::Other, Kind::SymbolicLink] {
            assert!(said(judge(Facts { kind, ..FOLDER }, 7)).is_some());
        }
        assert_eq!(note(Path::new("/s/x"), FOLDER), None);
        let noted = note(Path::new("/s/x"), Facts { mode: 0o775, ..FOLDER }).unwrap();
        assert!(noted.contains("/s/x is writable by its group (mode 775)") && noted.contains("chmod g-w"));
    }

    #[test]
    fn a_mode_that_a_volume_may_set_is_told_with_the_volume() {
        for mode in [0o660, 0o664, 0o666, 0o777] {
            refuses(judge_file(Facts { mode, ..FILE }, 7, FOLDER), "`fsGroup` of the Kubernetes pod");
        }
        for mode in [0o640, 0o644, 0o604] {
            let text = said(judge_file(Facts { mode, ..FILE }, 7, FOLDER)).unwrap();
            assert!(text.ends_with("chmod 600 it"), "{text}");
        }
        for mode in [0o770, 0o2775, 0o777] {
            refuses(judge_folder(Facts { mode, ..FOLDER }, 7, FOLDER), "correct its mount options");
        }
    }

    #[test]
    fn root_uses_what_belongs_to_the_owner_of_the_folder_and_nothing_that_another_user_put_there() {
        assert_eq!(said(judge_file(FILE, 0, FOLDER)), None);
        refuses(judge_file(FILE, 0, Facts { owner: 0, ..FOLDER }), "belongs to user 7");
        refuses(judge_file(FILE, 0, Facts { owner: 0, mode: 0o1777, ..FOLDER }), "belongs to user 7");
        assert_eq!(said(judge_file(FILE, 0, Facts { mode: 0o775, ..FOLDER })), None);
        assert_eq!(said(judge_file(Facts { owner: 0, ..FILE }, 0, FOLDER)), None);
        assert_eq!(said(judge_folder(FOLDER, 0, Facts { owner: 0, mode: 0o755, ..FOLDER })), None);
        refuses(judge_folder(FOLDER, 0, Facts { owner: 0, mode: 0o1777, ..FOLDER }), "belongs to user 7");
        assert_eq!(said(judge_folder(FOLDER, 0, Facts { mode: 0o775, ..FOLDER })), None);
    }
}
