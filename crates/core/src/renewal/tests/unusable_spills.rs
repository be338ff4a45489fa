//! A spill of the leased attempt that cannot be used: a token in force stays usable, and the spent refresh token stays here.

use super::stores::{Process, Slot, kind, lease_of, record, rotating};
use super::*;
use crate::generation::Generation;
use crate::record::Dead;
use crate::store::{Obtained, PendingSave};

/// A store whose record another process has leased. That process is gone; its spill cannot be used.
fn slot(token: &str, error: StoreError) -> Slot {
    let mut theirs = record(1, 5, token);
    theirs.lease = Some(lease_of(2));
    let mut slot = Slot::holding(theirs);
    slot.unusable = Some((lease_of(2).attempt, error));
    slot.sightings.extend([WatchOutcome::OwnerGone; 3]);
    slot
}

fn damaged() -> StoreError {
    StoreError::unreadable("/s/x.spill was changed")
}

fn pending_save() -> PendingSave {
    let attempt = lease_of(2).attempt;
    let mut newest = record(1, 6, "spilled 3600 next");
    newest.writer = Some(attempt);
    PendingSave { attempt, record: newest, origin: Obtained::ByRenewal { spent: Generation::new(5) } }
}

#[test]
fn a_token_in_force_is_adopted_beside_a_spill_that_cannot_be_used() {
    let mut slot = slot("theirs 3600 refresh", damaged());
    let token = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).unwrap();
    assert_eq!((token.expose(), slot.log()), ("theirs", vec!["load".into()]));
}

#[test]
fn where_the_refresh_token_would_be_sent_the_error_names_the_spill() {
    let mut slot = slot("old 60 refresh", damaged());
    let error = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Store, false));
    assert!(error.to_string().contains("/s/x.spill was changed"), "{error}");
    assert_eq!(slot.log(), ["load", "watch", "load", "lease"]);
    assert_eq!(slot.record().dead.map(|dead| dead.reason), Some(LoginReason::Ambiguous));
    assert!(slot.record().lease.is_some(), "the lease names the spill");
    let error = Process::new(3, rotating()).renew(&mut slot, at(61), vec![]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(slot.log(), ["load", "watch", "load"], "the mark is saved once");
}

#[test]
fn a_mark_that_cannot_be_saved_changes_nothing_about_the_error() {
    let mut slot = slot("old 60 refresh", damaged()).refusing(&["lease"]);
    let error = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).unwrap_err();
    assert!(error.to_string().contains("/s/x.spill was changed"), "{error}");
    assert_eq!(slot.record().dead, None::<Dead>);
}

#[test]
fn after_the_spill_was_moved_away_the_user_signs_in_and_nothing_is_sent() {
    let mut slot = slot("old 60 refresh", damaged());
    assert!(Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).is_err());
    slot.unusable = None;
    let result = Process::new(3, rotating()).renew(&mut slot, at(61), vec![]);
    assert_eq!(kind(&result), Some(ErrorKind::LoginRequired { reason: LoginReason::Ambiguous }));
    assert!(slot.log().iter().all(|entry| !entry.starts_with("send")));
    let token = Process::new(3, rotating()).sign_in(&mut slot, at(62), vec![answer(200, "new 60 next")]);
    assert_eq!(token.unwrap().expose(), "new");
}

#[test]
fn a_sign_in_goes_on_beside_a_spill_that_cannot_be_used() {
    let mut slot = slot("old 60 refresh", damaged());
    let token = Process::new(1, rotating()).sign_in(&mut slot, at(60), vec![answer(200, "new 60 next")]);
    assert_eq!((token.unwrap().expose(), slot.record().lease), ("new", None));
}

#[test]
fn a_sign_out_needs_the_newest_token() {
    let mut slot = slot("old 60 refresh", damaged());
    let mut process = Process::new(1, rotating());
    let job = process.life.sign_out(Arc::clone(&process.provider)).unwrap();
    let (outcome, _) = slot.run(job.stored_by(process.owner, process.shared_by), at(60), vec![]);
    let error = process.life.signed_out(outcome, at(60)).unwrap_err();
    assert!(error.to_string().contains("/s/x.spill was changed"), "{error}");
    assert_eq!(slot.log(), ["load"], "no tombstone");
}

#[test]
fn a_spill_that_was_repaired_is_saved_over_the_mark() {
    let mut slot = slot("old 60 refresh", damaged());
    assert!(Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).is_err());
    slot.unusable = None;
    slot.spills.push(pending_save());
    let token = Process::new(3, rotating()).renew(&mut slot, at(61), vec![]).unwrap();
    assert_eq!((token.expose(), slot.spills.len()), ("spilled", 0));
    assert_eq!((slot.record().dead, slot.record().place().1), (None::<Dead>, Generation::new(6)));
}

/// A store that cannot look for spills, with this token and a lease of a process that is gone, or without a lease.
fn unseen(token: &str, leased: bool) -> Slot {
    let mut slot = slot(token, damaged());
    (slot.unusable, slot.unseen) = (None, Some(StoreError::refused("/s/spill is open to others")));
    if !leased {
        slot.put(record(1, 5, token));
    }
    slot
}

#[test]
fn a_store_that_cannot_look_for_spills_serves_the_token_in_force() {
    for leased in [true, false] {
        let mut slot = unseen("theirs 3600 refresh", leased);
        let token = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).unwrap();
        assert_eq!((token.expose(), slot.log()), ("theirs", vec!["load".into()]));
    }
}

#[test]
fn while_spills_cannot_be_looked_for_no_refresh_token_is_sent_that_a_lease_may_have_spent() {
    let mut slot = unseen("old 60 refresh", true);
    let error = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Store, false));
    assert!(error.to_string().contains("/s/spill is open to others"), "{error}");
    assert_eq!(slot.record().dead, None::<Dead>, "it is not known whether it is spent");
    assert_eq!(slot.log(), ["load", "watch", "load"]);
    // The folder is closed to others, and the answer is there.
    slot.unseen = None;
    slot.spills.push(pending_save());
    let token = Process::new(3, rotating()).renew(&mut slot, at(61), vec![]).unwrap();
    assert_eq!(token.expose(), "spilled");
}

#[test]
fn without_a_lease_no_answer_can_be_spilled_so_the_renewal_goes_on() {
    let mut slot = unseen("old 60 refresh", false);
    let token = Process::new(1, rotating()).renew(&mut slot, at(60), vec![answer(200, "new 60 next")]);
    assert_eq!(token.unwrap().expose(), "new");
}

#[test]
fn a_spill_that_may_still_be_completed_is_looked_at_until_the_store_deadline() {
    let mut slot = slot("old 60 refresh", StoreError::unavailable("/s/x.spill is just written"));
    let error = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Store, true));
    let policy = Policy::default();
    let waited = slot.ended.unwrap().instant.since(at(60).instant);
    assert!(waited > Duration::ZERO && waited <= policy.store_deadline, "{waited:?}");
    assert_eq!(slot.record().dead.map(|dead| dead.reason), Some(LoginReason::Ambiguous));
}

#[test]
fn a_grant_that_is_not_spent_by_its_use_is_sent_beside_a_spill_that_cannot_be_used() {
    for (toy, sent) in
        [(Toy::reusable(), "send refresh"), (rotating().with_credentials_too(), "send credentials")]
    {
        let mut slot = slot("old 60 refresh", damaged());
        let token = Process::new(1, toy).renew(&mut slot, at(60), vec![answer(200, "new 60 next")]);
        assert_eq!(token.unwrap().expose(), "new");
        assert!(slot.log().iter().any(|entry| entry == sent), "{sent}");
    }
}
