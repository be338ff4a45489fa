//! A store that fails is asked again until the policy's `store_deadline`, and no longer.

use std::vec;

use super::stores::{Process, Slot, kind, record, rotating};
use super::*;

/// Renews with this store and returns how long the renewal took.
fn length(slot: &mut Slot, store_deadline: Duration) -> Duration {
    let mut process = Process::new(1, rotating());
    let policy = Policy { store_deadline, jitter: Duration::ZERO, ..Policy::default() };
    process.life = Lifecycle::new(policy, 1);
    let _ = process.renew(slot, at(60), vec![answer(200, "new 60 next")]);
    slot.ended.unwrap().instant.since(at(60).instant)
}

#[test]
fn a_store_that_cannot_be_read_is_asked_until_its_deadline_and_not_longer() {
    for seconds in [1, 3, 10, 60] {
        let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
        slot.never = &["load"];
        assert_eq!(length(&mut slot, s(seconds)), s(seconds));
        assert!(slot.log().iter().all(|step| step == "load"));
    }
}

#[test]
fn a_lease_that_the_store_does_not_take_is_tried_until_its_deadline_and_not_longer() {
    for seconds in [1, 3, 10, 60] {
        let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
        slot.never = &["lease"];
        assert_eq!(length(&mut slot, s(seconds)), s(seconds));
        assert!(!slot.log().contains(&"send refresh".into()));
    }
}

#[test]
fn a_token_that_the_store_does_not_take_is_spilled_at_its_deadline_and_not_later() {
    for seconds in [1, 3, 10, 60] {
        let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
        slot.never = &["save"];
        assert_eq!(length(&mut slot, s(seconds)), s(seconds));
        assert_eq!(slot.log().pop(), Some("spill".into()));
    }
}

#[test]
fn a_logout_that_the_store_does_not_take_ends_at_its_deadline_and_not_later() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.never = &["save"];
    let mut process = Process::new(1, rotating());
    let job = process.life.sign_out(rotating().arc()).unwrap().stored_by(process.owner, process.shared_by);
    let (outcome, _) = slot.run(job, at(60), vec![]);
    let error = process.life.signed_out(outcome, at(60)).unwrap_err();
    assert_eq!(kind(&Err(error)), Some(ErrorKind::Store));
    assert_eq!(slot.ended.unwrap().instant.since(at(60).instant), Policy::default().store_deadline);
}
