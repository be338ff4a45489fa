//! Signing in and logging out through a store.

use std::vec;

use super::stores::{Process, Slot, record, rotating};
use super::*;
use crate::record::SessionState;

#[test]
fn a_logout_during_a_renewal_revokes_the_new_token_and_no_session_comes_back() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut process = Process::new(1, rotating().with_revocation());
    assert!(matches!(process.sign_out(&mut slot, at(60), vec![answer(200, "")]), Revocation::Done));
    assert_eq!(slot.log(), ["load", "save", "send revoke refresh"]);
    assert!(matches!(slot.record().state, SessionState::LoggedOut));
    assert!(slot.record().place() > (Epoch::new(1), Generation::new(5)));
    let result = Process::new(2, rotating()).renew(&mut slot, at(61), vec![]);
    assert_eq!(reason(&result), Some(LoginReason::LoggedOut));
    let token = process.sign_in(&mut slot, at(62), vec![answer(200, "again 3600 r")]).unwrap();
    assert_eq!(token.expose(), "again");
    assert_eq!(Process::new(2, rotating()).renew(&mut slot, at(63), vec![]).unwrap().expose(), "again");
}

#[test]
fn a_session_that_is_forgotten_is_gone_from_the_store_and_nothing_is_revoked() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut process = Process::new(1, rotating().with_revocation());
    process.forget(&mut slot, at(60));
    assert_eq!(slot.log(), ["load", "save"]);
    assert!(matches!(slot.record().state, SessionState::LoggedOut) && slot.record().forgotten);
    assert!(slot.record().place() > (Epoch::new(1), Generation::new(5)));
    assert_eq!(reason(&process.renew(&mut slot, at(61), vec![])), Some(LoginReason::LoggedOut));
    let mut other = Process::new(2, rotating().with_revocation());
    assert_eq!(reason(&other.renew(&mut slot, at(61), vec![])), Some(LoginReason::LoggedOut));
    other.forget(&mut slot, at(62));
    assert_eq!(slot.log(), ["load", "load"], "a tombstone stays as it is");
    let token = process.sign_in(&mut slot, at(63), vec![answer(200, "again 3600 r")]).unwrap();
    assert_eq!(token.expose(), "again");
    assert!(!slot.record().forgotten);
}

#[test]
fn a_renewal_that_meets_a_forgotten_session_drops_its_token_and_revokes_nothing() {
    let mut tombstone = Record::new(Epoch::new(2), Generation::new(6), SessionState::LoggedOut);
    tombstone.forgotten = true;
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.meanwhile = Some(tombstone);
    let result = Process::new(1, rotating().with_revocation()).renew(
        &mut slot,
        at(60),
        vec![answer(200, "new 60 next")],
    );
    assert_eq!(reason(&result), Some(LoginReason::LoggedOut));
    assert_eq!(slot.log(), ["load", "lease alive", "send refresh", "save", "load"]);
    assert!(matches!(slot.record().state, SessionState::LoggedOut));
}

#[test]
fn a_session_that_the_store_does_not_let_go_stays() {
    let mut process = Process::new(1, rotating().with_revocation());
    let job = process.life.forget(Arc::clone(&process.provider)).unwrap();
    let job = job.stored_by(process.owner, process.shared_by);
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.never = &["save"];
    let (outcome, _) = slot.run(job, at(60), vec![]);
    let error = process.life.forgotten(outcome, at(60)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(slot.record().granted().is_some());
    assert!(error.to_string().contains("the session could not be removed from the store"), "{error}");
}

#[test]
fn a_sign_in_is_saved_as_a_new_epoch_and_into_an_empty_store_under_the_wall_clock() {
    let mut slot = Slot::default();
    Process::new(1, rotating()).sign_in(&mut slot, at(0), vec![answer(200, "one 60 r")]).unwrap();
    let clock = Epoch::new(1_000_000_000);
    assert_eq!(slot.record().epoch, clock);
    let mut held = Slot::holding(record(3, 5, "old 60 refresh"));
    Process::new(1, rotating()).sign_in(&mut held, at(0), vec![answer(200, "one 60 r")]).unwrap();
    assert_eq!(held.record().place(), (Epoch::new(4), Generation::new(6)));
}

#[test]
fn a_device_code_is_sent_until_it_brings_a_token_and_nothing_is_saved_before() {
    let mut slot = Slot::holding(record(3, 5, "old 60 refresh"));
    let mut process = Process::new(1, rotating());
    assert!(process.exchange(&mut slot, device_code(), at(0), vec![answer(429, "")]).is_err());
    assert_eq!(slot.versions, 1, "and nothing was saved");
    process.exchange(&mut slot, device_code(), at(5), vec![answer(200, "one 60 r")]).unwrap();
    assert_eq!(slot.record().place(), (Epoch::new(4), Generation::new(6)));
}

#[test]
fn a_sign_in_by_refresh_token_keeps_it_without_a_new_one_and_a_lost_answer_is_ambiguous() {
    let grant = || AuthorizationGrant::RefreshToken(crate::RefreshToken::new("theirs"));
    for (given, kept) in [("one 60", "theirs"), ("one 60 next", "next")] {
        let mut slot = Slot::default();
        let mut process = Process::new(1, rotating());
        let job = process
            .life
            .sign_in(Arc::clone(&process.provider), grant())
            .unwrap()
            .stored_by(process.owner, process.shared_by);
        let (outcome, _) = slot.run(job, at(0), vec![answer(200, given)]);
        process.life.signed_in(outcome, at(0)).unwrap();
        let held = slot.record().granted().unwrap().response.refresh_token.clone();
        assert_eq!(held.unwrap().expose(), kept);
    }
    let mut process = Process::new(1, rotating());
    let job = process
        .life
        .sign_in(Arc::clone(&process.provider), grant())
        .unwrap()
        .stored_by(process.owner, process.shared_by);
    let (outcome, _) = Slot::default().run(job, at(0), vec![lost()]);
    assert_eq!(reason(&process.life.signed_in(outcome, at(0))), Some(LoginReason::Ambiguous));
}

#[test]
fn a_renewal_that_meets_a_logout_revokes_its_token_and_one_that_meets_a_sign_in_adopts_the_new_session() {
    let tombstone = Record::new(Epoch::new(2), Generation::new(6), SessionState::LoggedOut);
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.meanwhile = Some(tombstone);
    let answers = vec![answer(200, "new 60 next"), answer(200, "")];
    let result = Process::new(1, rotating().with_revocation()).renew(&mut slot, at(60), answers);
    assert_eq!(reason(&result), Some(LoginReason::LoggedOut));
    assert_eq!(slot.log(), ["load", "lease alive", "send refresh", "save", "load", "send revoke next"]);
    assert!(matches!(slot.record().state, SessionState::LoggedOut));

    // Of the same generation as the one that was spent: the epoch is what tells them apart.
    let theirs = record(2, 5, "theirs 3600 other");
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.meanwhile = Some(theirs);
    let answers = vec![answer(200, "new 60 next")];
    let token = Process::new(1, rotating().with_revocation()).renew(&mut slot, at(60), answers).unwrap();
    assert_eq!(token.expose(), "theirs");
    assert_eq!(slot.record().place(), (Epoch::new(2), Generation::new(5)));
}
