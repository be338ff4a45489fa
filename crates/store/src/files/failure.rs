//! The operating system's errors as store errors: which a retry may mend, and what to do about the others.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use wellspring_core::StoreError;

/// The store error of an operation on this path. `what` continues a sentence that begins with the path.
///
/// A full disk, a broken disk and a process without free descriptors may recover: the error names the cause, and a retry
/// is worth it. A permission, a mount and what lies at the path stay as they are until a person changes them: the error
/// also says what to do.
#[must_use]
pub fn failed(what: &str, path: &Path, error: io::Error) -> StoreError {
    let path = path.display();
    let store_error = match advice(&error) {
        Some(advice) => StoreError::refused(format!("{path} {what}: {error}; {advice}")),
        // The file system may be mounted again.
        None if error.kind() == ErrorKind::NotFound => StoreError::unavailable(format!(
            "{path} {what}: {error}; create the folder that is missing, or mount its file system"
        )),
        None => StoreError::unavailable(format!("{path} {what}: {error}")),
    };
    store_error.with_source(Arc::new(error))
}

/// What a person does about this error; `None` if it may pass by itself.
fn advice(error: &io::Error) -> Option<&'static str> {
    let advice = match error.kind() {
        ErrorKind::PermissionDenied => {
            "run the program as the owner of the store, or give the store to this user with `chown`"
        }
        ErrorKind::ReadOnlyFilesystem => "remount the file system writable, or name a store on another one",
        ErrorKind::IsADirectory => "a folder is in the place of a file: move it away",
        ErrorKind::NotADirectory => "a part of the path is not a folder: correct the path",
        // The system has not seen a path with a zero byte. Of any other argument, it is the file system that refuses it.
        ErrorKind::InvalidInput if error.raw_os_error().is_none() => "no file can have this path: correct it",
        ErrorKind::InvalidInput | ErrorKind::Unsupported => UNSUPPORTED,
        _ => return by_number(error),
    };
    Some(advice)
}

const UNSUPPORTED: &str = "this file system has no such operation: put the store on a local disk";

#[cfg(unix)]
fn by_number(error: &io::Error) -> Option<&'static str> {
    use rustix::io::Errno;
    let advice = match Errno::from_io_error(error)? {
        Errno::LOOP => "it is a symbolic link: name the file itself, or remove the link",
        Errno::NXIO | Errno::NODEV => "it is not a regular file: remove it",
        Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP => UNSUPPORTED,
        Errno::NAMETOOLONG => "no file can have this path: correct it",
        _ => return None,
    };
    Some(advice)
}

/// Windows says so of a name with a forbidden character, and of one that is too long.
#[cfg(not(unix))]
fn by_number(error: &io::Error) -> Option<&'static str> {
    matches!(error.raw_os_error(), Some(123 | 206)).then_some("no file can have this path: correct it")
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;

    use super::*;

    fn of(errno: Errno) -> StoreError {
        failed("cannot be opened", Path::new("/s/x"), errno.into())
    }

    #[test]
    fn what_stays_as_it_is_until_a_person_changes_it_is_refused_with_path_cause_and_advice() {
        for errno in [
            Errno::ACCESS,
            Errno::PERM,
            Errno::ROFS,
            Errno::ISDIR,
            Errno::NOTDIR,
            Errno::LOOP,
            Errno::NAMETOOLONG,
            Errno::NXIO,
            Errno::NOSYS,
            Errno::OPNOTSUPP,
            Errno::NOLCK,
            Errno::INVAL,
        ] {
            let error = of(errno);
            let cause = io::Error::from(errno).to_string();
            assert!(error.is_refused() && error.is_permanent(), "{error}");
            let text = error.to_string();
            assert!(text.starts_with(&format!("/s/x cannot be opened: {cause}; ")), "{text}");
            assert!(text.len() > format!("/s/x cannot be opened: {cause}; ").len(), "{text}");
        }
    }

    #[test]
    fn an_operation_that_the_file_system_lacks_is_told_from_a_path_that_no_file_can_have() {
        for errno in [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOLCK] {
            let text = failed("cannot be locked", Path::new("/s/x"), errno.into()).to_string();
            assert!(text.ends_with("put the store on a local disk"), "{text}");
        }
        let zero = std::fs::File::open("a\0b").unwrap_err();
        let text = failed("cannot be opened", Path::new("/s/x"), zero).to_string();
        assert!(text.ends_with("no file can have this path: correct it"), "{text}");
    }

    #[test]
    fn what_may_pass_by_itself_is_worth_a_retry_and_names_its_cause() {
        for errno in [
            Errno::NOSPC,
            Errno::DQUOT,
            Errno::IO,
            Errno::MFILE,
            Errno::NFILE,
            Errno::AGAIN,
            Errno::INTR,
            Errno::BUSY,
            Errno::NOMEM,
            Errno::STALE,
        ] {
            let error = of(errno);
            assert!(!error.is_permanent(), "{errno:?}");
            assert_eq!(error.to_string(), format!("/s/x cannot be opened: {}", io::Error::from(errno)));
            assert!(core::error::Error::source(&error).is_some());
        }
        let missing = of(Errno::NOENT);
        let says = "create the folder that is missing, or mount its file system";
        assert!(!missing.is_permanent() && missing.to_string().ends_with(says), "{missing}");
    }
}
