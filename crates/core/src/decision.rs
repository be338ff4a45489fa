//! The whole decision of [`Lifecycle::acquire`](crate::Lifecycle::acquire), as a table.
//!
//! The lifecycle looks its verb up here, the tests iterate over it and the book prints it: there is no other
//! copy.

/// What the lifecycle holds, measured against what the caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of the table")]
pub enum Holding {
    /// A token that satisfies the need and is not due for renewal.
    Fresh,
    /// A token that satisfies the need and is due for renewal.
    Aging,
    /// No token, an expired one, or one that does not satisfy the need.
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
    /// No: the last one failed and its pause is not over.
    Shut,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the cells of the table")]
pub enum Verb {
    /// Hand the token out.
    Use,
    /// Hand the token out and renew it.
    UseAndRefresh,
    /// Renew, and hand out what comes of it.
    Refresh,
    /// Wait for the renewal under way.
    Wait,
    /// Say why there is no token.
    Fail,
}

/// The whole decision, one row for each holding.
pub const TABLE: [(Holding, [(GateState, Verb); 3]); 3] = [
    (
        Holding::Fresh,
        [(GateState::Open, Verb::Use), (GateState::Busy, Verb::Use), (GateState::Shut, Verb::Use)],
    ),
    (
        Holding::Aging,
        [(GateState::Open, Verb::UseAndRefresh), (GateState::Busy, Verb::Use), (GateState::Shut, Verb::Use)],
    ),
    (
        Holding::Lacking,
        [(GateState::Open, Verb::Refresh), (GateState::Busy, Verb::Wait), (GateState::Shut, Verb::Fail)],
    ),
];

/// Looks the decision up.
#[must_use]
pub const fn decide(holding: Holding, gate: GateState) -> Verb {
    TABLE[holding as usize].1[gate as usize].1
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
    }
}
