//! The cells of a renewal's tables: each answers as another cell would, and the mistake has to show.

mod conflict;
mod dropped;
mod fault;
mod loaded;
mod replay;

use wellspring_core::{CONFLICT, LOADED, OBSTACLES, REFUSALS, REPLAY, TABLE, Table};

use crate::mutants::Mutant;

/// Every cell of the four tables, in the smallest world that shows it.
pub(crate) const CELLS: [&[Mutant]; 4] = [loaded::CELLS, replay::CELLS, conflict::CELLS, fault::CELLS];

/// The name of a cell, by its row and its column.
pub(crate) fn name(table: Table, cell: usize) -> String {
    match table {
        Table::Loaded => format!("{:?}, {:?}", LOADED[cell / 2].0, LOADED[cell / 2].1[cell % 2].0),
        Table::Replay => format!("{:?}, {:?}", REPLAY[cell / 2].0, REPLAY[cell / 2].1[cell % 2].0),
        Table::Conflict => format!("{:?}, {:?}", CONFLICT[cell / 5].0, CONFLICT[cell / 5].1[cell % 5].0),
        Table::Fault => format!("{:?}", OBSTACLES[cell].0),
        Table::Acquire => format!("{:?}, {:?}", TABLE[cell / 5].0, TABLE[cell / 5].1[cell % 5].0),
        Table::Refusal => format!("{:?}, {:?}", REFUSALS[cell / 5].0, REFUSALS[cell / 5].1[cell % 5].0),
    }
}
