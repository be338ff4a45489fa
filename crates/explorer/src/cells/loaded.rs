//! What the store's answer means: the cells of that table.

use wellspring_core::{Fallback as B, Found as F, Replay, Table};

use super::dropped::{APART, NONE, ONE, QUIET, TWO, WINDOW, cell, line};
use crate::line::{Grants as G, Line, Start as S, Trouble as T};
use crate::mutants::Shows::{Broken, Needless, Nothing};
use crate::mutants::{Mutant, Shows};

const LAPSES: &str =
    "the model's time passes a lease's whole span at once: the lease lapses before the renewal stops waiting";
const NOTHING_TO_SEND: &str =
    "nothing is held to send: the user signs in again either way, for another reason";

const fn without(found: F, fallback: B, shows: Shows, line: Line) -> Mutant {
    cell(Table::Loaded, found as usize * 2 + fallback as usize, shows, line)
}

pub(super) const CELLS: &[Mutant] = &[
    without(
        F::Spilled,
        B::SignIn,
        Broken,
        line(&[T::Store], 2, G::Rotating, Replay::LastResort, ONE, S::Due),
    ),
    without(
        F::Spilled,
        B::Credentials,
        Broken,
        line(&[T::Store], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(
        F::Empty,
        B::SignIn,
        Nothing(NOTHING_TO_SEND),
        line(&[T::Emptied], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        F::Empty,
        B::Credentials,
        Broken,
        line(&[T::Emptied], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        F::Lost,
        B::SignIn,
        Nothing(NOTHING_TO_SEND),
        line(&[T::Emptied], 1, G::Rotating, Replay::OwnerDead, ONE, S::Warm),
    ),
    without(
        F::Lost,
        B::Credentials,
        Broken,
        line(&[T::Emptied], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        F::Tombstone,
        B::SignIn,
        Broken,
        line(&[T::Logout], 1, G::Rotating, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(
        F::Tombstone,
        B::Credentials,
        Broken,
        line(&[T::Logout], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(F::Newer, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold)),
    without(
        F::Newer,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    without(F::Free, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold)),
    without(
        F::Free,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    without(F::Unsent, B::SignIn, Broken, line(&[T::Store], 2, G::Rotating, Replay::OwnerDead, ONE, S::Cold)),
    without(
        F::Unsent,
        B::Credentials,
        Broken,
        line(&[T::Store], 2, G::RotatingWithCredentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(F::OwnerGone, B::SignIn, Broken, line(&[T::Crash], 1, G::Rotating, WINDOW, ONE, S::Cold)),
    without(
        F::OwnerGone,
        B::Credentials,
        Broken,
        line(&[T::Crash], 1, G::Credentials, Replay::OwnerDead, ONE, S::Cold),
    ),
    without(F::LeasedHere, B::SignIn, Broken, line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold)),
    without(
        F::LeasedHere,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, TWO, S::Due),
    ),
    without(
        F::LeasedHereTooLong,
        B::SignIn,
        Broken,
        line(NONE, 0, G::Rotating, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(
        F::LeasedHereTooLong,
        B::Credentials,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, TWO, S::Cold),
    ),
    without(
        F::LeasedElsewhere,
        B::SignIn,
        Needless,
        line(NONE, 0, G::Rotating, Replay::OwnerDead, APART, S::Cold),
    ),
    without(
        F::LeasedElsewhere,
        B::Credentials,
        Broken,
        line(NONE, 0, G::RotatingWithCredentials, Replay::LastResort, APART, S::Due),
    ),
    without(F::LeasedElsewhereTooLong, B::SignIn, Nothing(LAPSES), QUIET),
    without(F::LeasedElsewhereTooLong, B::Credentials, Nothing(LAPSES), QUIET),
    without(
        F::Lapsed,
        B::SignIn,
        Broken,
        line(&[T::Crash], 1, G::Rotating, Replay::OwnerDead, APART, S::Cold),
    ),
    without(
        F::Lapsed,
        B::Credentials,
        Broken,
        line(NONE, 0, G::Credentials, Replay::OwnerDead, APART, S::Cold),
    ),
];
