//! Whose pause a request that was not sent leads to: the cells of that table.

use wellspring_core::{Obstacle as O, Replay, Table};

use super::dropped::{ONE, cell, line};
use crate::line::{Grants, Line, Start, Trouble};
use crate::mutants::Mutant;
use crate::mutants::Shows::Broken;

const WORLD: Line = line(&[Trouble::Obstacles], 1, Grants::Rotating, Replay::OwnerDead, ONE, Start::Cold);

const fn without(obstacle: O) -> Mutant {
    cell(Table::Fault, obstacle as usize, Broken, WORLD)
}

pub(super) const CELLS: &[Mutant] = &[
    without(O::NoDescriptor),
    without(O::NoMemory),
    without(O::NoThread),
    without(O::NoNetwork),
    without(O::NotPermitted),
    without(O::NameLookup),
    without(O::Proxy),
    without(O::UntrustedServer),
    without(O::Settings),
    without(O::TooLate),
    without(O::ConnectTimeout),
    without(O::ConnectionBroken),
    without(O::ConnectionRefused),
    without(O::HandshakeRefused),
    without(O::CertificateRefused),
];
