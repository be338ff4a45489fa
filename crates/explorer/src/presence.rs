//! What a store of a fleet holds beside the record: the presence of processes, the notes of locks that have ended, and older
//! copies.

use wellspring_core::{LockDomain, Stored, Version, WatchOutcome};

/// How many saves a failover can lose.
const MOST_LOST: usize = 2;

/// What the store holds beside the record. What no lease names any more is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FleetStore {
    /// The processes whose presence is not there.
    pub(crate) missing: Vec<u32>,
    /// The locks that have ended, as the notes say.
    pub(crate) notes: Vec<LockDomain>,
    /// The locks whose note is never written.
    pub(crate) without_note: Vec<LockDomain>,
    /// What the store held before its last saves, the newest first.
    pub(crate) copies: Vec<Option<Stored>>,
    /// The version that a failover has brought back.
    pub(crate) came_back: Option<Version>,
}

impl FleetStore {
    /// The record is about to be replaced.
    pub(crate) fn keep_copy(&mut self, stored: Option<&Stored>) {
        self.copies.insert(0, stored.cloned());
        self.copies.truncate(MOST_LOST);
    }

    /// What a watcher of this lock sees at once. Without an answer the watcher waits.
    pub(crate) fn sight(&self, domain: LockDomain) -> Option<WatchOutcome> {
        if self.notes.contains(&domain) {
            Some(WatchOutcome::OwnerGone)
        } else if self.missing.contains(&process_of(domain)) {
            Some(WatchOutcome::OwnerUnknown)
        } else {
            None
        }
    }
}

/// The process that has taken this lock.
pub(crate) fn process_of(domain: LockDomain) -> u32 {
    u32::try_from(domain.value() >> 8).expect("few processes are started")
}
