//! What was received is kept: the refresh token of a response that cannot be used.

use std::vec;

use super::stores::{Process, Slot, kind, record, rotating};
use super::*;
use crate::lifecycle::Rejected;
use crate::record::{Granted, SessionState};
use crate::secret::RefreshToken;
use crate::token::{Successor, TokenResponse};

fn unusable(successor: &str) -> Answer {
    answer(206, successor)
}

fn refresh_token(record: &Record) -> &str {
    record.granted().unwrap().response.refresh_token.as_ref().unwrap().expose()
}

#[test]
fn the_refresh_token_of_a_response_that_cannot_be_used_is_sent_next() {
    let seen = history(
        || Toy::rotating(Replay::Never),
        vec![(60, vec![unusable("second")]), (61, vec![]), (5_000, vec![answer(200, "three 60 third")])],
    );
    assert_eq!(kind(&seen[0].1), Some(ErrorKind::Protocol));
    let text = seen[0].1.as_ref().unwrap_err().to_string();
    assert_eq!(text, "the token type is not Bearer; its refresh token is kept");
    assert!(seen[1].0.is_empty(), "the pause of the failure is kept");
    assert_eq!(seen[2].0, ["second"]);
    assert!(seen[2].1.is_ok());
}

#[test]
fn the_refresh_token_of_a_response_that_cannot_be_used_is_saved_before_any_caller_gets_the_error() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut first = Process::new(1, rotating());
    let result = first.renew(&mut slot, at(60), vec![unusable("second")]);
    assert_eq!(kind(&result), Some(ErrorKind::Protocol));
    assert_eq!(slot.log(), ["load", "lease alive", "send refresh", "save"]);
    let stored = slot.record();
    assert_eq!((stored.place(), refresh_token(stored)), ((Epoch::new(1), Generation::new(6)), "second"));
    assert!(!stored.granted().unwrap().has_access_token());
    assert!(stored.lease.is_none() && stored.dead.is_none());

    let second = Process::new(2, rotating()).renew(&mut slot, at(61), vec![]);
    assert_eq!(kind(&second), Some(ErrorKind::Protocol), "all processes keep the pause together");
    let second = Process::new(2, rotating()).renew(&mut slot, at(5_000), vec![answer(200, "new 60 third")]);
    assert_eq!(second.unwrap().expose(), "new");
    assert_eq!((slot.log().pop(), refresh_token(slot.record())), (Some("save".into()), "third"));
}

#[test]
fn an_access_token_in_force_outlives_a_response_that_cannot_be_used() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut first = Process::new(1, rotating());
    assert_eq!(first.renew(&mut slot, at(1), vec![]).unwrap().expose(), "old");
    let _ = first.renew(&mut slot, at(20), vec![unusable("second")]);
    assert_eq!(refresh_token(slot.record()), "second");
    let second = Process::new(2, rotating()).renew(&mut slot, at(21), vec![]);
    assert_eq!(second.unwrap().expose(), "old", "a process that starts finds the token in force");
}

#[test]
fn a_response_that_cannot_be_used_loses_no_member_of_the_session() {
    for now in [at(20), at(60)] {
        let mut stored = record(1, 5, "old 60 refresh");
        if let SessionState::Active(granted) = &mut stored.state {
            assert!(granted.response.members.insert_text("id_token", "first"));
        }
        let mut slot = Slot::holding(stored);
        let mut process = Process::new(1, rotating());
        assert!(process.renew(&mut slot, at(1), vec![]).is_ok());
        let _ = process.renew(&mut slot, now, vec![unusable("second")]);
        assert_eq!(refresh_token(slot.record()), "second");
        let members = &slot.record().granted().unwrap().response.members;
        assert_eq!(members.expose("id_token"), Some("first"), "{now:?}");
    }
}

#[test]
fn a_refused_access_token_does_not_come_back_with_a_response_that_cannot_be_used() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut first = Process::new(1, rotating());
    let token = first.renew(&mut slot, at(1), vec![]).unwrap();
    let _ = first.life.reject(token.generation(), at(2));
    let _ = first.renew(&mut slot, at(2), vec![unusable("second")]);
    assert_eq!(refresh_token(slot.record()), "second");
    assert!(!slot.record().granted().unwrap().has_access_token());
}

#[test]
fn a_sign_in_whose_access_token_cannot_be_used_begins_the_session_with_its_refresh_token() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut process = Process::new(1, rotating());
    let error = process.sign_in(&mut slot, at(10), vec![unusable("first")]).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, Fate::Dead), "the code is spent");
    assert_eq!(refresh_token(slot.record()), "first");
    assert!(slot.record().epoch > Epoch::new(1) && slot.record().throttle.is_none());
    let renewed = process.renew(&mut slot, at(11), vec![answer(200, "new 60 second")]);
    assert_eq!(renewed.unwrap().expose(), "new");

    let mut life = Lifecycle::new(Policy::default(), 1);
    let job = life.sign_in(rotating().arc(), device_code()).unwrap();
    let (_, outcome) = run(job, at(0), vec![unusable("first")]);
    let error = life.signed_in(outcome, at(0)).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, Fate::Dead));
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(1)) else { panic!("no pause was earned") };
    let (sent, outcome) = run(permit.job(rotating().arc()), at(1), vec![answer(200, "new 60 second")]);
    assert_eq!(sent, ["first"]);
    let _ = life.complete(permit, outcome, at(1));
}

#[test]
fn a_logout_during_the_exchange_wins_over_the_refresh_token_that_was_kept() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut logged_out = record(2, 6, "x");
    logged_out.state = SessionState::LoggedOut;
    slot.meanwhile = Some(logged_out);
    let process = &mut Process::new(1, rotating().with_revocation());
    let result = process.renew(&mut slot, at(60), vec![unusable("second"), answer(200, "")]);
    assert_eq!(reason(&result), Some(LoginReason::LoggedOut));
    assert!(slot.log().contains(&"send revoke second".into()));
}

#[test]
fn a_kept_refresh_token_that_the_store_refuses_is_spilled() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.never = &["save"];
    let result = Process::new(1, rotating()).renew(&mut slot, at(60), vec![unusable("second")]);
    assert_eq!(kind(&result), Some(ErrorKind::Protocol));
    assert!(slot.log().contains(&"spill".into()));
    slot.never = &[];
    let second = Process::new(2, rotating()).renew(&mut slot, at(5_000), vec![answer(200, "new 60 third")]);
    assert_eq!(second.unwrap().expose(), "new");
    assert!(slot.log().contains(&"send second".into()));
}

#[test]
fn a_failure_of_one_process_is_not_recorded_as_a_pause_of_all() {
    let local = || {
        let error = TransportError::new(TransportErrorKind::NotSent, "no route to the endpoint");
        Answer::Failed(error.because(crate::Obstacle::NoNetwork))
    };
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut lonely = Process::new(1, rotating());
    let result = lonely.renew(&mut slot, at(60), vec![local()]);
    assert!(result.unwrap_err().is_local());
    assert!(slot.record().throttle.is_none() && slot.record().lease.is_none());
    let until = lonely.life.quiet_until();
    assert!(until > at(60).instant, "the process that failed pauses");
    let healthy = Process::new(2, rotating()).renew(&mut slot, at(60), vec![answer(200, "new 60 next")]);
    assert_eq!(healthy.unwrap().expose(), "new");
}

#[test]
fn the_pauses_of_a_process_that_fails_locally_double() {
    let local = || {
        let error = TransportError::new(TransportErrorKind::NotSent, "no free file descriptor");
        Answer::Failed(error.because(crate::Obstacle::NoDescriptor))
    };
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut process = Process::new(1, rotating());
    let mut now = at(60);
    let mut pauses = Vec::new();
    for _ in 0..3 {
        assert!(process.renew(&mut slot, now, vec![local()]).unwrap_err().is_local());
        let until = process.life.quiet_until();
        pauses.push(until.since(now.instant));
        now = now.plus(until.since(now.instant));
    }
    assert!(pauses[1] > pauses[0] && pauses[2] > pauses[1], "{pauses:?}");
}

#[test]
fn a_response_that_cannot_be_used_elsewhere_leaves_the_access_token_in_force() {
    let mut slot = Slot::holding(record(1, 5, "old 600 refresh"));
    let mut process = Process::new(1, rotating());
    let _ = process.renew(&mut slot, at(1), vec![]).unwrap();
    let successor = || Successor::new(RefreshToken::new("second"));
    let kept = |epoch| {
        let granted = Granted::new(at(2).unix, TokenResponse::without_access_token(successor()));
        Record::new(Epoch::new(epoch), Generation::new(6), SessionState::Active(granted))
    };
    assert!(process.life.adopt(&kept(1), at(2)).is_none());
    assert_eq!(process.life.token().unwrap().expose(), "old");
    slot.put(kept(1));
    let _ = process.renew(&mut slot, at(400), vec![answer(200, "new 600 third")]).unwrap();
    assert!(slot.log().contains(&"send second".into()));
    let _ = process.life.adopt(&kept(2), at(401));
    assert!(process.life.token().is_none(), "another session has another access token");
}

#[test]
fn an_access_token_that_an_api_has_refused_does_not_come_back_from_another_process() {
    let mut slot = Slot::holding(record(1, 5, "old 6000 refresh"));
    let (mut first, mut second) = (Process::new(1, rotating()), Process::new(2, rotating()));
    let _ = first.renew(&mut slot, at(1), vec![]).unwrap();
    let token = second.renew(&mut slot, at(1), vec![]).unwrap();
    let _ = first.renew(&mut slot, at(20), vec![unusable("second")]);
    assert!(matches!(second.life.reject(token.generation(), at(300)), Rejected::Renew));
    assert_eq!(
        kind(&second.renew(&mut slot, at(300), vec![])),
        Some(ErrorKind::Protocol),
        "the pause of all"
    );
    let renewed = second.renew(&mut slot, at(2_000), vec![answer(200, "new 600 third")]);
    assert_eq!(renewed.unwrap().expose(), "new");
    assert!(slot.log().contains(&"send second".into()));
}

#[test]
fn a_refusal_means_the_access_token_also_where_a_newer_record_holds_it() {
    let mut slot = Slot::holding(record(1, 5, "old 600 refresh"));
    let mut process = Process::new(1, rotating());
    let token = process.renew(&mut slot, at(1), vec![]).unwrap();
    let again = process.life.adopt(&record(1, 6, "old 600 second"), at(2)).unwrap();
    assert_eq!((again.expose(), again.generation()), ("old", token.generation()));
    assert!(matches!(process.life.reject(token.generation(), at(300)), Rejected::Renew));
    assert!(process.life.adopt(&record(1, 7, "old 600 third"), at(301)).is_none());
    assert!(process.life.token().is_none());
    assert_eq!(process.life.adopt(&record(1, 8, "new 600 fourth"), at(302)).unwrap().expose(), "new");
}
