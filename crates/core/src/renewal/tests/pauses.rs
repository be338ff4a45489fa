//! What processes share through the store: dead marks, and pauses of the endpoint.

use std::vec;

use super::stores::{Process, Slot, kind, record, rotating};
use super::*;
use crate::provider::Provider;
use crate::record::{Cause, CauseKind, Dead, Throttle};

#[test]
fn a_dead_grant_is_marked_and_costs_no_process_a_second_call() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let result = Process::new(1, rotating()).renew(&mut slot, at(60), vec![answer(401, "")]);
    assert_eq!(reason(&result), Some(LoginReason::Refused));
    assert_eq!(slot.record().dead, Some(Dead { reason: LoginReason::Refused, since: at(60).unix }));
    let result = Process::new(2, rotating()).renew(&mut slot, at(61), vec![]);
    assert_eq!(reason(&result), Some(LoginReason::Refused));
}

#[test]
fn a_pause_holds_for_every_process_until_the_credential_changes() {
    let misconfigured = || vec![answer(403, "")];
    let mut slot = Slot::default();
    let first = Process::new(1, Toy::with_credentials()).renew(&mut slot, at(0), misconfigured());
    assert_eq!(kind(&first), Some(ErrorKind::Misconfigured));
    let second = Process::new(2, Toy::with_credentials()).renew(&mut slot, at(1_200), vec![]);
    assert_eq!(kind(&second), Some(ErrorKind::Misconfigured), "no call in twenty minutes");
    let changed = Toy::with_credentials().with_secret("another");
    let third = Process::new(3, changed).renew(&mut slot, at(5), vec![answer(200, "new 60")]);
    assert!(third.is_ok(), "another credential need not wait: {third:?}");
    assert!(slot.record().throttle.is_none());
}

#[test]
fn a_pause_that_an_endpoint_asked_for_is_kept_by_every_process_whatever_its_credential() {
    let mut slot = Slot::default();
    let _ = Process::new(1, Toy::with_credentials()).renew(&mut slot, at(0), vec![answer(429, "")]);
    let changed = || Toy::with_credentials().with_secret("another");
    let second = Process::new(2, changed()).renew(&mut slot, at(89), vec![]);
    let until = Some(at(90).unix);
    assert_eq!(kind(&second), Some(ErrorKind::Unavailable { retry_at: until }));
    assert!(Process::new(3, changed()).renew(&mut slot, at(90), vec![answer(200, "new 60")]).is_ok());
}

#[test]
fn a_pause_longer_than_the_longest_comes_from_a_clock_that_was_set_back() {
    let mut paused = record(1, 5, "old 60 refresh");
    let cause = Cause {
        kind: CauseKind::Unavailable,
        text: "down".into(),
        code: None,
        status: None,
        without_verdict: false,
        subject: None,
    };
    paused.throttle = Some(Throttle {
        until: at(10_000_000).unix,
        failures: 1,
        credential: None,
        cause,
        since: at(0).unix,
        witnesses: crate::Witnesses::default(),
    });
    let mut slot = Slot::holding(paused);
    assert!(Process::new(1, rotating()).renew(&mut slot, at(60), vec![answer(200, "new 60 next")]).is_ok());
}

#[test]
fn a_shared_provider_behaves_as_the_provider_itself() {
    let (toy, shared) =
        (Toy::with_credentials().with_secret("one"), Toy::with_credentials().with_secret("one").arc());
    let (one, other) = (crate::Fingerprint::of(&toy, 7), crate::Fingerprint::of(&shared, 7));
    assert_eq!(one, other);
    assert_ne!(one, crate::Fingerprint::of(&Toy::with_credentials().with_secret("two"), 7));
    let token = crate::RefreshToken::new("r");
    assert!(Provider::revocation(&rotating().with_revocation().arc(), &token).is_some());
    assert!(Provider::revocation(&rotating().arc(), &token).is_none());
}

#[test]
fn a_refused_refresh_token_that_could_not_be_recorded_does_not_stop_a_process_for_ever() {
    for (refused, never) in [(&["save"] as &[_], &[] as &[_]), (&[], &["save"])] {
        let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
        (slot.refused, slot.never) = (refused, never);
        let mut process = Process::new(1, rotating());
        let result = process.renew(&mut slot, at(60), vec![answer(401, "")]);
        assert_eq!(reason(&result), Some(LoginReason::Refused));
        (slot.refused, slot.never) = (&[], &[]);
        slot.put(record(2, 6, "fresh 9999 next"));
        let now = process.life.quiet_until();
        assert!(now.since(at(60).instant) <= Policy::default().first_pause);
        let later = at(60).plus(now.since(at(60).instant));
        assert_eq!(process.renew(&mut slot, later, vec![]).unwrap().expose(), "fresh");
    }
}

#[test]
fn a_refusal_that_the_store_does_not_record_is_met_less_and_less_often() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    slot.never = &["save"];
    let mut process = Process::new(1, Toy::reusable());
    let (mut now, mut pauses) = (at(60), Vec::new());
    for _ in 0..4 {
        slot.sightings.push_back(WatchOutcome::OwnerGone);
        let result = process.renew(&mut slot, now, vec![answer(401, "")]);
        assert!(matches!(kind(&result), Some(ErrorKind::LoginRequired { .. })));
        assert!(slot.log().contains(&"send refresh".into()));
        pauses.push(process.life.quiet_until().since(now.instant));
        now = now.plus(pauses[pauses.len() - 1]);
    }
    assert!(pauses.is_sorted_by(|shorter, longer| shorter < longer), "{pauses:?}");
}

#[test]
fn a_refusal_before_a_fallback_is_recorded_whatever_the_fallback_meets() {
    let local = TransportError::new(TransportErrorKind::NotSent, "no free file descriptor");
    let local = Answer::Failed(local.because(crate::Obstacle::NoDescriptor));
    for fallback in [local, answer(500, ""), answer(409, "")] {
        let toy = || rotating().with_credentials_too();
        let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
        let result = Process::new(1, toy()).renew(&mut slot, at(60), vec![answer(409, ""), fallback]);
        assert!(result.is_err());
        assert_eq!(slot.log().pop(), Some("save".into()));
        assert_eq!(slot.record().dead.map(|dead| dead.reason), Some(LoginReason::Refused));
        let next = Process::new(2, toy()).renew(&mut slot, at(5_000), vec![answer(200, "new 60")]);
        assert_eq!(next.unwrap().expose(), "new");
        assert!(!slot.log().contains(&"send refresh".into()), "the refused refresh token is sent once");
    }
}

#[test]
fn a_refusal_without_the_store_is_met_less_and_less_often() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh")).refusing(&["lease"]);
    let mut process = Process::new(1, Toy::reusable());
    let (mut now, mut pauses) = (at(60), Vec::new());
    for _ in 0..4 {
        let result = process.renew(&mut slot, now, vec![answer(401, "")]);
        assert_eq!(reason(&result), Some(LoginReason::Refused));
        assert_eq!(slot.log(), ["load", "lease alive", "send refresh"]);
        pauses.push(process.life.quiet_until().since(now.instant));
        now = now.plus(pauses[pauses.len() - 1]);
    }
    assert!(pauses.is_sorted_by(|shorter, longer| shorter < longer), "{pauses:?}");
}

#[test]
fn a_refusal_before_a_fallback_that_is_not_sent_is_recorded() {
    let toy = |secret| rotating().with_credentials_too().with_secret(secret);
    let hasty = Policy { deadline: Duration::ZERO, ..Policy::default() };
    for (secret, policy) in [("", Policy::default()), ("secret", hasty)] {
        let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
        let mut process = Process::new(1, toy(secret));
        process.life = Lifecycle::new(policy, 1);
        assert!(process.renew(&mut slot, at(60), vec![answer(409, "")]).is_err());
        assert_eq!(slot.log(), ["load", "lease alive", "send refresh", "save"]);
        assert_eq!(slot.record().dead.map(|dead| dead.reason), Some(LoginReason::Refused));
        assert!(slot.record().lease.is_none());
    }
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    let _ = Process::new(1, toy("")).renew(&mut slot, at(60), vec![answer(409, "")]);
    assert!(slot.record().throttle.is_none(), "a secret that one process cannot read pauses no other");
}
