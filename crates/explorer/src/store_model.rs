//! The store: one record, swapped by its version, the tokens spilled beside it, writes that hang, and the names of the
//! liveness locks of each machine.

use wellspring_core::{Attempt, Loaded, LockDomain, PendingSave, Record, Stored, Swap, Version};

use crate::line::{Line, Mutation};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StoreModel {
    pub(crate) stored: Option<Stored>,
    /// How many versions there have been.
    versions: u64,
    /// Each with the machine where it lies.
    pub(crate) spills: Vec<(u8, PendingSave)>,
    /// Writes that may still come, as their writers know.
    pub(crate) hanging: Vec<Hanging>,
    /// How often the lock of each machine was removed. The next lock has another name.
    removed_locks: [u8; 2],
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

impl StoreModel {
    pub(crate) const fn holding(record: Record) -> Self {
        let stored = Some(Stored { version: Version::new(1), record });
        Self { stored, versions: 1, spills: Vec::new(), hanging: Vec::new(), removed_locks: [0; 2] }
    }

    /// The name of the liveness lock that a process on this machine takes now.
    pub(crate) fn lock_on(&self, machine: u8) -> LockDomain {
        let number = u128::from(machine) << 8 | u128::from(self.removed_locks[usize::from(machine)]);
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
        Loaded { stored: self.stored.clone(), spilled, unusable_spill: None }
    }

    pub(crate) fn spilled_on(&self, machine: u8) -> impl Iterator<Item = &PendingSave> {
        self.spills.iter().filter(move |(place, _)| *place == machine).map(|(_, pending_save)| pending_save)
    }

    pub(crate) fn swap(&mut self, expected: Option<Version>, record: &Record, line: &Line) -> Swap {
        if self.version() != expected {
            return Swap::Conflict;
        }
        self.versions += 1;
        let mut version = Version::new(u128::from(self.versions));
        if line.mutated(Mutation::SwapByPlace) {
            let (epoch, generation) = record.place();
            version = Version::new(u128::from(epoch.value()) << 64 | u128::from(generation.value()));
        }
        self.stored = Some(Stored { version, record: record.clone() });
        Swap::Done(version)
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
