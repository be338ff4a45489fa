//! Tokens that an API refuses: late, early, and again and again.

use super::*;
use crate::decision::REFUSALS;

#[test]
fn every_cell_of_the_refusal_table_is_what_reject_does() {
    for (refused, row) in REFUSALS {
        for (gate, expected) in row {
            let mut life = with_token();
            let (generation, seconds) = match refused {
                RefusedToken::Gone => (1, 3_600),
                RefusedToken::Replaced => (0, 100),
                RefusedToken::Current => (1, 100),
                RefusedToken::Suspended => {
                    life.refusals = Refusals { in_a_row: 1, pause_until: at(30).instant };
                    (1, 10)
                }
            };
            match gate {
                GateState::Open => {}
                GateState::Busy => life.gate = Gate::Busy { number: 99 },
                GateState::Shut => {
                    let cause = TokenError::unavailable("down");
                    life.gate = Gate::Shut { until: Instant::NEVER, retry_at: None, cause };
                }
                GateState::Closed => life.close(),
                GateState::PendingSave => life.save_pending(TokenError::store("not saved yet", true)),
            }
            let rejected = life.reject(Generation::new(generation), at(seconds));
            let kept = life.token().is_some();
            let fits = match expected {
                Refusal::UseOther => matches!(rejected, Rejected::Replaced(_)) && kept,
                Refusal::Discard => {
                    matches!(rejected, Rejected::Renew) && kept == (refused == RefusedToken::Gone)
                }
                Refusal::DiscardAndKeep => matches!(rejected, Rejected::KeepResponse) && !kept,
                Refusal::Keep => matches!(rejected, Rejected::KeepResponse) && kept,
            };
            assert!(fits, "{refused:?} {gate:?}: {rejected:?}");
        }
    }
}

#[test]
fn a_401_throws_away_the_access_token_and_keeps_the_refresh_token() {
    let mut life = signed_in("one 3600 refresh");
    assert!(matches!(life.reject(Generation::new(1), at(100)), Rejected::Renew));
    let permit = permit(life.acquire(Need::Newer(Generation::new(1)), at(100)));
    let (sent, outcome) = run(permit.job(Toy::reusable().arc()), at(100), vec![answer(200, "two 3600")]);
    assert_eq!(sent, ["refresh"]);
    let Completed::Renewed(token) = life.complete(permit, outcome, at(100)) else { panic!() };
    assert_eq!(token.generation(), Generation::new(2));
}

#[test]
fn a_late_401_for_an_older_generation_changes_nothing() {
    let mut life = with_token();
    let permit = permit(life.acquire(Need::Fresh, at(3_300)));
    renew(&mut life, permit, Toy::with_credentials(), "two 3600", 3_300);
    let Rejected::Replaced(token) = life.reject(Generation::new(1), at(3_301)) else {
        panic!("not replaced")
    };
    assert_eq!(token.expose(), "two");
    assert!(matches!(life.acquire(Need::Fresh, at(3_301)), Decision::Use(_)));
}

#[test]
fn an_api_that_refuses_every_token_opens_a_doubling_pause_for_refusals() {
    let mut life = with_token();
    let mut renewals = 0;
    for tenth in 0..36_000_u64 {
        let now = at(0).plus(Duration::from_millis(100 * tenth));
        let generation = life.generation;
        if matches!(life.reject(generation, now), Rejected::Renew) {
            let permit = permit(life.acquire(Need::Newer(generation), now));
            let toy = Toy::with_credentials().arc();
            let (_, outcome) = run(permit.job(toy), now, vec![answer(200, "again 3600")]);
            let _ = life.complete(permit, outcome, now);
            renewals += 1;
        }
    }
    assert!((60..=130).contains(&renewals), "{renewals} renewals in an hour of refusals");
}

#[test]
fn a_token_refused_after_a_minute_of_service_is_an_ordinary_revocation() {
    let mut life = with_token();
    for n in 1..20 {
        assert!(matches!(life.reject(Generation::new(n), at(n * 61)), Rejected::Renew));
        let permit = permit(life.acquire(Need::Newer(Generation::new(n)), at(n * 61)));
        renew(&mut life, permit, Toy::with_credentials(), "again 3600", n * 61);
    }
}

#[test]
fn a_refusal_during_a_pause_stands_and_the_refused_token_is_gone() {
    let mut life = with_token();
    let permit = permit(life.acquire(Need::Fresh, at(3_300)));
    fail(&mut life, permit, Toy::with_credentials(), 403, 3_300);
    assert!(matches!(life.reject(Generation::new(1), at(3_300)), Rejected::KeepResponse));
    assert!(matches!(life.acquire(Need::Fresh, at(3_300)), Decision::Fail(_)));
}

#[test]
fn the_window_for_refusals_and_their_pause_are_half_open() {
    let policy = || Policy { first_pause: s(40), longest_pause: s(40), ..exact() };
    let mut life = Lifecycle::new(policy(), 7);
    life.take_over(granted("one 3600"), at(0), at(0));
    assert!(matches!(life.reject(Generation::new(1), at(10)), Rejected::Renew));
    let until = life.refusals.pause_until;
    assert!(until > at(29).instant && until <= at(50).instant);
    life.take_over(granted("two 3600"), at(10), at(10));
    let just_before = Clocks { instant: until.minus(Duration::from_nanos(1)), unix: at(20).unix };
    assert!(matches!(life.reject(Generation::new(2), just_before), Rejected::KeepResponse));
    assert!(matches!(
        life.reject(Generation::new(2), Clocks { instant: until, unix: at(20).unix }),
        Rejected::Renew
    ));

    let mut life = Lifecycle::new(policy(), 7);
    life.take_over(granted("one 3600"), at(0), at(0));
    assert!(matches!(life.reject(Generation::new(1), at(60)), Rejected::Renew));
    assert_eq!(life.refusals.in_a_row, 0, "a minute of service is not an early refusal");
}

#[test]
fn a_refusal_when_the_token_is_gone_already_asks_for_a_renewal_unless_none_can_be_had() {
    let mut life = with_token();
    assert!(matches!(life.reject(Generation::new(1), at(100)), Rejected::Renew));
    assert!(matches!(life.reject(Generation::new(1), at(100)), Rejected::Renew));
    let permit = permit(life.acquire(Need::Fresh, at(100)));
    assert!(matches!(life.reject(Generation::new(1), at(100)), Rejected::Renew), "one is under way");
    fail(&mut life, permit, Toy::with_credentials(), 403, 100);
    assert!(matches!(life.reject(Generation::new(1), at(100)), Rejected::KeepResponse));
}

#[test]
fn a_late_401_is_not_answered_with_a_token_that_has_expired_itself() {
    let mut life = signed_in("one 60");
    life.take_over(granted("two 60"), at(0), at(0));
    assert!(matches!(life.reject(Generation::new(1), at(59)), Rejected::Replaced(_)));
    assert!(matches!(life.reject(Generation::new(1), at(60)), Rejected::Renew));
}

#[test]
fn tokens_of_two_sessions_whose_records_have_one_generation_are_told_apart() {
    let record = |epoch, text| {
        let state = SessionState::Active(Granted::new(at(0).unix, granted(text)));
        Record::new(Epoch::new(epoch), Generation::new(2), state)
    };
    let mut life = life();
    let old = life.adopt(&record(1, "old 3600"), at(0)).unwrap();
    // Signed in elsewhere, by a process that does not know the second generation of the old session.
    let new = life.adopt(&record(2, "new 3600"), at(1)).unwrap();
    assert!(new.generation() > old.generation());
    let Rejected::Replaced(token) = life.reject(old.generation(), at(2)) else { panic!("not replaced") };
    assert_eq!(token.expose(), "new");
}

/// A token that was obtained at this time, in a lifecycle that has one of this text.
fn replaced(life: &mut Lifecycle, text: &str, seconds: u64) -> Generation {
    if let Some(token) = life.token() {
        let _ = life.reject(token.generation(), at(seconds));
    }
    let permit = permit(life.acquire(Need::Fresh, at(seconds)));
    renew(life, permit, Toy::with_credentials(), text, seconds);
    life.token().unwrap().generation()
}

/// Two fresh tokens are refused at this target.
fn refusing(target: CallTarget) -> Lifecycle {
    let mut life = with_token();
    let first = replaced(&mut life, "two 3600", 1_000);
    assert!(matches!(life.reject_at(target, first, at(1_001)), Rejected::Renew));
    let second = replaced(&mut life, "three", 2_000);
    assert!(matches!(life.reject_at(target, second, at(2_001)), Rejected::KeepResponse), "it refuses all");
    assert!(life.token().is_some(), "the token stays");
    life
}

#[test]
fn a_target_that_refuses_every_token_renews_nothing_until_it_accepts_one_or_the_token_may_have_ended() {
    let (here, there) = (CallTarget::of("https://a.example/x"), CallTarget::of("https://a.example/y"));
    let kept = |life: &mut Lifecycle, target, seconds| {
        let generation = life.token().unwrap().generation();
        matches!(life.reject_at(target, generation, at(seconds)), Rejected::KeepResponse)
    };
    assert!(kept(&mut refusing(here), here, 2_100));
    assert!(!kept(&mut refusing(here), there, 2_100), "another target");
    let mut accepted = refusing(here);
    accepted.accepted_at(here);
    assert!(!accepted.remembers_targets() && !kept(&mut accepted, here, 2_100));
    // Nothing but a refusal shows the end of a token whose lifetime is unknown.
    assert!(!kept(&mut refusing(here), here, 3_300));
}

#[test]
fn a_new_session_is_refused_nowhere_yet() {
    let here = CallTarget::of("https://a.example/x");
    let mut life = refusing(here);
    life.take_over(granted("mine 3600"), at(2_100), at(2_100));
    assert!(!life.remembers_targets());
}

#[test]
fn another_credential_need_not_wait_and_its_refusals_are_counted_anew() {
    let refused = |life: &mut Lifecycle, secret, seconds| {
        let permit = permit(life.acquire(Need::Fresh, at(seconds)));
        let error = fail(life, permit, Toy::with_credentials().with_secret(secret), 403, seconds);
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
    };
    let mut life = life();
    refused(&mut life, "old", 0);
    refused(&mut life, "old", 1_250);
    assert!(matches!(life.acquire(Need::Fresh, at(1_300)), Decision::Fail(_)));
    life.credential_changed();
    refused(&mut life, "new", 1_300);
    // Twenty minutes, and not until the hour of three refusals has passed, which is the old credential's.
    let until = life.quiet_until();
    assert!(until >= at(2_500).instant && until < at(2_510).instant, "{until:?}");
}

#[test]
fn a_changed_credential_ends_no_pause_but_that_of_a_refusal() {
    let mut life = life();
    let permit = permit(life.acquire(Need::Fresh, at(0)));
    fail(&mut life, permit, Toy::with_credentials(), 429, 0);
    let until = life.quiet_until();
    life.credential_changed();
    assert_eq!(life.quiet_until(), until);
}
