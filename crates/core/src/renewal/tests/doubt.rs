//! What one refusal proves: of a credential that has worked, of a gateway, before the end of a token; and what is remembered.

use std::vec;

use super::stores::{Process, Slot, kind, record};
use super::*;

fn toy() -> Toy {
    Toy::with_credentials().with_secret("right")
}

/// A store in which a process has obtained a token that lives so long, with this secret.
fn after_a_success(secret: &'static str, seconds: u64) -> Slot {
    let mut slot = Slot::default();
    let mut first = Process::new(1, Toy::with_credentials().with_secret(secret));
    let granted = std::format!("one {seconds}");
    assert!(first.renew(&mut slot, at(0), vec![answer(200, &granted)]).is_ok());
    slot
}

/// When processes that live for one request each ask the endpoint, which always answers this: seconds until `until`.
fn asked(slot: &mut Slot, secret: &'static str, status: u16, from: u64, until: u64) -> Vec<u64> {
    let mut times = Vec::new();
    for now in from..until {
        let mut process = Process::new(1_000 + now, Toy::with_credentials().with_secret(secret));
        let throttle = slot.stored.as_ref().and_then(|stored| stored.record.throttle.as_ref());
        if throttle.is_none_or(|throttle| throttle.until <= at(now).unix) {
            assert!(process.renew(slot, at(now), vec![answer(status, "")]).is_err());
            times.push(now);
        }
    }
    times
}

#[test]
fn processes_ask_again_for_a_credential_that_worked_and_not_for_one_that_never_did() {
    let mut slot = after_a_success("right", 60);
    assert_eq!(asked(&mut slot, "right", 403, 100, 4_000), [100, 101, 161, 3_703]);
    let mut slot = after_a_success("right", 60);
    assert_eq!(asked(&mut slot, "wrong", 403, 100, 1_400), [100, 1_301], "another secret has not worked");
    let mut slot = Slot::default();
    assert!(Process::new(1, toy()).renew(&mut slot, at(0), vec![answer(403, "")]).is_err());
    assert_eq!(asked(&mut slot, "right", 403, 1, 1_300), [1_201]);
}

#[test]
fn one_false_refusal_costs_a_second() {
    let mut slot = after_a_success("right", 60);
    let mut process = Process::new(2, toy());
    let first = process.renew(&mut slot, at(100), vec![answer(403, "")]);
    assert_eq!(kind(&first), Some(ErrorKind::Misconfigured));
    let mut other = Process::new(3, toy());
    assert!(other.renew(&mut slot, at(101), vec![answer(200, "two 3600")]).is_ok());
    assert!(slot.record().throttle.is_none());
    // It counts from the beginning.
    assert!(process.renew(&mut slot, at(4_000), vec![answer(403, "")]).is_err());
    assert_eq!(
        slot.record().throttle.as_ref().map(|throttle| throttle.witnesses.verdicts_in_a_row()),
        Some(1)
    );
}

#[test]
fn a_success_of_more_than_a_day_ago_speaks_for_no_credential() {
    let day = 24 * 3_600;
    let mut slot = after_a_success("right", 60);
    assert_eq!(asked(&mut slot, "right", 403, day + 1, day + 1_300), [day + 1, day + 1_202]);
}

#[test]
fn a_refusal_without_a_verdict_silences_all_processes_only_after_six() {
    for status in [404, 423] {
        let mut slot = Slot::default();
        let times = asked(&mut slot, "right", status, 0, 3_000);
        assert_eq!(times.len(), 8, "{times:?}");
        assert!(times[5] <= 35 && times[6] == times[5] + 1_201, "{times:?}");
        let cause = &slot.record().throttle.as_ref().unwrap().cause;
        assert!(cause.text.contains("times in a row"), "{}", cause.text);
        // What has refused without a verdict may recover at any time.
        let mut slot = Slot::default();
        let mut process = Process::new(1, toy());
        let error = process.renew(&mut slot, at(0), vec![answer(status, "")]).unwrap_err();
        assert_eq!(error.is_transient(), status == 423);
        assert!(Process::new(2, toy()).renew(&mut slot, at(1), vec![answer(200, "new 60")]).is_ok());
    }
}

#[test]
fn a_failure_of_an_outage_is_no_witness_against_the_credential() {
    let mut slot = Slot::default();
    let mut now = 0;
    for _ in 0..9 {
        assert!(Process::new(now, toy()).renew(&mut slot, at(now), vec![answer(500, "")]).is_err());
        now += 61;
    }
    assert!(Process::new(now, toy()).renew(&mut slot, at(now), vec![answer(404, "")]).is_err());
    assert!(slot.record().throttle.as_ref().unwrap().until <= at(now + 1).unix);
}

#[test]
fn a_failed_early_renewal_silences_no_process_past_the_end_of_the_token() {
    for status in [403, 404, 423, 500] {
        for worked in ["right", "wrong"] {
            let mut slot = after_a_success(worked, 3_600);
            let times = asked_by_a_holder(&mut slot, status, 3_300, 3_601);
            assert_eq!(times.last(), Some(&3_600), "{status} {worked} {times:?}");
        }
    }
    let mut slot = after_a_success("right", 3_600);
    let times = asked_by_a_holder(&mut slot, 403, 3_300, 11_000);
    let most = (0..times.len()).map(|n| times[n..].iter().filter(|time| **time <= times[n] + 3_600).count());
    assert_eq!(most.max(), Some(3), "{times:?}");
}

/// The same as `asked`, by one process that holds the token of the store.
fn asked_by_a_holder(slot: &mut Slot, status: u16, from: u64, until: u64) -> Vec<u64> {
    let (mut process, mut times) = (Process::new(7, toy()), Vec::new());
    assert!(process.renew(slot, at(from), vec![]).is_ok(), "it takes over what the store holds");
    for now in from..until {
        if process.life.quiet_until() <= at(now).instant {
            let result = process.renew(slot, at(now), vec![answer(status, "")]);
            assert!(result.is_err());
            if slot.log().contains(&"send credentials".into()) {
                times.push(now);
            }
        }
    }
    times
}

#[test]
fn without_a_store_one_process_knows_what_has_worked() {
    let mut life = Lifecycle::new(Policy { jitter: Duration::ZERO, ..Policy::default() }, 1);
    let ask = |life: &mut Lifecycle, seconds: u64, status: u16, body: &str| {
        let permit = match life.acquire(Need::Newer(Generation::new(u64::MAX)), at(seconds)) {
            Decision::Refresh(permit) => permit,
            Decision::Fail(error) => return Err(error),
            other => panic!("{other:?}"),
        };
        let (_, outcome) = run(permit.job(toy().arc()), at(seconds), vec![answer(status, body)]);
        match life.complete(permit, outcome, at(seconds)) {
            Completed::Renewed(token) | Completed::Adopted(token) => Ok(token),
            Completed::Failed(error) => Err(error),
        }
    };
    assert!(ask(&mut life, 0, 200, "one 60").is_ok());
    for (seconds, again) in [(100, 101), (101, 161), (161, 3_703)] {
        let error = ask(&mut life, seconds, 403, "").unwrap_err();
        assert_eq!((error.remembered_since(), error.next_attempt()), (None, Some(at(again).unix)));
        let error = ask(&mut life, again - 1, 500, "").unwrap_err();
        assert_eq!(error.status(), Some(403), "nothing is sent");
    }
    assert!(ask(&mut life, 3_703, 200, "two 60").is_ok());
}

#[test]
fn what_is_remembered_is_told_as_remembered_with_the_kind_and_the_status_of_the_first_answer() {
    let mut slot = Slot::default();
    let mut process = Process::new(1, toy());
    let first = process.renew(&mut slot, at(0), vec![answer(403, "")]).unwrap_err();
    assert_eq!((first.remembered_since(), first.next_attempt()), (None, Some(at(1_201).unix)));
    // The same process before it looks at the store again, and after; and another one.
    let mut same = process.renew(&mut slot, at(0), vec![]).unwrap_err();
    let later = process.renew(&mut slot, at(600), vec![]).unwrap_err();
    let other = Process::new(2, toy()).renew(&mut slot, at(1_200), vec![]).unwrap_err();
    for error in [core::mem::replace(&mut same, later.clone()), later, other] {
        assert_eq!((error.kind(), error.status(), error.code()), (first.kind(), Some(403), Some("no")));
        assert_eq!(error.remembered_since(), Some(at(0).unix));
        assert_eq!(error.next_attempt(), Some(at(1_201).unix));
        assert_eq!(
            error.to_string(),
            "the client is not known (status 403, code no); not asked again before 1970-01-12T14:06:41Z (20 min after this \
             answer)"
        );
    }
}

#[test]
fn a_record_of_an_earlier_version_speaks_for_no_credential() {
    let mut slot = Slot::holding(record(1, 5, "old 60 refresh"));
    assert!(slot.record().proven.is_none());
    let times = asked(&mut slot, "right", 403, 100, 1_400);
    assert_eq!(times, [100, 1_301]);
}

#[test]
fn a_gateway_between_two_refusals_of_the_credential_changes_neither_count() {
    let mut slot = after_a_success("right", 60);
    let mut process = Process::new(2, toy());
    for (status, now, until) in
        [(403, 100, 101), (404, 101, 102), (403, 102, 162), (404, 162, 164), (403, 164, 3_703)]
    {
        assert!(process.renew(&mut slot, at(now), vec![answer(status, "")]).is_err());
        let pause = slot.record().throttle.as_ref().unwrap().until;
        assert!(pause <= at(until).unix && pause > at(now).unix, "{status} at {now}: {pause:?}");
    }
}
