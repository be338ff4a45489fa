//! The cells of a renewal's tables: each answers as another cell would, and the mistake has to show.

use wellspring_core::{
    CONFLICT, Fallback as B, Found as F, GrantState as R, LOADED, Obtainment as O, REPLAY, Replay,
    StoreState as H, Table,
};

use crate::line::{Grants as G, Line, Mutation, Start as S, Trouble as T};
use crate::mutants::Shows::{Broken, Needless, Nothing};
use crate::mutants::{Mutant, Shows};

const fn loaded(found: F, fallback: B, shows: Shows, line: Line) -> Mutant {
    cell(Table::Loaded, found as usize * 2 + fallback as usize, shows, line)
}

const fn replay(state: R, fallback: B, shows: Shows, line: Line) -> Mutant {
    cell(Table::Replay, state as usize * 2 + fallback as usize, shows, line)
}

const fn conflict(store: H, kind: O, shows: Shows, line: Line) -> Mutant {
    cell(Table::Conflict, store as usize * 5 + kind as usize, shows, line)
}

const fn cell(table: Table, cell: usize, shows: Shows, mut line: Line) -> Mutant {
    let mutation = Mutation::Cell(table, cell);
    line.mutation = Some(mutation);
    Mutant { mutation, line, shows }
}

const fn line(
    troubles: &'static [T],
    faults: u8,
    grant: G,
    replay: Replay,
    machines: &'static [u8],
    start: S,
) -> Line {
    let mut line = Line::new("", replay);
    (line.troubles, line.faults, line.grant) = (troubles, faults, grant);
    (line.machines, line.start, line.again) = (machines, start, 1);
    line
}

/// The name of a cell, by its row and its column.
pub(crate) fn name(table: Table, cell: usize) -> String {
    match table {
        Table::Loaded => format!("{:?}, {:?}", LOADED[cell / 2].0, LOADED[cell / 2].1[cell % 2].0),
        Table::Replay => format!("{:?}, {:?}", REPLAY[cell / 2].0, REPLAY[cell / 2].1[cell % 2].0),
        Table::Conflict => format!("{:?}, {:?}", CONFLICT[cell / 5].0, CONFLICT[cell / 5].1[cell % 5].0),
        Table::Acquire | Table::Refusal => cell.to_string(),
    }
}

const ONE: &[u8] = &[0];
const TWO: &[u8] = &[0, 0];
const APART: &[u8] = &[0, 1];
const NONE: &[T] = &[];
const WINDOW: Replay = Replay::Within(core::time::Duration::from_secs(3));

/// For a cell that no world of the model looks up.
const QUIET: Line = line(NONE, 0, G::Rotating, Replay::OwnerDead, ONE, S::Cold);
const NEVER_BACK: &str = "the model's store is emptied, but never goes back in time";
const EMPTIED_TOO: &str = "needs a store emptied between two saves of one sign-in, and no machine can tell that from a store that never had the first";
const NO_LIFETIME: &str = "refresh tokens of the model have no lifetime";

/// Every cell of the three tables, in the smallest world that shows it.
pub(crate) const CELLS: &[Mutant] = &[
    loaded(F::Spilled, B::SignIn, Broken, line(&[T::Store], 2, G::Rotating, Replay::LastResort, ONE, S::Due)),
    loaded(
        F::Spilled,
        B::Credentials,
        Broken,
        line(&[T::Store], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    loaded(
        F::Empty,
        B::SignIn,
        Nothing("nothing is held to send: the user signs in again either way, for another reason"),
        line(&[T::Emptied], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    loaded(
        F::Empty,
        B::Credentials,
        Broken,
        line(&[T::Emptied], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    loaded(
        F::Lost,
        B::SignIn,
        Nothing("nothing is held to send: the user signs in again either way, for another reason"),
        line(&[T::Emptied], 1, G::Rotating, Replay::OwnerDead, ONE, S::Warm),
    ),
    loaded(
        F::Lost,
        B::Credentials,
        Broken,
        line(&[T::Emptied], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    loaded(
        F::Tombstone,
        B::SignIn,
        Broken,
        line(&[T::Logout], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    loaded(
        F::Tombstone,
        B::Credentials,
        Broken,
        line(&[T::Logout], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    loaded(F::Newer, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold)),
    loaded(
        F::Newer,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    loaded(F::Free, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold)),
    loaded(
        F::Free,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    loaded(F::Unsent, B::SignIn, Broken, line(&[T::Store], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold)),
    loaded(
        F::Unsent,
        B::Credentials,
        Broken,
        line(&[T::Store], 1, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    loaded(F::OwnerGone, B::SignIn, Broken, line(&[T::Crash], 1, G::Rotating, WINDOW, ONE, S::Cold)),
    loaded(
        F::OwnerGone,
        B::Credentials,
        Broken,
        line(&[T::Crash], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    loaded(F::LeasedHere, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold)),
    loaded(
        F::LeasedHere,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    loaded(
        F::LeasedHereTooLong,
        B::SignIn,
        Broken,
        line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold),
    ),
    loaded(
        F::LeasedHereTooLong,
        B::Credentials,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    loaded(
        F::LeasedElsewhere,
        B::SignIn,
        Needless,
        line(NONE, 0, G::Rotating, Replay::OwnerDead, APART, S::Cold),
    ),
    loaded(
        F::LeasedElsewhere,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, APART, S::Due),
    ),
    loaded(
        F::LeasedElsewhereTooLong,
        B::SignIn,
        Nothing(
            "the model's time passes a lease's whole span at once: the lease lapses before the renewal stops waiting",
        ),
        QUIET,
    ),
    loaded(
        F::LeasedElsewhereTooLong,
        B::Credentials,
        Nothing(
            "the model's time passes a lease's whole span at once: the lease lapses before the renewal stops waiting",
        ),
        QUIET,
    ),
    loaded(F::Lapsed, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, APART, S::Cold)),
    loaded(
        F::Lapsed,
        B::Credentials,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, APART, S::Cold),
    ),
    replay(R::Dead, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::LastResort, APART, S::Cold)),
    replay(
        R::Dead,
        B::Credentials,
        Nothing(
            "the user signs in again, which the credentials would spare; the law asks that only of clients that hold nothing else",
        ),
        line(&[T::Store], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    replay(
        R::Missing,
        B::SignIn,
        Nothing("nothing is held to send: the user signs in again either way"),
        line(&[T::Emptied], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    replay(
        R::Missing,
        B::Credentials,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    replay(R::Expired, B::SignIn, Nothing(NO_LIFETIME), QUIET),
    replay(R::Expired, B::Credentials, Nothing(NO_LIFETIME), QUIET),
    replay(R::Unused, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold)),
    replay(
        R::Unused,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    replay(R::Never, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::Never, APART, S::Cold)),
    replay(
        R::Never,
        B::Credentials,
        Needless,
        line(NONE, 0, G::RotatingWithCredentials, Replay::Never, TWO, S::Cold),
    ),
    replay(R::InWindow, B::SignIn, Needless, line(&[T::Crash], 1, G::Rotating, WINDOW, ONE, S::Cold)),
    replay(
        R::InWindow,
        B::Credentials,
        Needless,
        line(&[T::Crash], 1, G::RotatingWithCredentials, WINDOW, ONE, S::Cold),
    ),
    replay(R::AfterWindow, B::SignIn, Broken, line(&[T::Crash], 1, G::Rotating, WINDOW, ONE, S::Cold)),
    replay(
        R::AfterWindow,
        B::Credentials,
        Needless,
        line(NONE, 0, G::RotatingWithCredentials, WINDOW, TWO, S::Cold),
    ),
    replay(
        R::OwnerGone,
        B::SignIn,
        Broken,
        line(&[T::Crash], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    replay(
        R::OwnerGone,
        B::Credentials,
        Broken,
        line(&[T::Crash], 1, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    replay(R::OwnerUnknown, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, APART, S::Cold)),
    replay(
        R::OwnerUnknown,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    replay(
        R::LastResortEarly,
        B::SignIn,
        Broken,
        line(NONE, 0, G::Rotating, Replay::LastResort, APART, S::Due),
    ),
    replay(
        R::LastResortEarly,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    replay(
        R::LastResort,
        B::SignIn,
        Needless,
        line(NONE, 0, G::Rotating, Replay::LastResort, APART, S::Cold),
    ),
    replay(
        R::LastResort,
        B::Credentials,
        Needless,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Cold),
    ),
    replay(
        R::LastResortUsed,
        B::SignIn,
        Broken,
        line(&[T::Silence, T::Store], 2, G::Rotating, Replay::LastResort, ONE, S::Due),
    ),
    replay(
        R::LastResortUsed,
        B::Credentials,
        Needless,
        line(&[T::Silence], 2, G::RotatingWithCredentials, Replay::LastResort, ONE, S::Due),
    ),
    conflict(
        H::Nothing,
        O::SingleUse,
        Broken,
        line(&[T::Emptied], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::Nothing,
        O::Repeatable,
        Broken,
        line(&[T::Emptied], 1, G::Reusable, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::Nothing,
        O::NoRefreshToken,
        Broken,
        line(&[T::Emptied], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::Nothing,
        O::SignIn,
        Broken,
        line(&[T::SignIn, T::Emptied], 2, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(H::Nothing, O::EarlierSignIn, Nothing(EMPTIED_TOO), QUIET),
    conflict(
        H::TheToken,
        O::SingleUse,
        Broken,
        line(&[T::Store], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::TheToken,
        O::Repeatable,
        Broken,
        line(&[T::Store], 1, G::Reusable, Replay::OwnerDead, ONE, S::Warm),
    ),
    conflict(
        H::TheToken,
        O::NoRefreshToken,
        Broken,
        line(&[T::Store], 1, G::Credentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    conflict(
        H::TheToken,
        O::SignIn,
        Nothing("a save that succeeded without a reply makes the sign-in an earlier one"),
        QUIET,
    ),
    conflict(
        H::TheToken,
        O::EarlierSignIn,
        Broken,
        line(&[T::Store, T::SignIn], 2, G::Reusable, Replay::OwnerDead, ONE, S::Warm),
    ),
    conflict(
        H::WhatItReplaces,
        O::SingleUse,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    conflict(
        H::WhatItReplaces,
        O::Repeatable,
        Broken,
        line(NONE, 0, G::Reusable, Replay::OwnerDead, APART, S::Cold),
    ),
    conflict(
        H::WhatItReplaces,
        O::NoRefreshToken,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    conflict(
        H::WhatItReplaces,
        O::SignIn,
        Broken,
        line(&[T::SignIn], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::WhatItReplaces,
        O::EarlierSignIn,
        Broken,
        line(&[T::Store, T::SignIn], 2, G::Rotating, Replay::Never, ONE, S::Warm),
    ),
    conflict(H::AnOlderGeneration, O::SingleUse, Nothing(NEVER_BACK), QUIET),
    conflict(
        H::AnOlderGeneration,
        O::Repeatable,
        Broken,
        line(&[T::Store], 2, G::Reusable, Replay::OwnerDead, ONE, S::Warm),
    ),
    conflict(
        H::AnOlderGeneration,
        O::NoRefreshToken,
        Broken,
        line(&[T::Store], 2, G::Credentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    conflict(H::AnOlderGeneration, O::SignIn, Nothing(NEVER_BACK), QUIET),
    conflict(H::AnOlderGeneration, O::EarlierSignIn, Nothing(NEVER_BACK), QUIET),
    conflict(H::AnOlderEpoch, O::SingleUse, Nothing(NEVER_BACK), QUIET),
    conflict(H::AnOlderEpoch, O::Repeatable, Nothing(NEVER_BACK), QUIET),
    conflict(H::AnOlderEpoch, O::NoRefreshToken, Nothing(NEVER_BACK), QUIET),
    conflict(
        H::AnOlderEpoch,
        O::SignIn,
        Nothing("in the law, the new record of an emptied store ends the session of the sign-in too"),
        line(&[T::SignIn, T::Emptied], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(H::AnOlderEpoch, O::EarlierSignIn, Nothing(NEVER_BACK), QUIET),
    conflict(
        H::ATombstone,
        O::SingleUse,
        Broken,
        line(&[T::Logout], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::ATombstone,
        O::Repeatable,
        Broken,
        line(&[T::Logout], 1, G::Reusable, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::ATombstone,
        O::NoRefreshToken,
        Broken,
        line(&[T::Logout], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::ATombstone,
        O::SignIn,
        Broken,
        line(&[T::Logout, T::SignIn], 2, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::ATombstone,
        O::EarlierSignIn,
        Broken,
        line(&[T::Store, T::SignIn, T::Logout], 3, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::ANewerStart,
        O::SingleUse,
        Broken,
        line(&[T::Store, T::Emptied], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    conflict(
        H::ANewerStart,
        O::Repeatable,
        Nothing(
            "only client credentials start a record without a session, and a client that holds them keeps no reusable token",
        ),
        QUIET,
    ),
    conflict(
        H::ANewerStart,
        O::NoRefreshToken,
        Nothing(
            "an emptied store's new record is adopted, which holds no token: callers get an error and ask again",
        ),
        line(&[T::Emptied], 1, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    conflict(
        H::ANewerStart,
        O::SignIn,
        Broken,
        line(&[T::SignIn, T::Emptied], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(H::ANewerStart, O::EarlierSignIn, Nothing(EMPTIED_TOO), QUIET),
    conflict(
        H::ANewerToken,
        O::SingleUse,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    conflict(
        H::ANewerToken,
        O::Repeatable,
        Broken,
        line(NONE, 0, G::Reusable, Replay::OwnerDead, APART, S::Cold),
    ),
    conflict(
        H::ANewerToken,
        O::NoRefreshToken,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    conflict(
        H::ANewerToken,
        O::SignIn,
        Broken,
        line(&[T::SignIn, T::Emptied], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    conflict(
        H::ANewerToken,
        O::EarlierSignIn,
        Broken,
        line(&[T::Store, T::SignIn], 2, G::Reusable, Replay::OwnerDead, ONE, S::Warm),
    ),
];
