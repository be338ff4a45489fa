//! The server has answered, and the answer cannot be read to its end: the refresh token is spent, and what can be kept of
//! the answer is kept.

use std::vec;

use super::stores::{Process, Slot, kind, record, rotating};
use super::*;
use crate::http::{HttpResponse, ResponseHead};
use crate::record::Dead;

/// A response with this status that broke off after these bytes of its body.
fn broken_off(status: u16, body: &str) -> Answer {
    let response = HttpResponse::new(ResponseHead::new(status), body).incomplete();
    let error = TransportError::new(TransportErrorKind::Ambiguous, "the response broke off");
    Answer::Failed(error.with_response(response))
}

/// A whole response with a head that is too large.
fn with_large_head(status: u16, body: &str) -> Answer {
    let response = HttpResponse::new(ResponseHead::new(status), body);
    let error = TransportError::new(TransportErrorKind::Unreadable, "the head is too large");
    Answer::Failed(error.with_response(response))
}

fn refresh_token(record: &Record) -> &str {
    record.granted().unwrap().response.refresh_token.as_ref().unwrap().expose()
}

#[test]
fn a_single_use_refresh_token_whose_response_cannot_be_read_is_never_sent_again() {
    for replay in [Replay::Never, Replay::OwnerDead, Replay::LastResort] {
        let no_head = TransportError::new(TransportErrorKind::Unreadable, "the head is too large");
        for answer in [broken_off(200, ""), broken_off(200, "two 60"), Answer::Failed(no_head)] {
            let toy = || Toy::rotating(replay);
            let seen = history(toy, vec![(60, vec![answer]), (200, vec![]), (100_000, vec![])]);
            assert!(seen[1].0.is_empty() && seen[2].0.is_empty(), "{replay:?}: {seen:?}");
            for (_, result) in &seen {
                assert_eq!(reason(result), Some(LoginReason::Unreadable), "{replay:?}");
            }
        }
    }
}

#[test]
fn the_record_says_that_a_response_could_not_be_read_and_no_process_sends_the_refresh_token() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let result = Process::new(1, rotating()).renew(&mut slot, at(60), vec![broken_off(200, "")]);
    assert_eq!(reason(&result), Some(LoginReason::Unreadable));
    assert_eq!(slot.log(), ["load", "lease alive", "send refresh", "save"]);
    let dead = Dead { reason: LoginReason::Unreadable, since: at(60).unix };
    assert_eq!((slot.record().lease, slot.record().dead), (None, Some(dead)));
    for seconds in [61, 5_000] {
        let result = Process::new(2, rotating()).renew(&mut slot, at(seconds), vec![]);
        assert_eq!(reason(&result), Some(LoginReason::Unreadable));
    }
    let signed_in = Process::new(2, rotating()).sign_in(&mut slot, at(5_001), vec![answer(200, "a 60 b")]);
    assert!(signed_in.is_ok() && slot.record().dead.is_none());
}

#[test]
fn what_the_store_did_not_take_is_remembered_and_saved_by_the_next_renewal() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.never = &["save"];
    let mut process = Process::new(1, rotating());
    let result = process.renew(&mut slot, at(60), vec![broken_off(200, "")]);
    assert_eq!(reason(&result), Some(LoginReason::Unreadable));
    assert!(slot.record().lease.is_some() && slot.record().dead.is_none());
    slot.never = &[];
    slot.log();
    let result = process.renew(&mut slot, at(5_000), vec![]);
    assert_eq!(reason(&result), Some(LoginReason::Unreadable));
    assert_eq!(slot.log(), ["load", "save"]);
    assert_eq!(slot.record().dead.map(|dead| dead.reason), Some(LoginReason::Unreadable));
    assert!(slot.record().lease.is_none());
}

#[test]
fn the_refresh_token_of_a_response_that_broke_off_after_it_is_kept() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let result = Process::new(1, rotating()).renew(&mut slot, at(60), vec![broken_off(206, "second")]);
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
    assert_eq!(error.to_string(), "the response broke off; its refresh token is kept");
    assert_eq!(refresh_token(slot.record()), "second");
    assert!(slot.record().lease.is_none() && slot.record().dead.is_none());
    let next = Process::new(2, rotating()).renew(&mut slot, at(5_000), vec![answer(200, "new 60 third")]);
    assert_eq!(next.unwrap().expose(), "new");
}

#[test]
fn the_refresh_token_of_a_response_with_a_head_that_is_too_large_is_kept() {
    let toy = || Toy::rotating(Replay::OwnerDead);
    let seen = history(
        toy,
        vec![(60, vec![with_large_head(200, "two 60 second")]), (200, vec![answer(200, "three 60 third")])],
    );
    assert_eq!(kind(&seen[0].1), Some(ErrorKind::Protocol));
    assert_eq!(seen[1].0, ["second"]);
    // Without a new refresh token the old one stays in force, if all of the body is there.
    for (first, sent) in [(with_large_head(200, "two 60"), true), (broken_off(200, "two 60"), false)] {
        let seen = history(toy, vec![(60, vec![first]), (200, vec![answer(200, "three 60 third")])]);
        assert_eq!(seen[1].0 == ["refresh"], sent);
    }
}

#[test]
fn a_reusable_refresh_token_whose_response_cannot_be_read_is_sent_again_after_the_pause() {
    let seen = history(
        Toy::reusable,
        vec![(60, vec![broken_off(200, "")]), (60, vec![]), (70, vec![answer(200, "two 60")])],
    );
    assert_eq!(seen[0].1.as_ref().unwrap_err().fate(), Fate::Unspent);
    assert!(seen[1].0.is_empty(), "the pause is kept");
    assert_eq!(seen[2].0, ["refresh"]);
    assert!(seen[2].1.is_ok());
}

#[test]
fn within_its_window_a_response_that_cannot_be_read_is_asked_for_again() {
    let toy = || Toy::rotating(Replay::Within(s(30)));
    let seen = history(toy, vec![(60, vec![broken_off(200, ""), answer(200, "two 60 next")])]);
    assert_eq!(seen[0].0, ["refresh", "refresh"]);
    assert!(seen[0].1.is_ok());
    let seen = history(toy, vec![(60, vec![broken_off(200, ""), lost()]), (100, vec![])]);
    assert_eq!(reason(&seen[1].1), Some(LoginReason::Ambiguous));
}

#[test]
fn the_clients_own_credentials_take_the_place_of_a_refresh_token_whose_response_cannot_be_read() {
    let toy = || rotating().with_credentials_too();
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let answers = vec![broken_off(200, ""), answer(200, "new 60 next")];
    assert!(Process::new(1, toy()).renew(&mut slot, at(60), answers).is_ok());
    assert_eq!(slot.log(), ["load", "lease alive", "send refresh", "send credentials", "save"]);

    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let answers = vec![broken_off(200, ""), lost()];
    let result = Process::new(1, toy()).renew(&mut slot, at(60), answers);
    assert!(matches!(kind(&result), Some(ErrorKind::Unavailable { .. })), "{result:?}");
    assert_eq!(slot.record().dead.map(|dead| dead.reason), Some(LoginReason::Unreadable));
    let result = Process::new(2, toy()).renew(&mut slot, at(5_000), vec![answer(200, "new 60 next")]);
    assert!(result.is_ok() && slot.log().contains(&"send credentials".into()));
}

#[test]
fn a_status_other_than_2xx_says_what_it_says_though_the_body_is_cut() {
    let toy = || Toy::rotating(Replay::OwnerDead);
    let first = |status| history(toy, vec![(60, vec![broken_off(status, "")])]).remove(0).1.unwrap_err();
    assert_eq!(first(500).fate(), Fate::Unknown);
    assert_eq!((first(429).fate(), first(429).retry_after()), (Fate::Unspent, Some(s(90))));
    assert_eq!(first(401).kind(), ErrorKind::LoginRequired { reason: LoginReason::Refused });
    assert_eq!(first(403).kind(), ErrorKind::Misconfigured);
}

#[test]
fn a_page_of_an_intermediary_that_breaks_off_is_no_answer_of_the_server() {
    let seen = history(
        || Toy::rotating(Replay::OwnerDead),
        vec![(60, vec![broken_off(203, "<html")]), (200, vec![answer(200, "two 60 next")])],
    );
    assert_eq!(seen[0].1.as_ref().unwrap_err().fate(), Fate::Unknown);
    assert_eq!(seen[1].0, ["refresh"]);
}

#[test]
fn a_code_whose_response_cannot_be_read_is_spent() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let error =
        Process::new(1, rotating()).sign_in(&mut slot, at(10), vec![broken_off(200, "")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Unreadable });
    assert!(slot.record().dead.is_none(), "the session in the store goes on");
}
