//! What a process knows of a lease of its own that stands in the store.

use std::vec;

use super::stores::{Process, Slot, kind, record};
use super::*;
use crate::store::Applied;

#[test]
fn a_lease_whose_save_ends_late_is_known_to_have_sent_nothing() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh")).wrong(&[("lease", Applied::Maybe)]);
    slot.ends_late = true;
    let mut process = Process::new(1, Toy::rotating(Replay::Never));
    let token = process.renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!(token.expose(), "new");
    let log = slot.log();
    assert_eq!(log.iter().filter(|entry| *entry == "lease alive").count(), 3, "{log:?}");
    assert_eq!(log.iter().filter(|entry| *entry == "send refresh").count(), 1, "{log:?}");
    // Once the request is sent, the lease counts as sent, in this process too.
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh")).wrong(&[("lease", Applied::Maybe)]);
    slot.ends_late = true;
    let mut process = Process::new(1, Toy::rotating(Replay::Never));
    assert!(process.renew(&mut slot, at(60), vec![lost()]).is_err());
    slot.sightings = vec![WatchOutcome::OwnerGone].into();
    let result = process.renew(&mut slot, at(200), vec![]);
    assert_eq!(kind(&result), Some(ErrorKind::LoginRequired { reason: LoginReason::Ambiguous }));
}

#[test]
fn once_the_request_is_sent_no_lease_of_the_attempt_is_taken_for_unsent() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh")).wrong(&[("lease", Applied::Maybe)]);
    slot.ends_late = true;
    // The lease of the repetition ends late, too.
    slot.wrong_once_sent = [("lease", Applied::Maybe)].into();
    slot.sightings = vec![WatchOutcome::OwnerGone].into();
    let mut process = Process::new(1, Toy::rotating(Replay::Within(s(600))));
    assert!(process.renew(&mut slot, at(60), vec![lost(), lost()]).is_err());
    let log = slot.log();
    assert_eq!(log.iter().filter(|entry| *entry == "send refresh").count(), 2, "{log:?}");
    // One repetition too many in the count is safe, one too few is not.
    assert_eq!(slot.record().lease.map(|lease| lease.replays), Some(2), "{log:?}");
}

#[test]
fn a_process_that_knows_that_it_sent_nothing_leases_again_though_its_lease_stands() {
    let not_sent = || Answer::Failed(TransportError::new(TransportErrorKind::NotSent, "down"));
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.never = &["save"];
    let mut process = Process::new(1, Toy::rotating(Replay::Never));
    assert!(process.renew(&mut slot, at(60), vec![not_sent()]).is_err());
    assert!(slot.record().lease.is_some(), "it could not be cleared");
    slot.never = &[];
    assert!(process.renew(&mut slot, at(200), vec![answer(200, "new 60 next")]).is_ok());
}
