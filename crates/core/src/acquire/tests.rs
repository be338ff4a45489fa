//! A caller's steps, answer by answer.

use core::time::Duration;
use std::vec;

use std::string::ToString;

use super::*;
use crate::lifecycle::Completed;
use crate::policy::Policy;
use crate::toy::{Toy, answer, at, granted, run};

fn life() -> Lifecycle {
    Lifecycle::new(Policy { jitter: Duration::ZERO, ..Policy::default() }, 7)
}

fn with_token() -> Lifecycle {
    let mut life = life();
    life.take_over(granted("one 3600"), at(0), at(0));
    life
}

const fn caller(patience: Patience, deadline: u64) -> Acquire {
    Acquire::new(Need::Fresh, patience, at(deadline).instant)
}

fn text(step: AcquireStep) -> Result<Token, TokenError> {
    match step {
        AcquireStep::Done(result) => result,
        other => panic!("not done: {other:?}"),
    }
}

fn answer_of(resumed: Resumed) -> Result<Token, TokenError> {
    match resumed {
        ControlFlow::Break(result) => result,
        ControlFlow::Continue(again) => panic!("asks again: {again:?}"),
    }
}

/// Ends the renewal of this permit with a response of this status.
fn complete(life: &mut Lifecycle, permit: Permit, status: u16, now: u64) -> Result<Token, TokenError> {
    let (_, outcome) =
        run(permit.job(Toy::with_credentials().arc()), at(now), vec![answer(status, "two 3600")]);
    match life.complete(permit, outcome, at(now)) {
        Completed::Renewed(token) | Completed::Adopted(token) => Ok(token),
        Completed::Failed(error) => Err(error),
    }
}

fn start(life: &mut Lifecycle, acquire: Acquire, now: u64) -> (Permit, AwaitRenewal) {
    match acquire.ask(life, Ok(()), at(now)) {
        AcquireStep::Start(permit, waiting) => (permit, waiting),
        other => panic!("nothing starts: {other:?}"),
    }
}

#[test]
fn a_fresh_token_is_the_answer_of_every_caller() {
    for patience in [Patience::OneRenewal, Patience::UntilDeadline] {
        let step = caller(patience, 100).ask(&mut with_token(), Ok(()), at(1));
        assert_eq!(text(step).unwrap().expose(), "one");
    }
}

#[test]
fn an_aging_token_is_handed_out_and_renewed_beside_the_caller() {
    let step = caller(Patience::OneRenewal, 4_000).ask(&mut with_token(), Ok(()), at(3_400));
    let AcquireStep::StartBeside(_, token, _) = step else { panic!("{step:?}") };
    assert_eq!(token.expose(), "one");
}

#[test]
fn the_caller_that_starts_a_renewal_and_those_that_wait_get_its_result() {
    let mut life = life();
    let (permit, first) = start(&mut life, caller(Patience::OneRenewal, 100), 0);
    let step = caller(Patience::OneRenewal, 50).ask(&mut life, Ok(()), at(1));
    let AcquireStep::Wait(second) = step else { panic!("{step:?}") };
    assert_eq!(second.deadline(), at(50).instant);
    let result = complete(&mut life, permit, 200, 2);
    for waiting in [first, second] {
        assert_eq!(answer_of(waiting.resume(result.clone())).unwrap().expose(), "two");
    }
}

#[test]
fn a_caller_that_does_not_wait_starts_the_renewal_and_is_told_to_retry() {
    let mut life = life();
    let (permit, answer) = acquire_at_once(&mut life, Need::Fresh, Ok(()), at(0));
    assert!(permit.is_some());
    assert_eq!(answer.unwrap_err().kind(), crate::ErrorKind::Busy);
    let (permit, answer) = acquire_at_once(&mut life, Need::Fresh, Ok(()), at(0));
    assert!(permit.is_none());
    assert_eq!(answer.unwrap_err().kind(), crate::ErrorKind::Busy);
    let (permit, answer) = acquire_at_once(&mut with_token(), Need::Fresh, Ok(()), at(3_400));
    assert!(permit.is_some());
    assert_eq!(answer.unwrap().expose(), "one");
}

#[test]
fn a_caller_whose_time_ends_first_is_told_to_retry() {
    let mut life = life();
    let (_permit, waiting) = start(&mut life, caller(Patience::OneRenewal, 10), 0);
    assert_eq!(waiting.time_up(None).kind(), crate::ErrorKind::Busy);
}

#[test]
fn a_caller_whose_time_ends_first_is_told_what_the_store_answers_to_the_renewal() {
    let mut life = life();
    let (_permit, waiting) = start(&mut life, caller(Patience::OneRenewal, 10), 0);
    let error = waiting.time_up(Some(&StoreError::unavailable("/x/store: the disk is full")));
    assert_eq!((error.kind(), error.is_transient()), (crate::ErrorKind::Store, true));
    assert!(error.to_string().ends_with("did not end in time: /x/store: the disk is full"), "{error}");
}

#[test]
fn a_patient_caller_whose_time_ends_in_a_later_renewal_is_told_why_the_earlier_failed() {
    let mut life = life();
    let (permit, waiting) = start(&mut life, caller(Patience::UntilDeadline, 100), 0);
    let failed = complete(&mut life, permit, 500, 0);
    let cause = failed.as_ref().unwrap_err().to_string();
    let ControlFlow::Continue(again) = waiting.resume(failed) else { panic!("not asked again") };
    let (_permit, waiting) = start(&mut life, again, 50);
    assert_eq!(waiting.time_up(None).to_string(), cause);
}

#[test]
fn a_patient_caller_asks_again_after_a_failure_that_may_pass_and_sleeps_through_the_pause() {
    let mut life = life();
    let (permit, waiting) = start(&mut life, caller(Patience::UntilDeadline, 100), 0);
    let failed = complete(&mut life, permit, 500, 0);
    let ControlFlow::Continue(again) = waiting.resume(failed) else { panic!("not asked again") };
    let step = again.ask(&mut life, Ok(()), at(0));
    let AcquireStep::Sleep(until, sleeping) = step else { panic!("{step:?}") };
    assert_eq!(until, life.quiet_until());
    let step = sleeping.resume(false, Clocks { instant: until, unix: at(1).unix });
    assert!(step.is_continue(), "{step:?}");
}

#[test]
fn a_pause_that_ends_after_the_deadline_is_not_slept_through() {
    let mut life = life();
    let (permit, _) = start(&mut life, caller(Patience::UntilDeadline, 100), 0);
    complete(&mut life, permit, 429, 0).unwrap_err();
    let error = text(caller(Patience::UntilDeadline, 90).ask(&mut life, Ok(()), at(0))).unwrap_err();
    assert!(error.is_transient());
    let step = caller(Patience::UntilDeadline, 91).ask(&mut life, Ok(()), at(0));
    assert!(matches!(step, AcquireStep::Sleep(..)), "{step:?}");
}

#[test]
fn a_failure_that_stays_is_the_answer_of_the_patient_caller_too() {
    let mut life = life();
    let (permit, waiting) = start(&mut life, caller(Patience::UntilDeadline, 9_999), 0);
    let failed = complete(&mut life, permit, 403, 0);
    assert!(!answer_of(waiting.resume(failed)).unwrap_err().is_transient());
    assert!(
        !text(caller(Patience::UntilDeadline, 9_999).ask(&mut life, Ok(()), at(1)))
            .unwrap_err()
            .is_transient()
    );
}

#[test]
fn a_clock_that_ends_during_a_pause_ends_the_call_with_the_error_of_the_pause() {
    let mut life = life();
    let (permit, _) = start(&mut life, caller(Patience::UntilDeadline, 100), 0);
    complete(&mut life, permit, 500, 0).unwrap_err();
    let step = caller(Patience::UntilDeadline, 100).ask(&mut life, Ok(()), at(0));
    let AcquireStep::Sleep(_, sleeping) = step else { panic!("{step:?}") };
    assert!(answer_of(sleeping.resume(false, at(0))).unwrap_err().is_transient());
}

#[test]
fn after_close_a_token_must_last_as_long_as_the_caller_needs() {
    let mut life = with_token();
    life.close();
    let need = |need| Acquire::new(need, Patience::UntilDeadline, at(9_999).instant);
    // One second is left of the token.
    let enough = need(Need::ValidFor(Duration::from_secs(1))).ask(&mut life, Ok(()), at(3_599));
    assert_eq!(text(enough).unwrap().expose(), "one");
    let short = need(Need::ValidFor(Duration::from_secs(5))).ask(&mut life, Ok(()), at(3_599));
    assert!(text(short).unwrap_err().to_string().contains("is closed"));
    // The wall clock was set back to before the token was obtained.
    let back = Clocks { instant: at(10).instant, unix: at(0).unix.minus(Duration::from_secs(61)) };
    let error = text(need(Need::Fresh).ask(&mut life, Ok(()), back)).unwrap_err();
    assert!(error.to_string().contains("is closed"), "{error}");
}

#[test]
fn a_caller_without_an_executor_gets_the_token_that_is_held_or_the_reason() {
    let why = || Err(TokenError::misconfigured("there is no runtime"));
    let step = caller(Patience::UntilDeadline, 9_999).ask(&mut with_token(), why(), at(3_400));
    assert_eq!(text(step).unwrap().expose(), "one");
    let step = caller(Patience::UntilDeadline, 9_999).ask(&mut life(), why(), at(0));
    assert_eq!(text(step).unwrap_err().to_string(), "there is no runtime");
}

#[test]
fn a_token_that_is_not_saved_yet_holds_back_every_renewal() {
    let mut life = life();
    life.save_pending(TokenError::store("a token is not saved yet", true));
    let error = text(caller(Patience::OneRenewal, 100).ask(&mut life, Ok(()), at(0))).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Store);
    let step = caller(Patience::UntilDeadline, 100).ask(&mut life, Ok(()), at(0));
    assert!(matches!(step, AcquireStep::Sleep(..)), "{step:?}");
    life.save_ended();
    let _ = start(&mut life, caller(Patience::OneRenewal, 100), 0);
}

/// A renewal that finds what another process has stored: a token that expires at 100.
fn adopt(life: &mut Lifecycle, permit: Permit, now: u64) -> Result<Token, TokenError> {
    let granted = crate::Granted::new(at(0).unix, granted("stored 100"));
    let state = crate::SessionState::Active(granted);
    let record = crate::Record::new(crate::Epoch::new(1), crate::Generation::new(1), state);
    match life.complete(permit, crate::Outcome::Adopted(record), at(now)) {
        Completed::Renewed(token) | Completed::Adopted(token) => Ok(token),
        Completed::Failed(error) => Err(error),
    }
}

const fn lasting(seconds: u64) -> Acquire {
    Acquire::new(Need::ValidFor(Duration::from_secs(seconds)), Patience::OneRenewal, at(200).instant)
}

#[test]
fn a_caller_that_waited_for_a_renewal_with_a_smaller_need_gets_no_token_that_is_too_short() {
    let mut life = life();
    let (permit, first) = start(&mut life, caller(Patience::OneRenewal, 200), 50);
    let step = lasting(60).ask(&mut life, Ok(()), at(50));
    let AcquireStep::Wait(second) = step else { panic!("{step:?}") };
    let result = adopt(&mut life, permit, 50);
    assert_eq!(answer_of(first.resume(result.clone())).unwrap().expose(), "stored");
    // 50 s are left of the token, and another renewal can bring a longer one.
    let ControlFlow::Continue(again) = second.resume(result) else { panic!("not asked again") };
    let (permit, second) = start(&mut life, again, 50);
    let result = complete(&mut life, permit, 200, 50);
    assert_eq!(answer_of(second.resume(result)).unwrap().expose(), "two");
}

#[test]
fn a_caller_whose_own_renewal_brings_an_older_token_gets_it_if_it_is_enough_and_an_error_if_not() {
    for (seconds, enough) in [(50, true), (60, false)] {
        let mut life = life();
        let (permit, waiting) = start(&mut life, lasting(seconds), 50);
        let result = adopt(&mut life, permit, 50);
        let ControlFlow::Continue(again) = waiting.resume(result) else { panic!("not asked again") };
        assert_eq!(text(again.ask(&mut life, Ok(()), at(50))).is_ok(), enough);
    }
}
