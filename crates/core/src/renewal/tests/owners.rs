//! What a renewal makes of the lease of another owner: alive, gone, or unknown.

use super::stores::{Process, Slot, kind, lease_of, record, rotating};
use super::*;
use crate::lease::Lease;
use crate::liveness::LockDomain;
use crate::record::{Cause, CauseKind, Dead, Throttle};

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

const OUT_OF_SIGHT: [WatchOutcome; 2] = [WatchOutcome::OwnerUnknown, WatchOutcome::Unchanged];

#[test]
fn an_owner_whose_lock_cannot_be_taken_is_not_gone() {
    for (replay, served) in [(Replay::LastResort, true), (Replay::OwnerDead, false)] {
        let mut theirs = record(1, 5, "old 60 refresh");
        theirs.lease = Some(lease_of(2));
        let mut slot = Slot::holding(theirs);
        slot.sightings.extend(OUT_OF_SIGHT.into_iter().chain([WatchOutcome::OwnerUnknown]));
        let answers = if served { vec![answer(200, "new 60 next")] } else { vec![] };
        let result = Process::new(1, Toy::rotating(replay)).renew(&mut slot, at(60), answers);
        assert_eq!(result.is_ok(), served, "{replay:?}: {result:?}");
        let log = slot.log();
        assert_eq!(log[..5], ["load", "watch", "load", "watch for a change only", "load"]);
        assert_eq!(log[5..7], ["watch", "load"], "the owner is looked for once more");
        assert_eq!(slot.watched, [s(40)], "the whole span of the lease");
    }
}

#[test]
fn an_owner_in_a_fleet_that_is_seen_again_before_its_lease_lapses_is_alive() {
    let mut theirs = record(1, 5, "old 60 refresh");
    theirs.lease = Some(lease_of(2));
    let mut slot = Slot::holding(theirs.clone());
    let mut process = Process::new(1, Toy::rotating(Replay::LastResort));
    slot.sightings.extend(OUT_OF_SIGHT.into_iter().chain([WatchOutcome::Unchanged]));
    let busy = process.renew(&mut slot, at(60), vec![]);
    assert_eq!(kind(&busy), Some(ErrorKind::Busy));
    let log = slot.log();
    assert_eq!(log[3..], ["watch for a change only", "load", "watch", "load"]);
    assert_eq!(slot.watched.split_off(0), [s(40), s(10)], "the span of the lease, and one look");
    // The next renewal waits for the whole span again, and looks once more.
    slot.sightings.extend(OUT_OF_SIGHT.into_iter().chain([WatchOutcome::OwnerUnknown]));
    let token = process.renew(&mut slot, at(120), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!((token.expose(), slot.watched), ("new", vec![s(40)]));
}

#[test]
fn while_callers_wait_an_owner_that_is_seen_again_has_the_whole_span_of_its_lease_anew() {
    let mut theirs = record(1, 5, "old 60 refresh");
    theirs.lease = Some(Lease { span: s(15), until: at(65).unix, ..lease_of(2) });
    let mut slot = Slot::holding(theirs);
    let seen_again = OUT_OF_SIGHT.into_iter().chain([WatchOutcome::Unchanged]);
    slot.sightings.extend(seen_again.chain(OUT_OF_SIGHT).chain([WatchOutcome::OwnerUnknown]));
    let mut process = Process::new(1, Toy::rotating(Replay::LastResort));
    let token = process.renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!((token.expose(), slot.watched), ("new", vec![s(15), s(10), s(15)]));
}

#[test]
fn an_owner_on_one_host_whose_lock_is_gone_is_not_looked_for_again() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut theirs = record(1, 5, "old 60 refresh");
    theirs.lease = Some(lease_of(2));
    slot.put(theirs);
    slot.sightings.extend(OUT_OF_SIGHT);
    let process = Process::new(1, Toy::rotating(Replay::LastResort));
    let token = process.on_one_host().renew(&mut slot, at(100), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!(token.expose(), "new");
    let log = slot.log();
    assert_eq!(log[..5], ["load", "watch", "load", "watch for a change only", "load"]);
    assert_eq!(log[5], "lease alive");
}

#[test]
fn a_store_that_fails_at_the_last_look_says_nothing_of_the_owner() {
    let mut theirs = record(1, 5, "old 60 refresh");
    theirs.lease = Some(lease_of(2));
    let mut slot = Slot::holding(theirs);
    slot.sightings.extend(OUT_OF_SIGHT);
    slot.never = &["watch"];
    let result = Process::new(1, Toy::rotating(Replay::LastResort)).renew(&mut slot, at(60), vec![]);
    assert_eq!(kind(&result), Some(ErrorKind::Store), "nothing is sent");
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
    let cause = Cause {
        kind: CauseKind::Unavailable,
        text,
        code: None,
        status: None,
        without_verdict: false,
        subject: None,
    };
    theirs.throttle = Some(Throttle {
        until: at(70).unix,
        failures: 1,
        credential: None,
        cause,
        since: at(0).unix,
        witnesses: crate::Witnesses::default(),
    });
    let mut slot = Slot::holding(theirs);
    slot.sightings.push_back(WatchOutcome::OwnerGone);
    let result = Process::new(1, rotating()).renew(&mut slot, at(60), vec![]);
    assert!(matches!(kind(&result), Some(ErrorKind::Unavailable { .. })), "{result:?}");
}

/// A record with a lease of an unknown owner: from 50 until 90 seconds.
fn leased_by_an_unknown_owner() -> Record {
    let mut theirs = record(1, 5, "old 50 refresh");
    theirs.lease = Some(Lease { domain: None, ..lease_of(2) });
    theirs
}

#[test]
fn processes_that_live_shorter_than_a_lease_of_an_unknown_owner_see_it_lapse_by_their_wall_clock() {
    let mut slot = Slot::holding(leased_by_an_unknown_owner());
    let command = || Process::new(1, rotating()).on_one_host();
    let first = command().renew(&mut slot, at(55), vec![]);
    assert_eq!(kind(&first), Some(ErrorKind::Unavailable { retry_at: Some(at(130).unix) }));
    assert_eq!(
        first.unwrap_err().to_string(),
        "no process can tell whether process 1 still renews the token"
    );
    assert_eq!(
        (slot.log().concat(), slot.watched.split_off(0)),
        ("loadwatch for a change onlyload".into(), vec![s(30)])
    );
    let overdue = command().renew(&mut slot, at(95), vec![]);
    assert_eq!(kind(&overdue), Some(ErrorKind::Unavailable { retry_at: Some(at(130).unix) }));
    assert_eq!(slot.log(), ["load"], "a live owner would have saved by now");
    let last = command().renew(&mut slot, at(105), vec![]);
    assert_eq!(reason(&last), Some(LoginReason::Ambiguous));
    assert_eq!(
        (slot.log().concat(), slot.watched.split_off(0)),
        ("loadwatch for a change onlyloadsave".into(), vec![s(25)])
    );
    let after = command().renew(&mut slot, at(131), vec![]);
    assert_eq!((reason(&after), slot.log().concat()), (Some(LoginReason::Ambiguous), "load".into()));
}

#[test]
fn a_lease_that_lapses_and_whose_grant_may_not_be_repeated_leaves_a_mark_and_no_lease() {
    for on_one_host in [true, false] {
        let mut slot = Slot::holding(leased_by_an_unknown_owner());
        let process = Process::new(1, rotating());
        let mut process = if on_one_host { process.on_one_host() } else { process };
        let result = process.renew(&mut slot, at(130), vec![]);
        assert_eq!(reason(&result), Some(LoginReason::Ambiguous));
        let since = if on_one_host { at(130).unix } else { at(170).unix };
        let Record { lease, dead, .. } = slot.record();
        assert_eq!((lease, dead), (&None, &Some(Dead { reason: LoginReason::Ambiguous, since })));
    }
}

#[test]
fn a_lapsed_lease_whose_grant_may_be_repeated_is_repeated() {
    for (replay, served) in
        [(Replay::LastResort, true), (Replay::Within(s(600)), true), (Replay::Within(s(60)), false)]
    {
        let mut slot = Slot::holding(leased_by_an_unknown_owner());
        let answers = if served { vec![answer(200, "new 60 next")] } else { vec![] };
        let result = Process::new(1, Toy::rotating(replay)).on_one_host().renew(&mut slot, at(130), answers);
        assert_eq!(result.is_ok(), served, "{replay:?}: {result:?}");
        assert_eq!(slot.watched, [], "{replay:?}");
    }
}

#[test]
fn an_owner_that_is_alive_after_all_saves_its_token_over_the_mark_of_a_lapsed_lease() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let mut marked = record(1, 5, "old 60 refresh");
    marked.dead = Some(Dead { reason: LoginReason::Ambiguous, since: at(150).unix });
    slot.meanwhile = Some(marked);
    let token =
        Process::new(2, rotating()).renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).unwrap();
    assert_eq!(
        (token.expose(), slot.record().dead, slot.record().place().1),
        ("new", None, Generation::new(6))
    );
}

#[test]
fn a_lease_is_not_ended_over_a_record_that_has_changed() {
    let mut slot = Slot::holding(leased_by_an_unknown_owner());
    slot.while_saved = Some(record(1, 6, "theirs 3600 next"));
    let token = Process::new(1, rotating()).on_one_host().renew(&mut slot, at(130), vec![]).unwrap();
    assert_eq!((token.expose(), slot.log().concat()), ("theirs", "loadsaveload".into()));
}

#[test]
fn a_lapsed_lease_that_cannot_be_ended_is_an_error_of_the_store_because_the_record_may_have_changed() {
    let mut slot = Slot::holding(leased_by_an_unknown_owner());
    slot.never = &["save"];
    let result = Process::new(1, rotating()).on_one_host().renew(&mut slot, at(130), vec![]);
    assert_eq!(kind(&result), Some(ErrorKind::Store));
    let text = "the refresh token may have been used, and that could not be recorded: never";
    assert_eq!(result.unwrap_err().to_string(), text);
}
