//! A database that this process may only read: on a read-only mount, for example. A token in it is served while it is fresh.

use core::fmt::Write as _;
use core::time::Duration;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use wellspring_core::StoreError;
use wellspring_store::files::{self, FileId};

use crate::error::{self, store_error};
use crate::opened::{Access, Connected, check, has_tables, set_busy_timeout};

/// Connects to this database, which is not changed.
///
/// SQLite reads a database with a write-ahead log only if it can map the log's shared memory. Without a log there is
/// nothing to share: the file is read as it is. A process elsewhere may write to it, so such a connection serves one read;
/// the checksum of a record shows whether it was read in the middle of a change.
pub(crate) fn connect(path: &Path, file: FileId, within: Duration) -> Result<Connected, StoreError> {
    let fail = |error| store_error(path, within, error);
    let has_log = fs::symlink_metadata(files::with_suffix(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let access = if has_log { Access::Reading } else { Access::OneRead };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path, access), flags).map_err(fail)?;
    set_busy_timeout(&connection, within).map_err(fail)?;
    if !has_tables(&connection, path, within)? {
        return Err(error::read_only(path));
    }
    if check(path)? != file {
        return Err(StoreError::unavailable(format!("{} was replaced while it was opened", path.display())));
    }
    Ok(Connected { connection, file, access })
}

/// The path as a URI of SQLite, in which every byte is written as a number that could have a meaning of its own.
fn uri(path: &Path, access: Access) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                uri.push(char::from(*byte))
            }
            byte => write!(uri, "%{byte:02X}").expect("writing to a String never fails"),
        }
    }
    uri + if access == Access::OneRead { "?immutable=1" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_of_a_path_ends_it_or_begins_a_parameter() {
        let path = Path::new("/a b/50%?x#y&z=\u{e9}.db");
        assert_eq!(uri(path, Access::Reading), "file:/a%20b/50%25%3Fx%23y%26z%3D%C3%A9.db");
        assert_eq!(uri(Path::new("/a.db"), Access::OneRead), "file:/a.db?immutable=1");
    }
}
