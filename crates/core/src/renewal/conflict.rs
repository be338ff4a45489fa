//! What a conflict means for a token that is to be saved: a table.

use core::cmp::Ordering;

use crate::record::{Record, SessionState};
use crate::rules::{Rule, Table, cell_holds, holds};
use crate::store::Obtained;

/// What the store holds, measured against the token to be saved: the rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the rows of the table")]
pub enum StoreState {
    /// No record.
    Nothing,
    /// The token itself: an earlier save has succeeded.
    TheToken,
    /// What the token replaces: for a renewal the generation that it spent, for a sign-in the epoch that it has seen.
    WhatItReplaces,
    /// An older generation of the same epoch.
    AnOlderGeneration,
    /// An older epoch.
    AnOlderEpoch,
    /// A tombstone of a later epoch.
    ATombstone,
    /// A later record without a token.
    ANewerStart,
    /// A later token.
    ANewerToken,
}

/// The token to be saved: the columns of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the columns of the table")]
pub enum Obtainment {
    /// Renewed with a single-use refresh token.
    SingleUse,
    /// Renewed, with a refresh token that can be had again.
    Repeatable,
    /// Renewed, without a refresh token.
    NoRefreshToken,
    /// Signed in just now.
    SignIn,
    /// Signed in earlier, and others may have gone on from there.
    EarlierSignIn,
}

/// What to do with the token: the cells of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the cells of the table")]
pub enum Resolution {
    /// Save it in the place that it has.
    Save,
    /// Save it in a place after that of the record.
    SaveAfter,
    /// Nothing: it is saved.
    Saved,
    /// Drop it: the record is newer.
    Superseded,
    /// Revoke it: the user has logged out.
    LoggedOut,
    /// Revoke it: the store has lost the session.
    StoreLost,
}

const KINDS: usize = 5;

/// What a conflict means: one row for each thing that the store may hold, one column for each kind of token.
pub const CONFLICT: [(StoreState, [(Obtainment, Resolution); KINDS]); 8] = {
    use {Resolution as R, StoreState as H};
    [
        (H::Nothing, row([R::StoreLost, R::StoreLost, R::Save, R::SaveAfter, R::SaveAfter])),
        (H::TheToken, row([R::Saved; KINDS])),
        (H::WhatItReplaces, row([R::Save, R::Save, R::Save, R::SaveAfter, R::SaveAfter])),
        (H::AnOlderGeneration, row([R::StoreLost, R::Save, R::Save, R::SaveAfter, R::Superseded])),
        (H::AnOlderEpoch, row([R::StoreLost, R::StoreLost, R::Save, R::SaveAfter, R::Superseded])),
        (H::ATombstone, row([R::LoggedOut, R::LoggedOut, R::LoggedOut, R::SaveAfter, R::LoggedOut])),
        (H::ANewerStart, row([R::Superseded, R::Superseded, R::SaveAfter, R::SaveAfter, R::Superseded])),
        (H::ANewerToken, row([R::Superseded, R::Superseded, R::Superseded, R::SaveAfter, R::Superseded])),
    ]
};

const fn row(cells: [Resolution; KINDS]) -> [(Obtainment, Resolution); KINDS] {
    [
        (Obtainment::SingleUse, cells[0]),
        (Obtainment::Repeatable, cells[1]),
        (Obtainment::NoRefreshToken, cells[2]),
        (Obtainment::SignIn, cells[3]),
        (Obtainment::EarlierSignIn, cells[4]),
    ]
}

/// Looks up what a conflict means.
pub(super) fn resolve(store: StoreState, kind: Obtainment) -> Resolution {
    let (row, column) = (store as usize, kind as usize);
    let resolution = CONFLICT[row].1[column].1;
    if cell_holds(Table::Conflict, row * KINDS + column) {
        return resolution;
    }
    // The explorer has dropped this cell: the mistake that it has to notice.
    match resolution {
        Resolution::Save | Resolution::Saved => Resolution::StoreLost,
        Resolution::SaveAfter => Resolution::Superseded,
        Resolution::Superseded | Resolution::LoggedOut | Resolution::StoreLost => Resolution::Save,
    }
}

/// Measures the record in the store against the record of the token to be saved.
pub(super) fn compare(
    stored: Option<&Record>,
    token: &Record,
    origin: Obtained,
    kind: Obtainment,
) -> StoreState {
    let Some(stored) = stored else {
        let restores = matches!(origin, Obtained::ByRenewal { .. }) && !holds(Rule::NeverRestore);
        return if restores { StoreState::WhatItReplaces } else { StoreState::Nothing };
    };
    let own = stored.writer == token.writer && stored.generation == token.generation;
    let logged_out = matches!(stored.state, SessionState::LoggedOut);
    let epoch = stored.epoch.cmp(&token.epoch);
    match origin {
        Obtained::BySignIn { .. } if own && holds(Rule::KnowOwnWriting) => StoreState::TheToken,
        Obtained::BySignIn { seen } if seen == Some(stored.epoch) => StoreState::WhatItReplaces,
        Obtained::BySignIn { .. } if logged_out => StoreState::ATombstone,
        Obtained::BySignIn { .. } => match (epoch, stored.generation < token.generation) {
            (Ordering::Less, _) => StoreState::AnOlderEpoch,
            (Ordering::Equal, true) => StoreState::AnOlderGeneration,
            (Ordering::Equal | Ordering::Greater, _) => newer(stored),
        },
        Obtained::ByRenewal { spent } => {
            match epoch {
                Ordering::Less if holds(Rule::EpochFirst) => return StoreState::AnOlderEpoch,
                Ordering::Greater if holds(Rule::EpochFirst) && logged_out => return StoreState::ATombstone,
                Ordering::Greater if holds(Rule::EpochFirst) => return newer(stored),
                _ => {}
            }
            // A record without a refresh token is not the grant that was spent: the store was emptied and initialized again.
            let grant = kind != Obtainment::SingleUse || has_refresh_token(stored);
            let replaced = stored.generation == spent
                && grant
                && holds(Rule::SaveAgain)
                && (stored.dead.is_none() || holds(Rule::SaveOverDeadMark));
            if replaced {
                StoreState::WhatItReplaces
            } else if own && holds(Rule::KnowOwnWriting) {
                StoreState::TheToken
            } else if stored.generation <= spent {
                StoreState::AnOlderGeneration
            } else {
                newer(stored)
            }
        }
    }
}

const fn newer(stored: &Record) -> StoreState {
    match stored.state {
        SessionState::Empty => StoreState::ANewerStart,
        SessionState::Active(_) | SessionState::LoggedOut => StoreState::ANewerToken,
    }
}

pub(super) fn has_refresh_token(record: &Record) -> bool {
    record.granted().is_some_and(|granted| granted.response.refresh_token.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_where_it_is_looked_up() {
        for (store, row) in CONFLICT {
            for (kind, resolution) in row {
                assert_eq!(resolve(store, kind), resolution, "{store:?} {kind:?}");
            }
        }
    }
}
