//! The store: one record, swapped by its version, the tokens spilled beside it, and writes that hang.

use wellspring_core::{Attempt, Loaded, PendingSave, Record, Stored, Swap, Version};

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
}

/// A write that has not happened yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hanging {
    pub(crate) writer: usize,
    pub(crate) expected: Option<Version>,
    pub(crate) record: Record,
}

impl StoreModel {
    pub(crate) const fn holding(record: Record) -> Self {
        let stored = Some(Stored { version: Version::new(1), record });
        Self { stored, versions: 1, spills: Vec::new(), hanging: Vec::new() }
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
        Loaded { stored: self.stored.clone(), spilled }
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
