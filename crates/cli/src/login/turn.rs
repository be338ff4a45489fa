//! One sign-in of a profile at a time: a second command waits for the first one's result and takes it.
//!
//! Two browsers would end in two sessions, of which one is lost. The file beside the store is locked for as long as a
//! command signs in. It holds the number of that process, and then the result too. If that command dies, the kernel frees the lock, the file holds no result,
//! and the next command signs in itself.

use core::fmt;
use core::time::Duration;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use wellspring_core::{StoreError, TokenKey};
use wellspring_profiles::Profile;
use wellspring_store::files;
use wellspring_transport_blocking::Clock;

use crate::exit::{Exit, Failure, say};
use crate::interrupt;
use crate::span::Span;

/// How often a command looks whether the other one has ended.
const POLL: Duration = Duration::from_millis(50);
/// How many looks a command takes before it says that it waits for a command that has not yet written its number.
const ROUNDS_WITHOUT_OWNER: u32 = 20;
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
        let clock = Clock::system();
        let end = clock.now().instant.plus(longest);
        let mut waiting = Waiting::default();
        loop {
            if is_locked(&file, &path).map_err(failed)? {
                let outcome = if waiting.has_waited() { State::read(&mut file).outcome } else { None };
                if let Some(outcome) = outcome {
                    return Ok(Self::Joined(outcome));
                }
                if files::is_in_place(&file, &path).map_err(failed)? {
                    break;
                }
                // Another program has removed the file: other commands lock the one that is there now.
                file = files::open_or_create(&path).map_err(failed)?;
                continue;
            }
            let owner = State::read(&mut file).owner();
            if clock.now().instant >= end {
                return Err(waited_too_long(profile.name(), owner, longest));
            }
            waiting.say(profile.name(), owner);
            interrupt::nap(POLL);
        }
        let mut turn = OwnTurn(file);
        turn.begin().map_err(|error| failed(files::failed("cannot be written", &path, error)))?;
        Ok(Self::Own(turn))
    }
}

/// Locks the file; `false` if another command has locked it.
fn is_locked(file: &File, path: &Path) -> Result<bool, StoreError> {
    files::lock::try_exclusive(file).map_err(|error| files::failed("cannot be locked", path, error))
}

/// The wait for another command.
#[derive(Default)]
struct Waiting {
    rounds: u32,
    said: bool,
}

impl Waiting {
    fn has_waited(&self) -> bool {
        self.rounds > 0
    }

    /// Says once that this command waits, and for which process as soon as that is known.
    fn say(&mut self, name: &str, owner: Option<Owner>) {
        self.rounds = self.rounds.saturating_add(1);
        if self.said || owner.is_none() && self.rounds < ROUNDS_WITHOUT_OWNER {
            return;
        }
        let owner = owner.map_or_else(String::new, |owner| format!(" ({owner})"));
        say(format_args!(
            "wellspring: another `wellspring login {name}`{owner} waits for the sign-in; this command waits for its result"
        ));
        self.said = true;
    }
}

fn waited_too_long(name: &str, owner: Option<Owner>, longest: Duration) -> Failure {
    let owner = owner.map_or_else(String::new, |owner| format!(" ({owner})"));
    let text = format!(
        "the sign-in timed out after {}: another `wellspring login {name}`{owner} has not ended; finish that sign-in or \
         end that process, and run the command again",
        Span(longest)
    );
    Failure::new(Exit::TryLater, text)
}

impl OwnTurn {
    /// Writes which process has the turn in place of an earlier result.
    fn begin(&mut self) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        self.0.write_all(format!("{}\n", std::process::id()).as_bytes())
    }

    /// Leaves the result for the commands that wait, and ends the turn.
    pub(super) fn end(mut self, outcome: &Outcome) {
        let (status, text) = match outcome {
            Ok(said) => (0, said.clone()),
            Err(failure) => (failure.exit.status(), failure.to_string()),
        };
        // Without a result the next command signs in itself.
        let _ = self.0.write_all(format!("{status} {text}\n").as_bytes());
    }
}

/// What the file holds: the process that has the turn, in a line, and the result, in another.
#[derive(Default)]
struct State {
    process: Option<u32>,
    outcome: Option<Outcome>,
}

impl State {
    fn read(file: &mut File) -> Self {
        let mut text = String::new();
        let read = file
            .rewind()
            .and_then(|()| io::Read::by_ref(file).take(LONGEST_RESULT).read_to_string(&mut text));
        let Some((process, result)) = read.ok().and_then(|_| text.split_once('\n')) else {
            return Self::default();
        };
        Self { process: process.parse().ok(), outcome: outcome(result) }
    }

    /// The process that has the turn; `None` while the file still holds an earlier result.
    fn owner(&self) -> Option<Owner> {
        self.process.filter(|_| self.outcome.is_none()).map(Owner)
    }
}

/// The result; `None` if the command that had the turn has left none.
fn outcome(text: &str) -> Option<Outcome> {
    let (status, said) = text.strip_suffix('\n')?.split_once(' ')?;
    match status.parse().ok()? {
        0 => Some(Ok(said.to_owned())),
        status => Some(Err(Failure::new(Exit::of_status(status)?, said))),
    }
}

/// The process that signs in.
struct Owner(u32);

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(process) = self;
        write!(f, "process {process}")?;
        if is_stopped(*process) {
            write!(f, ", which is stopped: `kill -CONT {process}` continues it")?;
        }
        Ok(())
    }
}

/// Whether a process of this program and this number is stopped, for example by Ctrl-Z. Elsewhere than on Linux the answer
/// is no.
fn is_stopped(process: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return false };
    // In another container the number may be that of another program.
    let is_ours =
        |name: &str| std::fs::read_to_string("/proc/self/comm").is_ok_and(|ours| ours.trim_end() == name);
    let name = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
    name.is_some_and(|(name, rest)| is_ours(name) && rest.trim_start().starts_with('T'))
}
