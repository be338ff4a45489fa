//! Connections for loads: a few, kept open, and whoever finds them all in use waits for one.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use rusqlite::Connection;
use wellspring_core::StoreError;
use wellspring_store::Deadline;

use crate::connection::{connect, wait_at_most};
use crate::failure::failed;

/// How many there are at most. More would not load faster, and to open one costs more than many loads.
const MOST: usize = 4;

/// A connection, and the file that it is to.
#[derive(Debug)]
pub(crate) struct Open {
    connection: Connection,
    file: FileId,
}

impl Open {
    /// A new connection to the database at this path, which is made if it is not there.
    pub(crate) fn to(path: &Path, within: Duration) -> Result<Self, StoreError> {
        let connection = connect(path, within)?;
        let file = FileId::of(path).map_err(|error| {
            StoreError::unavailable(format!("{} cannot be looked at", path.display()))
                .with_source(Arc::new(error))
        })?;
        Ok(Self { connection, file })
    }

    /// Whether it is to the file that is at the path now: after somebody has removed the database, others make a new
    /// one, and tokens in the old one would be seen by nobody.
    pub(crate) fn is_to(&self, path: &Path) -> bool {
        FileId::of(path).is_ok_and(|file| file == self.file)
    }

    /// The connection, which waits for others at most so long.
    pub(crate) fn waiting(&mut self, path: &Path, within: Duration) -> Result<&mut Connection, StoreError> {
        wait_at_most(&self.connection, within).map_err(|error| failed(path, within, error))?;
        Ok(&mut self.connection)
    }
}

#[derive(Debug)]
pub(crate) struct Connections {
    path: PathBuf,
    state: Mutex<State>,
    given_back: Condvar,
}

#[derive(Debug)]
struct State {
    idle: Vec<Open>,
    in_use: usize,
}

impl Connections {
    /// To the database at this path, to which this one is open already.
    pub(crate) fn new(path: PathBuf, first: Open) -> Self {
        let state = Mutex::new(State { idle: vec![first], in_use: 0 });
        Self { path, state, given_back: Condvar::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs this on a connection, which is kept only if nothing went wrong on it.
    pub(crate) fn run<T>(
        &self,
        within: Duration,
        action: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let deadline = Deadline::after(within);
        let mut lent = self.lend(deadline, within)?;
        let mut open = match lent.open.take().filter(|open| open.is_to(&self.path)) {
            Some(open) => open,
            None => Open::to(&self.path, deadline.left())?,
        };
        let connection = open.waiting(&self.path, deadline.left())?;
        let value = action(connection).map_err(|error| failed(&self.path, within, error))?;
        lent.open = Some(open);
        Ok(value)
    }

    fn lend(&self, deadline: Deadline, within: Duration) -> Result<Lent<'_>, StoreError> {
        let mut state = self.state();
        while state.in_use == MOST {
            let left = deadline.left();
            if left.is_zero() {
                let path = self.path.display();
                let text = format!("all connections to {path} were in use for longer than {within:?}");
                return Err(StoreError::unavailable(text));
            }
            let woken = self.given_back.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.in_use += 1;
        Ok(Lent { open: state.idle.pop(), from: self })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for one connection, and the connection, if one was idle and nothing has gone wrong on it.
struct Lent<'a> {
    open: Option<Open>,
    from: &'a Connections,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = self.from.state();
        state.in_use -= 1;
        state.idle.extend(self.open.take());
        self.from.given_back.notify_one();
    }
}

/// Tells one file from another that has come in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).map(|metadata| Self(metadata.dev(), metadata.ino()))
    }

    /// Elsewhere a database that is in use cannot be removed.
    #[cfg(not(unix))]
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|_| Self(0, 0))
    }
}
