//! One sign-in of a profile at a time: a second command waits for the first one's result and takes it.
//!
//! Two browsers would end in two sessions, of which one is lost. The file beside the store is locked for as long as a
//! command signs in, and then holds the result. If that command dies, the kernel frees the lock, the file holds no result,
//! and the next command signs in itself.

use core::time::Duration;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::sync::Arc;

use wellspring_core::{StoreError, TokenKey};
use wellspring_profiles::Profile;
use wellspring_store::files;
use wellspring_transport_blocking::Clock;

use crate::exit::{Exit, Failure, say};
use crate::interrupt;
use crate::login::sign_in::timed_out;

/// How often a command looks whether the other one has ended.
const POLL: Duration = Duration::from_millis(50);
/// The longest result: a sentence.
const LONGEST_RESULT: u64 = 16 * 1024;

/// What a sign-in ends with: the sentence for the user, or the failure.
pub(super) type Outcome = Result<String, Failure>;

/// Whose turn it is.
pub(super) enum Turn {
    /// This command signs in.
    Own(OwnTurn),
    /// Another command has signed in meanwhile.
    Joined(Outcome),
}

/// The lock of the command that signs in.
pub(super) struct OwnTurn(File);

impl Turn {
    /// Takes the turn, or waits for the command that has it.
    pub(super) fn take(profile: &Profile, key: &TokenKey, longest: Duration) -> Result<Self, Failure> {
        let failed = |error: StoreError| Failure::store(profile.store().place(), "cannot be locked", &error);
        let path = profile.store().beside(key, "login").ok_or_else(|| {
            Failure::at(profile.store().place(), "keeps nothing after this command; name a persistent store")
        })?;
        let mut file = files::open_or_create(&path).map_err(failed)?;
        let (clock, mut joined) = (Clock::system(), false);
        let end = clock.now().instant.plus(longest);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if clock.now().instant >= end => {
                    return Err(timed_out(longest));
                }
                Err(TryLockError::WouldBlock) => {
                    if !joined {
                        let name = profile.name();
                        say(format_args!(
                            "wellspring: another `wellspring login {name}` waits for the sign-in; this command waits for \
                             its result"
                        ));
                        joined = true;
                    }
                    interrupt::nap(POLL);
                }
                Err(TryLockError::Error(error)) => {
                    let text = format!("{} cannot be locked", path.display());
                    return Err(failed(StoreError::unavailable(text).with_source(Arc::new(error))));
                }
            }
        }
        if joined && let Some(outcome) = read(&mut file) {
            return Ok(Self::Joined(outcome));
        }
        let cleared = file.set_len(0).and_then(|()| file.rewind());
        cleared.map_err(|error| {
            let text = format!("{} cannot be written", path.display());
            failed(StoreError::unavailable(text).with_source(Arc::new(error)))
        })?;
        Ok(Self::Own(OwnTurn(file)))
    }
}

impl OwnTurn {
    /// Leaves the result for the commands that wait, and ends the turn.
    pub(super) fn end(mut self, outcome: &Outcome) {
        let (status, text) = match outcome {
            Ok(said) => (0, said.clone()),
            Err(failure) => (failure.exit.status(), failure.to_string()),
        };
        // Without a result the next command signs in itself.
        let _ = writeln!(self.0, "{status} {text}");
    }
}

/// The result in the file; `None` if the command that had the turn has left none.
fn read(file: &mut File) -> Option<Outcome> {
    let mut text = String::new();
    let read =
        file.rewind().and_then(|()| io::Read::by_ref(file).take(LONGEST_RESULT).read_to_string(&mut text));
    read.ok()?;
    let (status, said) = text.strip_suffix('\n')?.split_once(' ')?;
    match status.parse().ok()? {
        0 => Some(Ok(said.to_owned())),
        status => Some(Err(Failure::new(Exit::of_status(status)?, said))),
    }
}
