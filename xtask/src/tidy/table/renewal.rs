//! The tables of a renewal, in sentences.

use super::grid::markdown;
use wellspring_core::{
    CONFLICT, Choice, Fallback, Found, GrantState, Judgment, LOADED, Obtainment, REPLAY, Resolution,
    StoreState,
};

pub(super) fn loaded() -> String {
    markdown("the store holds", &LOADED, found, fallback, judgment)
}

pub(super) fn replay() -> String {
    markdown("the refresh token", &REPLAY, grant_state, fallback, choice)
}

pub(super) fn conflict() -> String {
    markdown("the store holds", &CONFLICT, store_state, obtainment, resolution)
}

const fn fallback(fallback: Fallback) -> &'static str {
    match fallback {
        Fallback::SignIn => "without client credentials",
        Fallback::Credentials => "with client credentials",
    }
}

const fn found(found: Found) -> &'static str {
    match found {
        Found::Spilled => "a spilled token",
        Found::Empty => "no record, and this source has known none",
        Found::Lost => {
            "no record, though this source has known one; without client credentials, also a record older than that one"
        }
        Found::Tombstone => "a tombstone: the user has logged out",
        Found::Newer => "a newer token, in force for as long as the caller needs",
        Found::Free => "a record without a lease",
        Found::Unsent => "a lease of this source under which nothing was sent",
        Found::OwnerGone => "a lease whose owner is gone",
        Found::LeasedHere => "a lease that names a lock within reach",
        Found::LeasedHereTooLong => "the same, after all the time that the renewal waits",
        Found::LeasedElsewhere => "a lease that names no lock within reach: its owner may be alive",
        Found::LeasedElsewhereTooLong => "the same, after all the time that the renewal waits",
        Found::Lapsed => "such a lease that has lapsed",
    }
}

const fn judgment(judgment: Judgment) -> &'static str {
    match judgment {
        Judgment::SaveSpilled => "save the spilled token, load again",
        Judgment::BeginAnew => "start a new record",
        Judgment::StoreLost => "fail: `StoreLost`",
        Judgment::LoggedOut => "fail: `LoggedOut`",
        Judgment::Adopt => "take the newer token over",
        Judgment::Lease => "lease the record and send a grant",
        Judgment::LeaseAnyway => "lease the record; the earlier owner may still save",
        Judgment::Watch => "watch the record",
        Judgment::Busy => "fail: `Busy`, or `Unavailable` with the time at which the lease lapses",
    }
}

const fn grant_state(state: GrantState) -> &'static str {
    match state {
        GrantState::Dead => "is marked as dead: the server has refused it",
        GrantState::Missing => "is missing",
        GrantState::Expired => "has expired",
        GrantState::Unused => "was never sent, or survives its use",
        GrantState::Never => "was sent; the provider says `Never`",
        GrantState::InWindow => "was sent; the provider says `Within`, and the window is open",
        GrantState::AfterWindow => "was sent; the provider says `Within`, and the window has ended",
        GrantState::OwnerGone => "was sent; the provider says `OwnerDead`, and the sender is gone",
        GrantState::OwnerUnknown => "was sent; the provider says `OwnerDead`, and the sender may be alive",
        GrantState::LastResortEarly => {
            "was sent; the provider says `LastResort`, and the access token is in force"
        }
        GrantState::LastResort => {
            "was sent; the provider says `LastResort`, and the access token has expired"
        }
        GrantState::LastResortUsed => "was sent twice; the provider says `LastResort`",
    }
}

const fn choice(choice: Choice) -> &'static str {
    match choice {
        Choice::Send => "send it",
        Choice::SendAgain => "send it again",
        Choice::Wait => "fail until the access token has expired",
        Choice::SendCredentials => "send the client credentials",
        Choice::SignIn => "fail: `LoginRequired`",
    }
}

const fn store_state(state: StoreState) -> &'static str {
    match state {
        StoreState::Nothing => "no record",
        StoreState::TheToken => "the token itself: an earlier save has succeeded",
        StoreState::WhatItReplaces => "what the token replaces",
        StoreState::AnOlderGeneration => "an older generation of the same epoch",
        StoreState::AnOlderEpoch => "an older epoch",
        StoreState::ATombstone => "a later tombstone",
        StoreState::ANewerStart => "a later record without a token",
        StoreState::ANewerToken => "a later token",
    }
}

const fn obtainment(kind: Obtainment) -> &'static str {
    match kind {
        Obtainment::SingleUse => "renewed with a single-use refresh token",
        Obtainment::Repeatable => "renewed, with a refresh token that can be had again",
        Obtainment::NoRefreshToken => "renewed, without a refresh token",
        Obtainment::SignIn => "signed in just now",
        Obtainment::EarlierSignIn => "signed in earlier",
    }
}

const fn resolution(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Save => "save it",
        Resolution::SaveAfter => "save it in a later place",
        Resolution::Saved => "done",
        Resolution::Superseded => "drop it for the later record",
        Resolution::LoggedOut => "revoke it: `LoggedOut`",
        Resolution::StoreLost => "revoke it: `StoreLost`",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_table_has_a_row_for_each_state_and_a_column_for_each_kind() {
        let table = super::conflict();
        assert_eq!(table.lines().count(), 2 + 8);
        assert!(table.lines().all(|line| line.matches('|').count() == 7));
    }
}
