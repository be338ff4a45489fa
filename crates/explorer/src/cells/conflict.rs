//! What a conflict means: the cells of that table.

use wellspring_core::{Obtainment as O, Replay, StoreState as H, Table};

use super::dropped::{APART, NONE, ONE, QUIET, TWO, cell, line};
use crate::line::{Grants as G, Line, Start as S, Trouble as T};
use crate::mutants::Shows::{Broken, Nothing};
use crate::mutants::{Mutant, Shows};

const NEVER_BACK: &str = "the store of these worlds is emptied, but never goes back in time";
const EMPTIED_TOO: &str = "needs a store emptied between two saves of one sign-in, and no machine can tell that from a store that never had the first";

const fn without(store: H, kind: O, shows: Shows, line: Line) -> Mutant {
    cell(Table::Conflict, store as usize * 5 + kind as usize, shows, line)
}

pub(super) const CELLS: &[Mutant] = &[
    without(
        H::Nothing,
        O::SingleUse,
        Broken,
        line(&[T::Emptied], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::Nothing,
        O::Repeatable,
        Broken,
        line(&[T::Emptied], 1, G::Reusable, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::Nothing,
        O::NoRefreshToken,
        Broken,
        line(&[T::Emptied], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::Nothing,
        O::SignIn,
        Broken,
        line(&[T::SignIn, T::Emptied], 2, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(H::Nothing, O::EarlierSignIn, Nothing(EMPTIED_TOO), QUIET),
    without(
        H::TheToken,
        O::SingleUse,
        Broken,
        line(&[T::Store], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::TheToken,
        O::Repeatable,
        Broken,
        line(&[T::Store], 1, G::Reusable, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(
        H::TheToken,
        O::NoRefreshToken,
        Broken,
        line(&[T::Store], 1, G::Credentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(
        H::TheToken,
        O::SignIn,
        Nothing("a save that succeeded without a reply makes the sign-in an earlier one"),
        QUIET,
    ),
    without(
        H::TheToken,
        O::EarlierSignIn,
        Broken,
        line(&[T::Store, T::SignIn], 2, G::Reusable, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(
        H::WhatItReplaces,
        O::SingleUse,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(
        H::WhatItReplaces,
        O::Repeatable,
        Broken,
        line(NONE, 0, G::Reusable, Replay::OwnerDead, APART, S::Cold),
    ),
    without(
        H::WhatItReplaces,
        O::NoRefreshToken,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(
        H::WhatItReplaces,
        O::SignIn,
        Broken,
        line(&[T::SignIn], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::WhatItReplaces,
        O::EarlierSignIn,
        Broken,
        line(&[T::Store, T::SignIn], 2, G::Rotating, Replay::Never, ONE, S::Warm),
    ),
    without(H::AnOlderGeneration, O::SingleUse, Nothing(NEVER_BACK), QUIET),
    without(
        H::AnOlderGeneration,
        O::Repeatable,
        Broken,
        line(&[T::Store], 2, G::Reusable, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(
        H::AnOlderGeneration,
        O::NoRefreshToken,
        Broken,
        line(&[T::Store], 2, G::Credentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(H::AnOlderGeneration, O::SignIn, Nothing(NEVER_BACK), QUIET),
    without(H::AnOlderGeneration, O::EarlierSignIn, Nothing(NEVER_BACK), QUIET),
    without(H::AnOlderEpoch, O::SingleUse, Nothing(NEVER_BACK), QUIET),
    without(H::AnOlderEpoch, O::Repeatable, Nothing(NEVER_BACK), QUIET),
    without(H::AnOlderEpoch, O::NoRefreshToken, Nothing(NEVER_BACK), QUIET),
    without(
        H::AnOlderEpoch,
        O::SignIn,
        Nothing("in the law, the new record of an emptied store ends the session of the sign-in too"),
        line(&[T::SignIn, T::Emptied], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(H::AnOlderEpoch, O::EarlierSignIn, Nothing(NEVER_BACK), QUIET),
    without(
        H::ATombstone,
        O::SingleUse,
        Broken,
        line(&[T::Logout], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::ATombstone,
        O::Repeatable,
        Broken,
        line(&[T::Logout], 1, G::Reusable, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::ATombstone,
        O::NoRefreshToken,
        Broken,
        line(&[T::Logout], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::ATombstone,
        O::SignIn,
        Broken,
        line(&[T::Logout, T::SignIn], 2, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::ATombstone,
        O::EarlierSignIn,
        Broken,
        line(&[T::Store, T::SignIn, T::Logout], 3, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::ANewerStart,
        O::SingleUse,
        Broken,
        line(&[T::Store, T::Emptied], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(
        H::ANewerStart,
        O::Repeatable,
        Nothing(
            "only client credentials start a record without a session, and a client that holds them keeps no reusable token",
        ),
        QUIET,
    ),
    without(
        H::ANewerStart,
        O::NoRefreshToken,
        Nothing(
            "an emptied store's new record is adopted, which holds no token: callers get an error and ask again",
        ),
        line(&[T::Emptied], 1, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(
        H::ANewerStart,
        O::SignIn,
        Broken,
        line(&[T::SignIn, T::Emptied], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(H::ANewerStart, O::EarlierSignIn, Nothing(EMPTIED_TOO), QUIET),
    without(
        H::ANewerToken,
        O::SingleUse,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(
        H::ANewerToken,
        O::Repeatable,
        Broken,
        line(NONE, 0, G::Reusable, Replay::OwnerDead, APART, S::Cold),
    ),
    without(
        H::ANewerToken,
        O::NoRefreshToken,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(
        H::ANewerToken,
        O::SignIn,
        Broken,
        line(&[T::SignIn, T::Emptied], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        H::ANewerToken,
        O::EarlierSignIn,
        Broken,
        line(&[T::Store, T::SignIn], 2, G::Reusable, Replay::OwnerDead, ONE, S::Warm),
    ),
];
