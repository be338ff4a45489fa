//! What the store's answer means for a renewal: a table.

use crate::rules::{Table, cell_holds};

use super::context::Fallback;

/// What the store holds, and who has leased it: the rows of the table, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of the table")]
pub enum Found {
    /// A spilled token.
    Spilled,
    /// No record, and this source has known none.
    Empty,
    /// No record, though this source has known one; without client credentials, also a record older than that one.
    Lost,
    /// A tombstone: the user has logged out.
    Tombstone,
    /// A newer token, in force for as long as the caller needs.
    Newer,
    /// A record without a lease.
    Free,
    /// A lease of this source under which nothing was sent, and nothing before it.
    Unsent,
    /// A lease whose owner is gone.
    OwnerGone,
    /// A lease that names a lock within reach of this process.
    LeasedHere,
    /// The same, after all the time that this renewal waits.
    LeasedHereTooLong,
    /// A lease that names no lock within reach: no process can tell whether its owner is alive.
    LeasedElsewhere,
    /// The same, after all the time that this renewal waits.
    LeasedElsewhereTooLong,
    /// Such a lease that has lapsed.
    Lapsed,
}

/// What the renewal does: the cells of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the cells of the table")]
pub enum Judgment {
    /// Save the spilled token, then load again.
    SaveSpilled,
    /// Start a new record, after all that the store may have held.
    BeginAnew,
    /// Fail: the store has lost the session.
    StoreLost,
    /// Fail: the user has logged out.
    LoggedOut,
    /// Take the newer token over.
    Adopt,
    /// Lease the record and send a grant; no other process can still save a token.
    Lease,
    /// The same, though the owner of the earlier lease may still save a token.
    LeaseAnyway,
    /// Watch the record until it changes or the owner of its lease is gone.
    Watch,
    /// Fail: another process is renewing.
    Busy,
}

/// What the store's answer means: one row for each answer, one column for each fallback.
pub const LOADED: [(Found, [(Fallback, Judgment); 2]); 13] = {
    use {Found as F, Judgment as J};
    [
        (F::Spilled, both(J::SaveSpilled)),
        (F::Empty, both(J::BeginAnew)),
        (F::Lost, [(Fallback::SignIn, J::StoreLost), (Fallback::Credentials, J::BeginAnew)]),
        (F::Tombstone, both(J::LoggedOut)),
        (F::Newer, both(J::Adopt)),
        (F::Free, both(J::Lease)),
        (F::Unsent, both(J::Lease)),
        (F::OwnerGone, both(J::Lease)),
        (F::LeasedHere, both(J::Watch)),
        (F::LeasedHereTooLong, [(Fallback::SignIn, J::Busy), (Fallback::Credentials, J::LeaseAnyway)]),
        (F::LeasedElsewhere, both(J::Watch)),
        (F::LeasedElsewhereTooLong, [(Fallback::SignIn, J::Busy), (Fallback::Credentials, J::LeaseAnyway)]),
        (F::Lapsed, both(J::LeaseAnyway)),
    ]
};

const fn both(judgment: Judgment) -> [(Fallback, Judgment); 2] {
    [(Fallback::SignIn, judgment), (Fallback::Credentials, judgment)]
}

/// Looks up what the store's answer means.
pub(super) fn judge(found: Found, fallback: Fallback) -> Judgment {
    let (row, column) = (found as usize, fallback as usize);
    let judgment = LOADED[row].1[column].1;
    if cell_holds(Table::Loaded, row * 2 + column) {
        return judgment;
    }
    // The explorer has dropped this cell: the mistake that it has to notice.
    match (judgment, fallback) {
        (Judgment::BeginAnew, _) => Judgment::StoreLost,
        (Judgment::StoreLost, _) => Judgment::BeginAnew,
        (Judgment::SaveSpilled | Judgment::LoggedOut | Judgment::Adopt | Judgment::Busy, _) => {
            Judgment::Lease
        }
        (Judgment::Lease, _) | (Judgment::LeaseAnyway, Fallback::SignIn) => Judgment::Watch,
        (Judgment::LeaseAnyway, Fallback::Credentials) => Judgment::Busy,
        (Judgment::Watch, _) => Judgment::LeaseAnyway,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_where_it_is_looked_up() {
        for (found, row) in LOADED {
            for (fallback, judgment) in row {
                assert_eq!(judge(found, fallback), judgment, "{found:?} {fallback:?}");
            }
        }
    }
}
