//! A dropped cell, and the world in which it is dropped.

use wellspring_core::{Replay, Table};

use crate::line::{Grants, Line, Mutation, Start, Trouble};
use crate::mutants::{Mutant, Shows};

pub(super) const fn cell(table: Table, cell: usize, shows: Shows, mut line: Line) -> Mutant {
    let mutation = Mutation::Cell(table, cell);
    line.mutation = Some(mutation);
    Mutant { mutation, line, shows }
}

pub(super) const fn line(
    troubles: &'static [Trouble],
    faults: u8,
    grant: Grants,
    replay: Replay,
    machines: &'static [u8],
    start: Start,
) -> Line {
    let mut line = Line::new("", replay);
    (line.troubles, line.faults, line.grant) = (troubles, faults, grant);
    (line.machines, line.start, line.again) = (machines, start, 1);
    line
}

pub(super) const ONE: &[u8] = &[0];
pub(super) const TWO: &[u8] = &[0, 0];
pub(super) const APART: &[u8] = &[0, 1];
pub(super) const NONE: &[Trouble] = &[];
pub(super) const WINDOW: Replay = Replay::Within(core::time::Duration::from_secs(3));

/// For a cell that no world of the model looks up.
pub(super) const QUIET: Line = line(NONE, 0, Grants::Rotating, Replay::OwnerDead, ONE, Start::Cold);
