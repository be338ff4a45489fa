//! What one run of the explorer has to do with: who takes part, what may go wrong, and how often.

use wellspring_core::{Replay, Rule, SharedBy, Table};

use crate::callers::Setup;

/// One world to be explored whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) grant: Grants,
    /// What the provider's data says of a grant whose answer was lost.
    pub(crate) replay: Replay,
    /// The machine of each participant; processes on one machine see whether the other is alive, while its lock has its
    /// name.
    pub(crate) machines: &'static [u8],
    /// The user of each participant. The user of the first signs in and logs out.
    pub(crate) users: &'static [u8],
    /// How much may go wrong in one run.
    pub(crate) faults: u8,
    /// What may go wrong.
    pub(crate) troubles: &'static [Trouble],
    /// How often a caller that has a token, or the error to sign in again, asks once more.
    pub(crate) again: u8,
    /// How often a process stops waiting for the lease of another, or takes an owner whom it cannot see for gone.
    pub(crate) impatience: u8,
    pub(crate) start: Start,
    /// The store shows presence, and not the locks of a machine.
    pub(crate) fleet_store: bool,
    /// How many seconds the wall clock of the second machine is ahead.
    pub(crate) ahead: u16,
    pub(crate) callers: Setup,
    pub(crate) mutation: Option<Mutation>,
}

/// What is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grants {
    /// A refresh token that each use replaces, at a server that revokes the family when a spent one comes again.
    Rotating,
    /// A refresh token that survives its use.
    Reusable,
    /// The client's own credentials.
    Credentials,
    /// A refresh token that each use replaces, and credentials to fall back to.
    RotatingWithCredentials,
}

/// What may go wrong, besides what everything may meet: interleaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A process ends at any step, and another one starts in its place.
    Crash,
    /// A process ends when a save is whole at the disk and not yet renamed, and another one starts in its place.
    UnnamedSave,
    /// The answer is lost after the server has processed the request, or the request before.
    Silence,
    /// Certainly nothing was sent.
    Unsent,
    /// The store, or the place for spills, fails, before or after it has done what it was asked for.
    Store,
    /// The store fails for as long as it is tried, or the place for spills does, without having done anything.
    Outage,
    /// The store fails, before or after it has done what it was asked for, and may still do it later.
    Hanging,
    /// The answer cannot be used, but for its refresh token.
    Unusable,
    /// The server has processed the request, and its answer cannot be read.
    Unreadable,
    /// The process is stopped for longer than its deadline, and the answer arrives meanwhile.
    Stop,
    /// Certainly nothing was sent, for a reason of this process.
    Local,
    /// Certainly nothing was sent, for each reason that there is.
    Obstacles,
    /// A process gets another credential, such as a renewed client certificate in the same file.
    NewCredential,
    /// The server refuses the client or the request for no lasting reason, or a gateway refuses it; nothing is processed.
    Refusal,
    /// A request is processed long after its sender has given it up or is gone.
    Straggler,
    /// Saving a lease takes longer than the lease allows.
    Slow,
    /// A user logs out.
    Logout,
    /// A user signs in.
    SignIn,
    /// The store is emptied.
    Emptied,
    /// A task is dropped in the middle of a renewal.
    Dropped,
    /// The lock file on which a process holds its liveness lock is removed.
    LockRemoved,
    /// The presence of a live process ends early.
    Presence,
    /// One process does not reach the store for a while.
    Partition,
    /// The store fails over to an older copy.
    GoesBack,
}

/// What the participants hold when it begins. The store holds a refresh token and an access token that has expired or is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// They have just been started.
    Cold,
    /// They have known the session for as long as it exists; the access token has expired.
    Warm,
    /// The same; the access token is due and still in force.
    Due,
}

/// A deliberate mistake, to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// A rule of the machine is dropped.
    Rule(Rule),
    /// A cell of a decision table answers as its row or column would elsewhere.
    Cell(Table, usize),
    /// No liveness lock is shown.
    NoLivenessLock,
    /// The liveness lock ends with the renewal, though a spilled token is still to be stored.
    LivenessLockEndsEarly,
    /// A watcher continues to show its own liveness lock.
    LivenessLockWhileWatching,
    /// The store compares the place of a record instead of its version.
    SwapByPlace,
    /// A load or save removes a save that has no name.
    UnnamedSavesSwept,
    /// No load or save touches a save that has no name.
    UnnamedSavesStay,
    /// A save that has no name is finished though it holds a lease.
    UnnamedLeasesFinished,
    /// A save that has no name is finished though the store holds another version.
    UnnamedSavesOfAnyVersion,
    /// A process that was stopped does not look at what has arrived before it says that the time is up.
    NothingReadAfterStop,
    /// A token that a dropped task held is not spilled.
    NothingGuarded,
    /// A watcher does not look at the version again when it has found that no process is alive.
    GoneWithoutLook,
    /// A watcher says that the owner is gone though it may only be slow.
    GoneTooSoon,
    /// The result of a renewal reaches only the first caller that waits.
    ResultForFirstWaiterOnly,
    /// `close` wakes no caller that sleeps.
    CloseWakesNoSleeper,
    /// The lifecycle does not learn that a token is in memory only.
    SaveNeverPending,
    /// The lifecycle does not learn that a place of an API has accepted a token.
    AcceptanceNotReported,
    /// A caller whose clock has ended continues as if the lifecycle had changed.
    ClockEndCountsAsChange,
    /// A store of a fleet takes a missing presence for the end of its process.
    GoneByPresence,
    /// The note of an ended lock that cannot be written is not written later.
    NoteWrittenOnce,
}

pub(crate) const ALL_BUT_RARE: &[Trouble] = &[
    Trouble::Crash,
    Trouble::Silence,
    Trouble::Unsent,
    Trouble::Store,
    Trouble::Slow,
    Trouble::Logout,
    Trouble::SignIn,
    Trouble::Emptied,
];

impl Line {
    pub(crate) const fn new(name: &'static str, replay: Replay) -> Self {
        Self {
            name,
            grant: Grants::Rotating,
            replay,
            machines: &[0, 0],
            users: &[0],
            faults: 1,
            troubles: ALL_BUT_RARE,
            again: 0,
            impatience: 1,
            start: Start::Cold,
            fleet_store: false,
            ahead: 0,
            callers: Setup::NONE,
            mutation: None,
        }
    }

    pub(crate) fn may(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }

    /// The user of this participant: of the first, if the line names no other.
    pub(crate) fn user_of(&self, slot: usize) -> u8 {
        self.users.get(slot).copied().unwrap_or(self.users[0])
    }

    pub(crate) fn user_count(&self) -> u8 {
        self.users.iter().max().map_or(1, |last| last + 1)
    }

    pub(crate) const fn has_callers(&self) -> bool {
        !self.callers.is_none()
    }

    /// The wall clock of each process moves on its own, as on the machines of a fleet.
    #[expect(clippy::unused_self, reason = "each line is such a world")]
    pub(crate) const fn shared_by(&self) -> SharedBy {
        SharedBy::Fleet
    }

    pub(crate) fn mutated(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Whether the processes run on more than one machine.
    pub(crate) fn is_fleet(&self) -> bool {
        self.machines.iter().any(|machine| *machine != self.machines[0])
    }

    /// Whether a process may not see that another one is alive.
    pub(crate) fn may_lose_sight(&self) -> bool {
        self.is_fleet() || self.fleet_store || self.may(Trouble::LockRemoved)
    }

    /// Whether a refresh token is spent by its use.
    pub(crate) const fn is_single_use(&self) -> bool {
        matches!(self.grant, Grants::Rotating | Grants::RotatingWithCredentials)
    }
}
