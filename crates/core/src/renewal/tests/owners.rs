//! What a renewal makes of the lease of another owner: alive, gone, or unknown.

use super::stores::{Process, Slot, kind, lease_of, record, rotating};
use super::*;
use crate::lease::Lease;
use crate::liveness::LockDomain;
use crate::record::{Cause, CauseKind, Throttle};

#[test]
fn the_lease_of_a_live_owner_is_waited_for_and_nothing_is_sent() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut theirs = record(1, 5, "old 60 refresh");
    theirs.lease = Some(lease_of(2));
    slot.put(theirs);
    let busy = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]);
    assert_eq!(kind(&busy), Some(ErrorKind::Busy));
    assert_eq!(slot.log(), ["load", "watch", "load"]);
}

#[test]
fn a_grant_whose_lease_owner_is_gone_is_replayed_only_as_the_provider_says() {
    for (replay, served) in [(Replay::OwnerDead, true), (Replay::Never, false)] {
        let mut theirs = record(1, 5, "old 60 refresh");
        theirs.lease = Some(lease_of(2));
        let mut slot = Slot::holding(theirs);
        slot.sightings.push_back(WatchOutcome::OwnerGone);
        let answers = if served { vec![answer(200, "new 60 next")] } else { vec![] };
        let result = Process::new(1, Toy::rotating(replay)).renew(&mut slot, at(60), answers);
        assert_eq!(result.is_ok(), served, "{replay:?}");
        if !served {
            assert_eq!(reason(&result), Some(LoginReason::Ambiguous));
        }
    }
}

#[test]
fn a_lease_that_names_no_lock_lapses_when_it_has_stood_for_its_span() {
    let mut theirs = record(1, 5, "old 60 refresh");
    // The same machine and the same boot prove nothing: they may be copied.
    theirs.lease = Some(Lease { domain: None, ..lease_of(2) });
    for (replay, served) in [(Replay::LastResort, true), (Replay::OwnerDead, false)] {
        let mut slot = Slot::holding(theirs.clone());
        let answers = if served { vec![answer(200, "new 60 next")] } else { vec![] };
        let result = Process::new(1, Toy::rotating(replay)).renew(&mut slot, at(60), answers);
        assert_eq!(result.is_ok(), served, "{replay:?}: {result:?}");
        assert_eq!(slot.log()[..3], ["load", "watch for a change only", "load"]);
        assert_eq!(slot.watched, [s(40)], "the whole span of the lease");
    }
}

#[test]
fn an_owner_whose_lock_cannot_be_taken_is_not_gone() {
    for (replay, served) in [(Replay::LastResort, true), (Replay::OwnerDead, false)] {
        let mut theirs = record(1, 5, "old 60 refresh");
        theirs.lease = Some(lease_of(2));
        let mut slot = Slot::holding(theirs);
        slot.sightings.push_back(WatchOutcome::OwnerUnknown);
        let answers = if served { vec![answer(200, "new 60 next")] } else { vec![] };
        let result = Process::new(1, Toy::rotating(replay)).renew(&mut slot, at(60), answers);
        assert_eq!(result.is_ok(), served, "{replay:?}: {result:?}");
        assert_eq!(slot.log()[..5], ["load", "watch", "load", "watch for a change only", "load"]);
        assert_eq!(slot.watched, [s(40)], "the whole span of the lease");
    }
}

#[test]
fn a_token_that_an_unknown_owner_saves_is_adopted() {
    let mut theirs = record(1, 5, "old 60 refresh");
    theirs.lease = Some(lease_of(2));
    let mut slot = Slot::holding(theirs);
    slot.sightings.extend([WatchOutcome::OwnerUnknown, WatchOutcome::Changed]);
    slot.while_watched = Some(record(1, 6, "theirs 3600 next"));
    let token = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]).unwrap();
    assert_eq!(token.expose(), "theirs");
    assert_eq!(slot.log(), ["load", "watch", "load", "watch for a change only", "load"]);
}

#[test]
fn every_record_that_keeps_a_lease_names_the_lock_of_its_owner() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut process = Process::new(1, Toy::rotating(Replay::OwnerDead));
    assert!(process.renew(&mut slot, at(60), vec![lost()]).is_err());
    let lease = slot.record().lease.expect("its fate is unknown");
    assert_eq!(
        (lease.domain, slot.log()),
        (LockDomain::new(1), ["load", "lease alive", "send refresh", "lease"].map(String::from).to_vec())
    );
}

/// No failure was recorded that a pause could count from. Waiting would make the repetition no safer.
#[test]
fn the_grant_of_an_owner_that_is_gone_is_repeated_at_once_and_in_a_pause_of_the_record_it_is_not() {
    let mut theirs = record(1, 5, "old 60 refresh");
    theirs.lease = Some(lease_of(2));
    let mut slot = Slot::holding(theirs.clone());
    slot.sightings.push_back(WatchOutcome::OwnerGone);
    let token =
        Process::new(1, rotating()).renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!(token.expires().unwrap().unix, at(120).unix, "it was sent at the instant of the look");
    let text = "the server is down".into();
    let cause = Cause { kind: CauseKind::Unavailable, text, code: None };
    theirs.throttle = Some(Throttle { until: at(70).unix, failures: 1, credential: None, cause });
    let mut slot = Slot::holding(theirs);
    slot.sightings.push_back(WatchOutcome::OwnerGone);
    let result = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]);
    assert!(matches!(kind(&result), Some(ErrorKind::Unavailable { .. })), "{result:?}");
}
