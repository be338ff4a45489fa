//! What may be sent again: the cells of that table.

use wellspring_core::{Fallback as B, GrantState as R, Replay, Table};

use super::dropped::{APART, NONE, ONE, QUIET, TWO, WINDOW, cell, line};
use crate::line::{Grants as G, Line, Start as S, Trouble as T};
use crate::mutants::Shows::{Broken, Needless, Nothing};
use crate::mutants::{Mutant, Shows};

const NO_LIFETIME: &str = "refresh tokens of the model have no lifetime";

const fn without(state: R, fallback: B, shows: Shows, line: Line) -> Mutant {
    cell(Table::Replay, state as usize * 2 + fallback as usize, shows, line)
}

pub(super) const CELLS: &[Mutant] = &[
    without(R::Dead, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::LastResort, APART, S::Cold)),
    without(
        R::Dead,
        B::Credentials,
        Nothing(
            "the user signs in again, which the credentials would spare; the invariant asks that only of clients that hold nothing else",
        ),
        line(&[T::Store], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(
        R::Missing,
        B::SignIn,
        Nothing("nothing is held to send: the user signs in again either way"),
        line(&[T::Emptied], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        R::Missing,
        B::Credentials,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(R::Expired, B::SignIn, Nothing(NO_LIFETIME), QUIET),
    without(R::Expired, B::Credentials, Nothing(NO_LIFETIME), QUIET),
    without(R::Unused, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold)),
    without(
        R::Unused,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    without(R::Never, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::Never, APART, S::Cold)),
    without(
        R::Never,
        B::Credentials,
        Needless,
        line(&[T::Silence], 1, G::RotatingWithCredentials, Replay::Never, ONE, S::Due),
    ),
    without(R::InWindow, B::SignIn, Needless, line(&[T::Crash], 1, G::Rotating, WINDOW, ONE, S::Cold)),
    without(
        R::InWindow,
        B::Credentials,
        Needless,
        line(&[T::Crash], 1, G::RotatingWithCredentials, WINDOW, ONE, S::Cold),
    ),
    without(R::AfterWindow, B::SignIn, Broken, line(&[T::Crash], 1, G::Rotating, WINDOW, ONE, S::Cold)),
    without(
        R::AfterWindow,
        B::Credentials,
        Needless,
        line(&[T::Silence], 2, G::RotatingWithCredentials, WINDOW, ONE, S::Due),
    ),
    without(
        R::OwnerGone,
        B::SignIn,
        Broken,
        line(&[T::Crash], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        R::OwnerGone,
        B::Credentials,
        Broken,
        line(&[T::Crash], 1, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        R::OwnerUnknown,
        B::SignIn,
        Broken,
        line(NONE, 0, G::Rotating, Replay::OwnerDead, APART, S::Cold),
    ),
    without(
        R::OwnerUnknown,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(
        R::LastResortEarly,
        B::SignIn,
        Broken,
        line(NONE, 0, G::Rotating, Replay::LastResort, APART, S::Due),
    ),
    without(
        R::LastResortEarly,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    without(
        R::LastResort,
        B::SignIn,
        Needless,
        line(NONE, 0, G::Rotating, Replay::LastResort, APART, S::Cold),
    ),
    without(
        R::LastResort,
        B::Credentials,
        Needless,
        line(&[T::Silence], 2, G::RotatingWithCredentials, Replay::LastResort, ONE, S::Due),
    ),
    without(
        R::LastResortUsed,
        B::SignIn,
        Broken,
        line(&[T::Silence, T::Store], 2, G::Rotating, Replay::LastResort, ONE, S::Due),
    ),
    without(
        R::LastResortUsed,
        B::Credentials,
        Needless,
        line(&[T::Silence], 2, G::RotatingWithCredentials, Replay::LastResort, ONE, S::Due),
    ),
];
