//! Deliberate mistakes in what callers get, each with a line in which it has to be found: every cell of both tables, and
//! what a driver could do wrong.

use wellspring_core::{GateState, Holding, RefusedToken, Rule, Table};

use crate::line::{Line, Mutation};
use crate::mutants::{Mutant, Shows};

use super::lines::{
    CALLING, EXPIRING, PATIENCE, REFUSED_AND_SIGNED_IN, REFUSED_EVERYWHERE, SAVING, SAVING_TWICE, WAITING,
};

const fn mutant(mutation: Mutation, mut line: Line) -> Mutant {
    line.mutation = Some(mutation);
    Mutant { mutation, line, shows: Shows::Broken }
}

const fn acquire(row: Holding, column: GateState, line: Line) -> Mutant {
    mutant(Mutation::Cell(Table::Acquire, row as usize * GATES + column as usize), line)
}

const fn refusal(row: RefusedToken, column: GateState, line: Line) -> Mutant {
    mutant(Mutation::Cell(Table::Refusal, row as usize * GATES + column as usize), line)
}

/// The columns of both tables.
pub(crate) const GATES: usize = 5;

pub(crate) const MUTANTS: &[Mutant] = &[
    acquire(Holding::Fresh, GateState::Open, WAITING),
    acquire(Holding::Fresh, GateState::Busy, WAITING),
    acquire(Holding::Fresh, GateState::Shut, WAITING),
    acquire(Holding::Fresh, GateState::Closed, WAITING),
    acquire(Holding::Fresh, GateState::PendingSave, SAVING),
    acquire(Holding::Aging, GateState::Open, WAITING),
    acquire(Holding::Aging, GateState::Busy, WAITING),
    acquire(Holding::Aging, GateState::Shut, WAITING),
    acquire(Holding::Aging, GateState::Closed, WAITING),
    acquire(Holding::Aging, GateState::PendingSave, SAVING),
    acquire(Holding::Lacking, GateState::Open, WAITING),
    acquire(Holding::Lacking, GateState::Busy, WAITING),
    acquire(Holding::Lacking, GateState::Shut, WAITING),
    acquire(Holding::Lacking, GateState::Closed, WAITING),
    acquire(Holding::Lacking, GateState::PendingSave, SAVING),
    refusal(RefusedToken::Gone, GateState::Open, CALLING),
    refusal(RefusedToken::Gone, GateState::Busy, CALLING),
    refusal(RefusedToken::Gone, GateState::Shut, CALLING),
    refusal(RefusedToken::Gone, GateState::Closed, CALLING),
    refusal(RefusedToken::Gone, GateState::PendingSave, EXPIRING),
    refusal(RefusedToken::Replaced, GateState::Open, CALLING),
    refusal(RefusedToken::Replaced, GateState::Busy, CALLING),
    refusal(RefusedToken::Replaced, GateState::Shut, CALLING),
    refusal(RefusedToken::Replaced, GateState::Closed, CALLING),
    refusal(RefusedToken::Replaced, GateState::PendingSave, SAVING_TWICE),
    refusal(RefusedToken::Current, GateState::Open, CALLING),
    refusal(RefusedToken::Current, GateState::Busy, CALLING),
    refusal(RefusedToken::Current, GateState::Shut, CALLING),
    refusal(RefusedToken::Current, GateState::Closed, CALLING),
    refusal(RefusedToken::Current, GateState::PendingSave, SAVING),
    refusal(RefusedToken::Suspended, GateState::Open, CALLING),
    refusal(RefusedToken::Suspended, GateState::Busy, CALLING),
    refusal(RefusedToken::Suspended, GateState::Shut, CALLING),
    refusal(RefusedToken::Suspended, GateState::Closed, CALLING),
    refusal(RefusedToken::Suspended, GateState::PendingSave, SAVING),
    mutant(Mutation::Rule(Rule::RetryOnce), CALLING),
    mutant(Mutation::Rule(Rule::PlaceGivesUp), REFUSED_EVERYWHERE),
    mutant(Mutation::Rule(Rule::NewSessionForgetsPlaces), REFUSED_AND_SIGNED_IN),
    mutant(Mutation::AcceptanceNotReported, REFUSED_EVERYWHERE),
    mutant(Mutation::ResultForFirstWaiterOnly, WAITING),
    mutant(Mutation::CloseWakesNoSleeper, WAITING),
    mutant(Mutation::SaveNeverPending, PATIENCE),
    mutant(Mutation::ClockEndCountsAsChange, WAITING),
];
