//! The lifecycle, cell by cell and edge by edge. No clock, no sleep, no mock.

use std::vec;

mod overtaken;
mod refusals;

use super::*;
use crate::decision::TABLE;
use crate::decision::{Refusal, RefusedToken};
use crate::error::ErrorKind;
use crate::login_reason::LoginReason;
use crate::provider::Replay;
use crate::renewal::outcome::ByteLeft;
use crate::renewal::{Answer, Renewal, Step, TransportError, TransportErrorKind};
use crate::time::UnixTime;
use crate::toy::{Toy, answer, at, granted, run};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn exact() -> Policy {
    Policy { jitter: Duration::ZERO, ..Policy::default() }
}

fn life() -> Lifecycle {
    Lifecycle::new(exact(), 7)
}

/// A lifecycle with a one-hour token of generation 1, whose request was sent at second 0.
fn with_token() -> Lifecycle {
    let mut life = life();
    let permit = permit(life.acquire(Need::Fresh, at(0)));
    let token = renew(&mut life, permit, Toy::with_credentials(), "one 3600", 0);
    assert_eq!(token.expose(), "one");
    life
}

fn permit(decision: Decision) -> Permit {
    match decision {
        Decision::Refresh(permit) | Decision::UseAndRefresh(_, permit) => permit,
        other => panic!("no permit: {other:?}"),
    }
}

fn renew(life: &mut Lifecycle, permit: Permit, toy: Toy, body: &str, seconds: u64) -> Token {
    let (_, outcome) = run(permit.job(toy.arc()), at(seconds), vec![answer(200, body)]);
    match life.complete(permit, outcome, at(seconds)) {
        Completed::Renewed(token) => token,
        other => panic!("not renewed: {other:?}"),
    }
}

fn fail(life: &mut Lifecycle, permit: Permit, toy: Toy, status: u16, seconds: u64) -> TokenError {
    let (_, outcome) = run(permit.job(toy.arc()), at(seconds), vec![answer(status, "")]);
    match life.complete(permit, outcome, at(seconds)) {
        Completed::Failed(error) => error,
        other => panic!("not failed: {other:?}"),
    }
}

fn signed_in(body: &str) -> Lifecycle {
    let mut life = life();
    life.take_over(granted(body), at(0), at(0));
    life
}

const fn verb(decision: &Decision) -> Verb {
    match decision {
        Decision::Use(_) => Verb::Use,
        Decision::UseAndRefresh(..) => Verb::UseAndRefresh,
        Decision::Refresh(_) => Verb::Refresh,
        Decision::Wait => Verb::Wait,
        Decision::Fail(_) => Verb::Fail,
    }
}

#[test]
fn every_cell_of_the_table_is_what_acquire_does() {
    for (holding, row) in TABLE {
        let seconds = match holding {
            Holding::Fresh => 10,
            Holding::Aging => 3_400,
            Holding::Lacking => 3_600,
        };
        for (gate, expected) in row {
            let mut life = with_token();
            match gate {
                GateState::Open => {}
                GateState::Busy => life.gate = Gate::Busy { number: 99 },
                GateState::Shut => {
                    let cause = TokenError::unavailable("down");
                    life.gate = Gate::Shut { until: Instant::NEVER, retry_at: None, cause };
                }
                GateState::Closed => life.close(),
                GateState::PendingSave => life.save_pending(TokenError::store("not saved yet", true)),
            }
            assert_eq!(verb(&life.acquire(Need::Fresh, at(seconds))), expected, "{holding:?} {gate:?}");
        }
    }
}

#[test]
fn one_permit_never_two() {
    let mut life = life();
    let permit = permit(life.acquire(Need::Fresh, at(0)));
    for need in [Need::Fresh, Need::ValidFor(s(60)), Need::Newer(Generation::default())] {
        assert!(matches!(life.acquire(need, at(1)), Decision::Wait));
    }
    renew(&mut life, permit, Toy::with_credentials(), "one 3600", 1);
    assert!(matches!(life.acquire(Need::Fresh, at(2)), Decision::Use(_)));
}

#[test]
fn a_one_hour_token_is_renewed_five_minutes_early_and_handed_out_until_it_expires() {
    let mut life = with_token();
    assert!(matches!(life.acquire(Need::Fresh, at(3_299)), Decision::Use(_)));
    let permit = permit(life.acquire(Need::Fresh, at(3_300)));
    assert!(matches!(life.acquire(Need::Fresh, at(3_599)), Decision::Use(_)));
    assert!(matches!(life.acquire(Need::Fresh, at(3_600)), Decision::Wait));
    let token = renew(&mut life, permit, Toy::with_credentials(), "two 3600", 3_600);
    assert_eq!(token.generation(), Generation::new(2));
}

#[test]
fn a_lifetime_counts_from_the_sending_of_the_request() {
    let mut life = life();
    let permit = permit(life.acquire(Need::Fresh, at(0)));
    let (_, outcome) = run(permit.job(Toy::with_credentials().arc()), at(0), vec![answer(200, "one 60")]);
    let Completed::Renewed(token) = life.complete(permit, outcome, at(25)) else { panic!() };
    assert_eq!(token.expires(), Some(at(60)));
}

#[test]
fn an_expired_token_is_never_handed_out_whichever_clock_says_so() {
    let moved = |instant: u64, unix: u64| Clocks { instant: at(instant).instant, unix: at(unix).unix };
    for (now, expected) in [
        (moved(10, 3_600), Verb::Refresh), // the wall clock was set forward, or the monotonic clock slept
        (moved(3_600, 10), Verb::Refresh), // the wall clock was set back
        (moved(10, 10), Verb::Use),
    ] {
        assert_eq!(verb(&with_token().acquire(Need::Fresh, now)), expected, "{now:?}");
    }
}

#[test]
fn a_wall_clock_set_back_before_the_token_was_obtained_costs_one_renewal_and_no_loop() {
    let mut life = with_token();
    let back = Clocks { instant: at(10).instant, unix: UnixTime::from_secs(1_000_000 - 61) };
    let permit = permit(life.acquire(Need::Fresh, back));
    let (_, outcome) = run(permit.job(Toy::with_credentials().arc()), back, vec![answer(200, "two 3600")]);
    let _ = life.complete(permit, outcome, back);
    assert!(matches!(life.acquire(Need::Fresh, back), Decision::Use(_)));
    let slightly = Clocks { instant: at(11).instant, unix: back.unix.minus(s(60)) };
    assert!(matches!(life.acquire(Need::Fresh, slightly), Decision::Use(_)));
}

#[test]
fn a_token_of_unknown_lifetime_is_used_until_it_is_refused() {
    let mut life = signed_in("one");
    assert!(matches!(life.acquire(Need::ValidFor(s(9_999)), at(1_000_000)), Decision::Use(_)));
    assert_eq!(life.next_wake(), None);
    assert!(matches!(life.reject(Generation::new(1), at(1_000_000)), Rejected::Renew));
    assert!(matches!(life.acquire(Need::Fresh, at(1_000_000)), Decision::Refresh(_)));
}

#[test]
fn an_assumed_lifetime_stands_in_for_a_missing_one() {
    let mut life = Lifecycle::new(Policy { assumed_lifetime: Some(s(600)), ..exact() }, 1);
    let token = life.take_over(granted("one"), at(0), at(0));
    assert_eq!(token.expires(), Some(at(600)));
}

#[test]
fn a_token_that_is_too_short_for_the_need_is_renewed_once_and_then_handed_out() {
    let mut life = signed_in("one 60");
    let permit = permit(life.acquire(Need::ValidFor(s(600)), at(20)));
    let (_, outcome) = run(permit.job(Toy::with_credentials().arc()), at(20), vec![answer(200, "two 60")]);
    let Completed::Renewed(token) = life.complete(permit, outcome, at(20)) else { panic!() };
    assert_eq!(token.lifetime(), Some(s(60)));
    assert!(matches!(life.acquire(Need::ValidFor(s(600)), at(21)), Decision::Use(_)));
    assert!(matches!(life.acquire(Need::ValidFor(s(50)), at(21)), Decision::Use(_)));
    assert!(matches!(life.acquire(Need::ValidFor(s(50)), at(31)), Decision::Refresh(_)));
}

#[test]
fn a_token_born_dead_goes_to_those_who_waited_and_the_next_exchange_waits_a_second() {
    let mut life = life();
    let permit = permit(life.acquire(Need::Fresh, at(0)));
    let token = renew(&mut life, permit, Toy::with_credentials(), "dead 0", 0);
    assert_eq!(token.expose(), "dead");
    let Decision::Fail(error) = life.acquire(Need::Fresh, at(0)) else { panic!("handed out again") };
    assert_eq!(error.kind(), ErrorKind::Unavailable { retry_at: Some(at(1).unix) });
    assert!(matches!(life.acquire(Need::Fresh, at(1)), Decision::Refresh(_)));
}

#[test]
fn failures_open_pauses_that_double_and_an_aging_token_stays_usable() {
    let mut life = with_token();
    let mut seconds = 3_300;
    for whole in [1, 2, 4, 8, 16, 32, 60, 60] {
        let permit = permit(life.acquire(Need::Fresh, at(seconds)));
        let error = fail(&mut life, permit, Toy::with_credentials(), 500, seconds);
        let ErrorKind::Unavailable { retry_at: Some(retry_at) } = error.kind() else { panic!("{error:?}") };
        let pause = retry_at.since(at(seconds).unix);
        assert!(pause <= s(whole) && pause >= s(whole) / 2, "{pause:?} of {whole}");
        assert_eq!(life.quiet_until(), at(seconds).instant.plus(pause));
        let just_before = at(seconds).plus(pause - Duration::from_nanos(1));
        if just_before.instant < at(3_600).instant {
            assert!(matches!(life.acquire(Need::Fresh, just_before), Decision::Use(_)));
        }
        seconds += whole;
    }
}

#[test]
fn a_pause_ends_with_a_permit_and_success_forgets_the_failures() {
    let mut life = life();
    for seconds in [0, 100] {
        let permit1 = permit(life.acquire(Need::Fresh, at(seconds)));
        let error = fail(&mut life, permit1, Toy::with_credentials(), 500, seconds);
        assert!(matches!(life.acquire(Need::Fresh, at(seconds)), Decision::Fail(_)));
        let ErrorKind::Unavailable { retry_at: Some(retry_at) } = error.kind() else { panic!() };
        assert!(retry_at <= at(seconds + 1).unix, "a first failure again");
        let permit2 = permit(life.acquire(Need::Fresh, at(seconds + 1)));
        renew(&mut life, permit2, Toy::with_credentials(), "one 5", seconds + 1);
    }
}

#[test]
fn retry_after_is_obeyed() {
    let mut life = life();
    let permit = permit(life.acquire(Need::Fresh, at(0)));
    fail(&mut life, permit, Toy::with_credentials(), 429, 0);
    assert!(matches!(life.acquire(Need::Fresh, at(89)), Decision::Fail(_)));
    assert!(matches!(life.acquire(Need::Fresh, at(90)), Decision::Refresh(_)));
}

#[test]
fn a_client_turned_away_costs_at_most_three_calls_an_hour() {
    let mut life = life();
    let mut calls = vec::Vec::new();
    for seconds in 0..7_200 {
        if let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(seconds)) {
            calls.push(seconds);
            let error = fail(&mut life, permit, Toy::with_credentials(), 403, seconds);
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
        }
    }
    for (n, call) in calls.iter().enumerate() {
        assert!(calls[n..].iter().take_while(|later| **later <= call + 3_600).count() <= 3, "{calls:?}");
    }
}

#[test]
fn a_dead_refresh_token_is_not_spent_again_and_a_sign_in_clears_it_at_once() {
    let mut life = signed_in("one 60 refresh");
    let permit = permit(life.acquire(Need::Fresh, at(60)));
    let error = fail(&mut life, permit, Toy::rotating(Replay::OwnerDead), 401, 60);
    assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Refused });
    assert!(matches!(life.acquire(Need::Fresh, at(1_000_000)), Decision::Fail(_)));
    assert_eq!(life.next_wake(), None);

    let token = life.take_over(granted("two 60 refresh2"), at(1_000_000), at(1_000_000));
    assert_eq!(token.generation(), Generation::new(2));
    assert!(matches!(life.acquire(Need::Fresh, at(1_000_001)), Decision::Use(_)));
}

#[test]
fn an_abandoned_permit_counts_as_ambiguous_and_the_waiters_are_told() {
    let mut life = signed_in("one 60 refresh");
    let permit1 = permit(life.acquire(Need::Fresh, at(60)));
    assert!(matches!(life.acquire(Need::Fresh, at(61)), Decision::Wait));

    let failed = life.complete(permit1, Outcome::abandoned(ByteLeft::Maybe), at(62));
    let Completed::Failed(error) = failed else { panic!("not failed") };
    assert_eq!(error.fate(), crate::Fate::Unknown);
    assert!(matches!(life.acquire(Need::Fresh, at(62)), Decision::Fail(_)));

    let permit2 = permit(life.acquire(Need::Fresh, at(63)));
    let (sent, outcome) = run(permit2.job(Toy::rotating(Replay::Never).arc()), at(63), vec![]);
    assert!(sent.is_empty());
    let error = outcome.error().expect("nothing may be sent");
    assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Ambiguous });
    let _ = life.complete(permit2, outcome, at(63));
}

#[test]
fn a_permit_abandoned_before_anything_was_sent_leaves_the_grant_unspent() {
    let mut life = signed_in("one 60 refresh");
    let permit1 = permit(life.acquire(Need::Fresh, at(60)));
    let _ = life.complete(permit1, Outcome::abandoned(ByteLeft::No), at(60));
    let permit2 = permit(life.acquire(Need::Fresh, at(61)));
    renew(&mut life, permit2, Toy::rotating(Replay::Never), "two 60 next", 61);
}

#[test]
fn a_request_that_never_left_leaves_the_grant_unspent() {
    let mut life = signed_in("one 60 refresh");
    let permit1 = permit(life.acquire(Need::Fresh, at(60)));
    let refused = TransportError::new(TransportErrorKind::NotSent, "the connection was refused");
    let job = permit1.job(Toy::rotating(Replay::Never).arc());
    let (_, outcome) = run(job, at(60), vec![Answer::Failed(refused)]);
    let _ = life.complete(permit1, outcome, at(60));
    let permit2 = permit(life.acquire(Need::Fresh, at(61)));
    let (sent, outcome) =
        run(permit2.job(Toy::rotating(Replay::Never).arc()), at(61), vec![answer(200, "two 60")]);
    assert_eq!(sent, ["refresh"]);
    let _ = life.complete(permit2, outcome, at(61));
}

#[test]
fn a_need_as_long_as_the_whole_life_is_met_by_a_token_younger_than_a_second() {
    let mut life = signed_in("one 60");
    let later = at(0).plus(Duration::from_millis(999));
    assert!(matches!(life.acquire(Need::ValidFor(s(60)), later), Decision::Use(_)));
    assert!(matches!(life.acquire(Need::ValidFor(s(61)), at(11)), Decision::Use(_)));
    assert!(matches!(life.acquire(Need::ValidFor(s(60)), at(1)), Decision::Refresh(_)));
    let mut life = signed_in("one 60");
    assert!(matches!(life.acquire(Need::ValidFor(s(61)), at(12)), Decision::Refresh(_)));
}

#[test]
fn a_token_that_expired_during_its_exchange_is_not_kept_and_the_next_exchange_waits() {
    let mut life = life();
    let permit = permit(life.acquire(Need::Fresh, at(0)));
    let (_, outcome) = run(permit.job(Toy::with_credentials().arc()), at(0), vec![answer(200, "one 1")]);
    assert!(matches!(life.complete(permit, outcome, at(2)), Completed::Renewed(_)));
    assert!(matches!(life.acquire(Need::Fresh, at(2)), Decision::Fail(_)));
    assert!(matches!(life.acquire(Need::Fresh, at(3)), Decision::Refresh(_)));
}

#[test]
fn a_last_resort_that_was_given_up_half_way_has_been_used() {
    let mut life = signed_in("one 60 refresh");
    for seconds in [60, 70] {
        let permit = permit(life.acquire(Need::Fresh, at(seconds)));
        let Step::Send(..) = Renewal::begin(permit.job(Toy::rotating(Replay::LastResort).arc()), at(seconds))
        else {
            panic!("not sent at {seconds}")
        };
        let _ = life.complete(permit, Outcome::abandoned(ByteLeft::Maybe), at(seconds));
    }
    let permit = permit(life.acquire(Need::Fresh, at(90)));
    let (sent, outcome) = run(permit.job(Toy::rotating(Replay::LastResort).arc()), at(90), vec![]);
    assert!(sent.is_empty());
    let _ = life.complete(permit, outcome, at(90));
}

#[test]
fn a_pause_that_has_ended_does_not_wake_a_driver_that_keeps_a_fresh_token_warm() {
    let mut life = with_token();
    let permit = permit(life.acquire(Need::Newer(Generation::new(1)), at(10)));
    fail(&mut life, permit, Toy::with_credentials(), 429, 10);
    assert_eq!(life.next_wake(), Some(at(3_300).instant), "the token is not due before that");
    assert_eq!(life.quiet_until(), at(100).instant);
    assert!(matches!(life.acquire(Need::Fresh, at(101)), Decision::Use(_)));
    assert_eq!(life.next_wake(), Some(at(3_300).instant));
}

#[test]
fn a_token_that_only_the_wall_clock_calls_due_is_renewed() {
    let mut life = with_token();
    let woken = Clocks { instant: at(10).instant, unix: at(3_300).unix };
    assert!(life.quiet_until() <= woken.instant);
    assert!(matches!(life.acquire(Need::Fresh, woken), Decision::UseAndRefresh(..)));
}

#[test]
fn a_driver_that_keeps_a_token_warm_wakes_when_it_is_due_or_its_pause_ends() {
    let mut life = life();
    assert_eq!(life.next_wake(), Some(Instant::ORIGIN));
    let permit1 = permit(life.acquire(Need::Fresh, at(0)));
    assert_eq!((life.next_wake(), life.quiet_until()), (None, Instant::NEVER));
    renew(&mut life, permit1, Toy::with_credentials(), "one 3600", 0);
    assert_eq!(life.next_wake(), Some(at(3_300).instant));
    let permit2 = permit(life.acquire(Need::Fresh, at(3_300)));
    fail(&mut life, permit2, Toy::with_credentials(), 429, 3_300);
    assert_eq!(life.next_wake(), Some(at(3_390).instant));
}
