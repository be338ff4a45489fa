//! The cells of a renewal's tables: each answers as another cell would, and the mistake has to show.

mod conflict;
mod loaded;
mod replay;

use wellspring_core::{CONFLICT, LOADED, REFUSALS, REPLAY, Replay, TABLE, Table};

use crate::line::{Grants, Line, Mutation, Start, Trouble};
use crate::mutants::{Mutant, Shows};

/// Every cell of the three tables, in the smallest world that shows it.
pub(crate) const CELLS: [&[Mutant]; 3] = [loaded::CELLS, replay::CELLS, conflict::CELLS];

const fn cell(table: Table, cell: usize, shows: Shows, mut line: Line) -> Mutant {
    let mutation = Mutation::Cell(table, cell);
    line.mutation = Some(mutation);
    Mutant { mutation, line, shows }
}

const fn line(
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

/// The name of a cell, by its row and its column.
pub(crate) fn name(table: Table, cell: usize) -> String {
    match table {
        Table::Loaded => format!("{:?}, {:?}", LOADED[cell / 2].0, LOADED[cell / 2].1[cell % 2].0),
        Table::Replay => format!("{:?}, {:?}", REPLAY[cell / 2].0, REPLAY[cell / 2].1[cell % 2].0),
        Table::Conflict => format!("{:?}, {:?}", CONFLICT[cell / 5].0, CONFLICT[cell / 5].1[cell % 5].0),
        Table::Acquire => format!("{:?}, {:?}", TABLE[cell / 5].0, TABLE[cell / 5].1[cell % 5].0),
        Table::Refusal => format!("{:?}, {:?}", REFUSALS[cell / 5].0, REFUSALS[cell / 5].1[cell % 5].0),
    }
}

const ONE: &[u8] = &[0];
const TWO: &[u8] = &[0, 0];
const APART: &[u8] = &[0, 1];
const NONE: &[Trouble] = &[];
const WINDOW: Replay = Replay::Within(core::time::Duration::from_secs(3));

/// For a cell that no world of the model looks up.
const QUIET: Line = line(NONE, 0, Grants::Rotating, Replay::OwnerDead, ONE, Start::Cold);
