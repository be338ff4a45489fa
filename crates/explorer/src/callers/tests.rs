//! The laws for callers have to be able to fail, and every cell of the two tables has its mutant.

use core::ops::ControlFlow;
use std::collections::BTreeSet;

use wellspring_core::{Acquire, Need, Patience, Table, Token};

use crate::invariants::Broken;
use crate::line::{Line, Mutation};
use crate::search::explore;
use crate::world::{Process, Scene, World};

use super::invariants::Before;
use super::lines::{CALLING, PATIENCE, QUICK, WAITING};
use super::mutants::{GATES, MUTANTS};
use super::{AskResult, Caller, Kind, Response, State};

const CALL: Kind = Kind::Calls { repeatable: true };

/// The first process of a line before its callers begin, with a token of 16 s that lives for 30 s.
fn first_process() -> Process {
    Process::clone(&World::begin(&Scene::new(CALLING)).processes[0])
}

fn token(process: &Process) -> Token {
    process.lifecycle.token().cloned().unwrap()
}

fn what<T>(result: Result<T, Broken>) -> String {
    result.err().map(|Broken(what)| what).unwrap_or_default()
}

fn asks(process: &Process, need: Need, executor: bool) -> Before {
    let deadline = process.now().instant.plus(super::ONE_RENEWAL);
    Before::of(process, Acquire::new(need, Patience::OneRenewal, deadline), executor)
}

#[test]
fn every_cell_of_both_tables_has_a_mutant() {
    for (table, rows) in [(Table::Acquire, 3), (Table::Refusal, 4)] {
        let cells = MUTANTS.iter().filter_map(|mutant| match mutant.mutation {
            Mutation::Cell(of, cell) if of == table => Some(cell),
            _ => None,
        });
        assert_eq!(cells.collect::<BTreeSet<_>>(), (0..rows * GATES).collect());
    }
}

#[test]
fn a_token_that_is_not_what_a_caller_needs_is_found() {
    let (process, caller) = (first_process(), Caller::new(CALL));
    let held = || AskResult::Answer(Ok(token(&process)));
    let short = Need::ValidFor(core::time::Duration::from_secs(15));
    for need in [Need::Newer(token(&process).generation()), short] {
        let answer = asks(&process, need, true).check(&caller, false, &held());
        assert!(what(answer).starts_with("need:"));
        let waited =
            caller.check_delivered(need, &ControlFlow::Break(Ok(token(&process))), false, process.now());
        assert!(what(waited).starts_with("need:"));
    }
    asks(&process, Need::Fresh, true).check(&caller, false, &held()).unwrap();
}

#[test]
fn a_renewal_that_may_not_start_is_found() {
    let caller = Caller::new(CALL);
    let held = |process: &Process| AskResult::Answer(Ok(token(process)));
    let mut process = first_process();
    let starts = asks(&process, Need::Fresh, true).check(&caller, true, &held(&process));
    assert!(what(starts).starts_with("service: a token that is not due"));
    let starts = asks(&process, Need::Fresh, false).check(&caller, true, &held(&process));
    assert!(what(starts).starts_with("1: a renewal starts for a caller that can run none"));
    process.lifecycle.close();
    let starts = asks(&process, Need::Fresh, true).check(&caller, true, &held(&process));
    assert!(what(starts).starts_with("close:"));
}

#[test]
fn a_call_that_is_sent_too_often_or_renews_too_often_is_found() {
    let mut once = Caller { sends: 1, ..Caller::new(Kind::Calls { repeatable: false }) };
    once.check_sends().unwrap();
    once.sends = 2;
    assert!(what(once.check_sends()).starts_with("7:"));
    let mut call = Caller { sends: 2, ..Caller::new(CALL) };
    call.check_sends().unwrap();
    assert!(what(call.check_response(Response(1))).starts_with("7:"));
    call.started_renewal().unwrap();
    assert!(what(call.started_renewal()).starts_with("7:"));
}

#[test]
fn a_caller_that_waits_for_nothing_is_found() {
    let mut process = first_process();
    let mut other = first_process();
    let deadline = other.now().instant.plus(super::ONE_RENEWAL);
    let acquire = Acquire::new(Need::Newer(token(&other).generation()), Patience::OneRenewal, deadline);
    let now = other.now();
    let wellspring_core::AcquireStep::Start(_, next) = acquire.clone().ask(&mut other.lifecycle, Ok(()), now)
    else {
        panic!("nothing starts")
    };
    process.callers.all[0].state = State::Waits(acquire, next);
    assert!(what(process.check_callers()).starts_with("service:"));
}

#[test]
fn callers_that_meet_nothing_but_each_other_end_well() {
    for line in [WAITING, CALLING, PATIENCE] {
        let mut line = Line { faults: 0, ..line };
        line.callers.limits = super::Limits::default();
        let found = explore(line, 100_000);
        assert!(found.exhausted && found.broken.is_none() && found.ends > 0, "{found:?}");
    }
}

#[test]
fn every_line_has_a_name_of_its_own() {
    let names: BTreeSet<_> = QUICK.iter().chain(super::lines::LONG).map(|line| line.name).collect();
    assert_eq!(names.len(), QUICK.len() + super::lines::LONG.len());
}
