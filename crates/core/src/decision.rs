//! Who gets what: the tables of [`Lifecycle::acquire`](crate::Lifecycle::acquire) and
//! [`Lifecycle::reject`](crate::Lifecycle::reject).
//!
//! The lifecycle looks its answers up here, the tests iterate over every cell, the book prints both tables, and the
//! explorer drops each cell. The read path of a driver may answer for the rows of tokens in force without asking; it may
//! only be stricter than the table.

use crate::rules::{Table, cell_holds};

/// What the lifecycle holds, measured against what the caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of the table")]
pub enum Holding {
    /// A token that satisfies the need and is not due for renewal.
    Fresh,
    /// A token that satisfies the need and is due for renewal.
    Aging,
    /// No token, an expired token, or a token that does not satisfy the need.
    Lacking,
}

/// Whether a renewal may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the columns of the table")]
pub enum GateState {
    /// Yes.
    Open,
    /// No: one is under way.
    Busy,
    /// No: the last one failed and its pause has not ended.
    Shut,
    /// No: the source is closed, or the caller has nothing to run a renewal on.
    Closed,
    /// No: a token is held in memory only until the store has saved it.
    PendingSave,
}

/// What to do for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the cells of the table")]
pub enum Verb {
    /// Hand the token out.
    Use,
    /// Hand the token out and renew it.
    UseAndRefresh,
    /// Renew, and hand out the result.
    Refresh,
    /// Wait for the renewal under way.
    Wait,
    /// Return the reason why there is no token.
    Fail,
}

/// How many gates there are: the columns of both tables.
pub(crate) const GATES: usize = 5;

/// Who gets what: one row for each holding.
pub const TABLE: [(Holding, [(GateState, Verb); GATES]); 3] = {
    use {GateState as G, Verb as V};
    [
        (
            Holding::Fresh,
            [
                (G::Open, V::Use),
                (G::Busy, V::Use),
                (G::Shut, V::Use),
                (G::Closed, V::Use),
                (G::PendingSave, V::Use),
            ],
        ),
        (
            Holding::Aging,
            [
                (G::Open, V::UseAndRefresh),
                (G::Busy, V::Use),
                (G::Shut, V::Use),
                (G::Closed, V::Use),
                (G::PendingSave, V::Use),
            ],
        ),
        (
            Holding::Lacking,
            [
                (G::Open, V::Refresh),
                (G::Busy, V::Wait),
                (G::Shut, V::Fail),
                (G::Closed, V::Fail),
                (G::PendingSave, V::Fail),
            ],
        ),
    ]
};

/// Looks up who gets what.
#[must_use]
pub fn decide(holding: Holding, gate: GateState) -> Verb {
    let (row, column) = (holding as usize, gate as usize);
    let verb = TABLE[row].1[column].1;
    if cell_holds(Table::Acquire, row * GATES + column) {
        return verb;
    }
    // The explorer has dropped this cell: the mistake that it has to notice.
    match (verb, gate) {
        (Verb::Use, GateState::Busy) => Verb::Wait,
        (Verb::Use, GateState::Open) | (Verb::UseAndRefresh | Verb::Wait | Verb::Fail, _) => Verb::Refresh,
        (Verb::Use | Verb::Refresh, _) => Verb::Fail,
    }
}

/// What the lifecycle holds when an API refuses a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of the table")]
pub enum RefusedToken {
    /// No token in force: the refused one is gone already.
    Gone,
    /// A token of another generation: the refusal is late.
    Replaced,
    /// The refused token.
    Current,
    /// The refused token, refused soon after its issue like the one before it, in the pause that this opened.
    Suspended,
}

/// What a refused token leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the cells of the table")]
pub enum Refusal {
    /// Retry the call with the token of the other generation.
    UseOther,
    /// Discard the refused token and acquire a newer one.
    Discard,
    /// Discard the refused token; the response is the caller's.
    DiscardAndKeep,
    /// The response is the caller's.
    Keep,
}

/// What a refused token leads to: one row for each thing that the lifecycle may hold.
pub const REFUSALS: [(RefusedToken, [(GateState, Refusal); GATES]); 4] = {
    use {GateState as G, Refusal as R};
    const fn all(refusal: Refusal) -> [(GateState, Refusal); GATES] {
        [
            (G::Open, refusal),
            (G::Busy, refusal),
            (G::Shut, refusal),
            (G::Closed, refusal),
            (G::PendingSave, refusal),
        ]
    }
    const fn unless_shut(refusal: Refusal, shut: Refusal) -> [(GateState, Refusal); GATES] {
        let mut row = all(refusal);
        row[G::Shut as usize].1 = shut;
        row
    }
    [
        (RefusedToken::Gone, unless_shut(R::Discard, R::Keep)),
        (RefusedToken::Replaced, all(R::UseOther)),
        (RefusedToken::Current, unless_shut(R::Discard, R::DiscardAndKeep)),
        (RefusedToken::Suspended, all(R::Keep)),
    ]
};

/// Looks up what a refused token leads to.
#[must_use]
pub fn decide_refusal(token: RefusedToken, gate: GateState) -> Refusal {
    let (row, column) = (token as usize, gate as usize);
    let refusal = REFUSALS[row].1[column].1;
    if cell_holds(Table::Refusal, row * GATES + column) {
        return refusal;
    }
    // The explorer has dropped this cell: the mistake that it has to notice.
    match refusal {
        Refusal::UseOther | Refusal::Keep => Refusal::Discard,
        Refusal::Discard | Refusal::DiscardAndKeep => Refusal::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_stands_where_it_is_looked_up() {
        for (holding, row) in TABLE {
            for (gate, verb) in row {
                assert_eq!(decide(holding, gate), verb);
            }
        }
        for (token, row) in REFUSALS {
            for (gate, refusal) in row {
                assert_eq!(decide_refusal(token, gate), refusal);
            }
        }
    }
}
