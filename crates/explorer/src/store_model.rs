//! The store under one key: one record, swapped by its version, the tokens spilled beside it, a save that has no name yet,
//! writes that hang, and the names of the liveness locks of each machine.

use core::fmt;

use wellspring_core::{
    Attempt, Loaded, LockDomain, PendingSave, Record, SessionState, Stored, Swap, Version,
};

use crate::line::{Line, Mutation, Trouble};
use crate::presence::FleetStore;
use crate::provider::TokenName;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StoreModel {
    /// The number of its key.
    key: u8,
    pub(crate) stored: Option<Stored>,
    /// How many versions there have been.
    versions: u64,
    /// Each with the machine where it lies.
    pub(crate) spills: Vec<(u8, PendingSave)>,
    /// A save whose process died before it was renamed. A store has at most one: each save settles the one before.
    pub(crate) unnamed: Option<Unnamed>,
    /// Writes that may still come, as their writers know.
    pub(crate) hanging: Vec<Hanging>,
    /// How often the lock of each machine was removed. The next lock has another name.
    removed_locks: [u8; 2],
    pub(crate) fleet: FleetStore,
}

/// A write that has not happened yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hanging {
    pub(crate) writer: usize,
    pub(crate) expected: Option<Version>,
    pub(crate) record: Record,
    /// The liveness lock that the thread holds until the write is made.
    pub(crate) lock: Option<LockDomain>,
}

/// A whole record under a temporary name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Unnamed {
    /// The version that it replaces.
    pub(crate) expected: Option<Version>,
    pub(crate) record: Record,
}

impl Unnamed {
    /// Whether this refresh token is in it, and the next load or save of the store keeps it.
    pub(crate) fn keeps(&self, name: TokenName, version: Option<Version>) -> bool {
        self.expected == version && self.record.lease.is_none() && TokenName::of(&self.record) == Some(name)
    }
}

impl StoreModel {
    pub(crate) fn holding(key: u8, record: Record) -> Self {
        let stored = Some(Stored { version: Version::new(1), record });
        Self {
            key,
            stored,
            versions: 1,
            spills: Vec::new(),
            unnamed: None,
            hanging: Vec::new(),
            removed_locks: [0; 2],
            fleet: FleetStore::default(),
        }
    }

    /// The name of the liveness lock that a process on this machine takes now.
    pub(crate) fn lock_on(&self, machine: u8) -> LockDomain {
        let number = u128::from(self.key) << 16
            | u128::from(machine) << 8
            | u128::from(self.removed_locks[usize::from(machine)]);
        LockDomain::new(number + 1).expect("it is not zero")
    }

    pub(crate) const fn remove_lock_on(&mut self, machine: u8) {
        self.removed_locks[machine as usize] += 1;
    }

    pub(crate) fn version(&self) -> Option<Version> {
        self.stored.as_ref().map(|stored| stored.version)
    }

    pub(crate) fn record(&self) -> Option<&Record> {
        self.stored.as_ref().map(|stored| &stored.record)
    }

    /// What a load on this machine finds, and of several spilled tokens this one.
    pub(crate) fn load(&self, machine: u8, which: usize) -> Loaded {
        let spilled = self.spilled_on(machine).nth(which).cloned();
        Loaded { stored: self.stored.clone(), spilled, ..Loaded::default() }
    }

    pub(crate) fn spilled_on(&self, machine: u8) -> impl Iterator<Item = &PendingSave> {
        self.spills.iter().filter(move |(place, _)| *place == machine).map(|(_, pending_save)| pending_save)
    }

    pub(crate) fn swap(&mut self, expected: Option<Version>, record: &Record, line: &Line) -> Swap {
        if self.version() != expected {
            return Swap::Conflict;
        }
        Swap::Done(self.name(record, line))
    }

    /// The record replaces the one in the store.
    pub(crate) fn name(&mut self, record: &Record, line: &Line) -> Version {
        if line.may(Trouble::GoesBack) {
            self.fleet.keep_copy(self.stored.as_ref());
        }
        self.versions += 1;
        let mut version = Version::new(u128::from(self.versions));
        if line.mutated(Mutation::SwapByPlace) {
            let (epoch, generation) = record.place();
            version = Version::new(u128::from(epoch.value()) << 64 | u128::from(generation.value()));
        }
        self.stored = Some(Stored { version, record: record.clone() });
        version
    }

    /// The record of an unnamed save that is to be finished. Any other unnamed save is discarded.
    pub(crate) fn take_unnamed(&mut self, line: &Line) -> Option<Unnamed> {
        if line.mutated(Mutation::UnnamedSavesStay) {
            return None;
        }
        let unnamed = self.unnamed.take()?;
        let replaced = unnamed.expected == self.version() || line.mutated(Mutation::UnnamedSavesOfAnyVersion);
        let sent = unnamed.record.lease.is_none() || line.mutated(Mutation::UnnamedLeasesFinished);
        (replaced && sent && !line.mutated(Mutation::UnnamedSavesSwept)).then_some(unnamed)
    }

    pub(crate) fn spill(&mut self, machine: u8, pending_save: PendingSave) {
        self.forget(machine, pending_save.attempt);
        self.spills.push((machine, pending_save));
        self.spills.sort_by_key(|(machine, pending_save)| (*machine, pending_save.attempt));
    }

    pub(crate) fn forget(&mut self, machine: u8, attempt: Attempt) {
        self.spills.retain(|(place, pending_save)| (*place, pending_save.attempt) != (machine, attempt));
    }
}

/// A store in a line of text, for traces.
impl fmt::Display for StoreModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stored {
            None => write!(f, "[store empty")?,
            Some(stored) => {
                let record = &stored.record;
                let (epoch, generation) = record.place();
                write!(f, "[v{} e{epoch} g{generation}", stored.version.value())?;
                match (TokenName::of(record), &record.state) {
                    (Some(name), _) => write!(f, " token {name}")?,
                    (None, SessionState::LoggedOut) => write!(f, " logged out")?,
                    _ => {}
                }
                if let Some(lease) = record.lease {
                    let owner = lease.attempt.owner.process;
                    write!(f, " claimed by {}#{}", owner, lease.attempt.number)?;
                    if lease.first_sent.is_some() {
                        write!(f, " again")?;
                    }
                }
                if let Some(dead) = record.dead {
                    write!(f, " dead {:?}", dead.reason)?;
                }
            }
        }
        for (machine, pending_save) in &self.spills {
            write!(f, " spilled@{machine} {:?}", TokenName::of(&pending_save.record))?;
        }
        if let Some(unnamed) = &self.unnamed {
            write!(f, " unnamed {:?}", TokenName::of(&unnamed.record))?;
        }
        write!(f, "]")
    }
}
