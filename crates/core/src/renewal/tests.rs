//! One renewal, answer by answer.

mod amended;
mod doubt;
mod identities;
mod kept;
mod own_leases;
mod owners;
mod pauses;
mod refused;
mod scopes;
mod sessions;
mod store_deadline;
mod stores;
mod unreadable;
mod unusable_spills;
mod withdrawn;

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::time::Duration;
use std::vec;
use std::vec::Vec;

use crate::error::{ErrorKind, Fate, TokenError};
use crate::extension_grant::{ExtensionGrant, GrantParameters};

use crate::generation::{Epoch, Generation};
use crate::lease::Attempt;
use crate::lifecycle::{Completed, Decision, Lifecycle, Need};
use crate::login_reason::LoginReason;
use crate::policy::Policy;
use crate::provider::{AuthorizationGrant, Replay};
use crate::record::Record;
use crate::renewal::outcome::{ByteLeft, Outcome, Revocation};
use crate::renewal::{
    Answer, Pending, Renewal, Save, Step, StoreOp, TransportError, TransportErrorKind, UnfinishedSave,
};
use crate::secret::{AuthorizationCode, DeviceCode};
use crate::store::{Loaded, StoreError, Stored, Swap, Version, WatchOutcome};
use crate::time::Clocks;
use crate::token::Token;
use crate::toy::{Toy, answer, at, granted, run};

mod explored;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn lost() -> Answer {
    Answer::Failed(TransportError::new(TransportErrorKind::Ambiguous, "the answer was lost"))
}

/// Signed in at second 0 with a refresh token and an access token of 60 s; then one renewal for each list of
/// answers, at the second given.
fn history(
    toy: impl Fn() -> Toy,
    renewals: Vec<(u64, Vec<Answer>)>,
) -> Vec<(Vec<String>, Result<Token, TokenError>)> {
    let mut life = Lifecycle::new(Policy::default(), 1);
    life.take_over(granted("one 60 refresh"), at(0), at(0));
    let mut seen = Vec::new();
    for (seconds, answers) in renewals {
        let permit = match life.acquire(Need::Newer(Generation::new(99)), at(seconds)) {
            Decision::Refresh(permit) => permit,
            Decision::Fail(error) => {
                seen.push((vec![], Err(error)));
                continue;
            }
            other => panic!("{other:?}"),
        };
        let (sent, outcome) = run(permit.job(toy().arc()), at(seconds), answers);
        seen.push(match life.complete(permit, outcome, at(seconds)) {
            Completed::Renewed(token) | Completed::Adopted(token) => (sent, Ok(token)),
            Completed::Failed(error) => (sent, Err(error)),
        });
    }
    seen
}

fn reason(result: &Result<Token, TokenError>) -> Option<LoginReason> {
    match result.as_ref().err()?.kind() {
        ErrorKind::LoginRequired { reason } => Some(reason),
        _ => None,
    }
}

#[test]
fn never_means_that_a_lost_answer_ends_in_a_new_sign_in() {
    let seen = history(|| Toy::rotating(Replay::Never), vec![(60, vec![lost()]), (70, vec![])]);
    assert_eq!(seen[0].0, ["refresh"]);
    assert_eq!(reason(&seen[0].1), None, "an ambiguous failure ends nothing");
    assert!(seen[1].0.is_empty());
    assert_eq!(reason(&seen[1].1), Some(LoginReason::Ambiguous));
}

#[test]
fn owner_dead_sends_again_after_the_exchange_and_a_refusal_is_then_called_ambiguous() {
    let toy = || Toy::rotating(Replay::OwnerDead);
    let seen = history(
        toy,
        vec![
            (60, vec![lost()]),
            (70, vec![answer(200, "two 60 next")]),
            (140, vec![answer(200, "three 60 n")]),
        ],
    );
    assert_eq!(seen[1].0, ["refresh"]);
    assert!(seen[1].1.is_ok());
    assert_eq!(seen[2].0, ["next"]);

    let seen = history(toy, vec![(60, vec![lost()]), (70, vec![answer(401, "")]), (80, vec![])]);
    assert_eq!(reason(&seen[1].1), Some(LoginReason::Ambiguous));
    assert_eq!(seen[1].1.as_ref().unwrap_err().status(), Some(401));
    assert!(seen[2].0.is_empty());
}

#[test]
fn a_5xx_is_as_ambiguous_as_silence_for_a_single_use_grant_and_kills_nothing() {
    let seen = history(
        || Toy::rotating(Replay::OwnerDead),
        vec![(60, vec![answer(500, "")]), (70, vec![answer(200, "two 60 next")])],
    );
    assert_eq!(seen[0].1.as_ref().unwrap_err().fate(), Fate::Unknown);
    assert!(seen[1].1.is_ok());
}

#[test]
fn within_repeats_at_once_and_only_inside_its_window() {
    let toy = || Toy::rotating(Replay::Within(s(30)));
    let seen = history(toy, vec![(60, vec![lost(), answer(200, "two 60 next")])]);
    assert_eq!(seen[0].0, ["refresh", "refresh"]);
    assert!(seen[0].1.is_ok());

    let seen = history(toy, vec![(60, vec![lost(), lost()]), (80, vec![lost()]), (100, vec![])]);
    assert_eq!(seen[1].0, ["refresh"], "still inside the window");
    assert!(seen[2].0.is_empty());
    assert_eq!(reason(&seen[2].1), Some(LoginReason::Ambiguous));
}

#[test]
fn last_resort_waits_for_the_access_token_to_expire_and_tries_once() {
    let toy = || Toy::rotating(Replay::LastResort);
    let seen = history(toy, vec![(40, vec![lost()]), (50, vec![]), (61, vec![lost()]), (200, vec![])]);
    assert!(seen[1].0.is_empty());
    assert_eq!(reason(&seen[1].1), None);
    assert_eq!(seen[2].0, ["refresh"]);
    assert!(seen[3].0.is_empty());
    assert_eq!(reason(&seen[3].1), Some(LoginReason::Ambiguous));
}

#[test]
fn a_reusable_refresh_token_may_be_sent_again_whatever_replay_says() {
    let seen = history(
        Toy::reusable,
        vec![(60, vec![lost()]), (70, vec![lost()]), (90, vec![answer(200, "two 60")])],
    );
    assert!(seen.iter().all(|(sent, _)| sent == &["refresh"]));
    assert_eq!(
        seen[0].1.as_ref().unwrap_err().fate(),
        Fate::Unspent,
        "nothing is lost that can be sent again"
    );
    assert!(seen[2].1.is_ok());
}

#[test]
fn a_refresh_without_a_new_refresh_token_keeps_the_old_token_and_shows_that_it_is_reusable() {
    let toy = || Toy::rotating(Replay::Never);
    let seen = history(
        toy,
        vec![(60, vec![answer(200, "two 60")]), (130, vec![lost()]), (140, vec![answer(200, "three 60")])],
    );
    assert_eq!(
        seen[2].0,
        ["refresh"],
        "Never holds for single-use tokens, and this one has survived its use"
    );
    assert!(seen[2].1.is_ok());
}

#[test]
fn a_rotated_refresh_token_replaces_the_old_one() {
    let toy = || Toy::rotating(Replay::Never);
    let seen = history(
        toy,
        vec![(60, vec![answer(200, "two 60 second")]), (130, vec![answer(200, "three 60 third")])],
    );
    assert_eq!(seen[1].0, ["second"]);
}

#[test]
fn a_refused_refresh_token_falls_back_to_the_credentials_once_within_the_same_exchange() {
    let toy = || Toy::rotating(Replay::Never).with_credentials_too();
    let seen = history(
        toy,
        vec![(60, vec![answer(409, ""), answer(200, "two 60 next")]), (130, vec![answer(200, "three 60 n")])],
    );
    assert_eq!(seen[0].0, ["refresh", "credentials"]);
    assert_eq!(seen[1].0, ["next"]);

    let seen =
        history(toy, vec![(60, vec![answer(409, ""), answer(409, "")]), (5_000, vec![answer(200, "x 60")])]);
    assert_eq!(seen[0].1.as_ref().unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(seen[1].0, ["credentials"], "the refused refresh token is not tried again");
}

#[test]
fn a_fallback_to_the_credentials_drops_the_refresh_token() {
    let toy = || Toy::rotating(Replay::Never).with_credentials_too();
    let seen = history(
        toy,
        vec![(60, vec![answer(409, ""), answer(200, "two 60")]), (130, vec![answer(200, "three 60")])],
    );
    assert_eq!(seen[1].0, ["credentials"]);
}

#[test]
fn a_refresh_token_known_to_have_expired_is_not_sent() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let mut response = granted("one 60 refresh");
    response.refresh_lifetime = Some(s(100));
    life.take_over(response, at(0), at(0));
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(100)) else { panic!() };
    let (sent, outcome) = run(permit.job(Toy::reusable().arc()), at(100), vec![]);
    assert!(sent.is_empty());
    assert_eq!(outcome.error().unwrap().kind(), ErrorKind::LoginRequired { reason: LoginReason::Expired });
    let _ = life.complete(permit, outcome, at(100));
}

#[test]
fn without_a_sign_in_the_error_comes_without_a_request() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(0)) else { panic!() };
    let (sent, outcome) = run(permit.job(Toy::reusable().arc()), at(0), vec![]);
    assert!(sent.is_empty());
    assert_eq!(
        outcome.error().unwrap().kind(),
        ErrorKind::LoginRequired { reason: LoginReason::NotSignedIn }
    );
    let _ = life.complete(permit, outcome, at(0));
}

fn device_code() -> AuthorizationGrant {
    AuthorizationGrant::DeviceCode(DeviceCode::new("device"))
}

#[test]
fn a_code_is_sent_once_and_an_unknown_fate_needs_a_new_sign_in() {
    let grant = || AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("code"),
        redirect_uri: "https://app.example/".into(),
        verifier: None,
    };
    for (toy, lost_answer) in
        [(Toy::rotating(Replay::Within(s(60))), lost()), (Toy::rotating(Replay::OwnerDead), answer(500, ""))]
    {
        let (sent, outcome) = run(
            Lifecycle::new(Policy::default(), 1).sign_in(toy.arc(), grant()).unwrap(),
            at(0),
            vec![lost_answer],
        );
        assert_eq!(sent, ["code"]);
        assert_eq!(
            outcome.error().unwrap().kind(),
            ErrorKind::LoginRequired { reason: LoginReason::Ambiguous }
        );
    }
    let (_, outcome) = run(
        Lifecycle::new(Policy::default(), 1).sign_in(Toy::reusable().arc(), grant()).unwrap(),
        at(0),
        vec![answer(200, "one 60 r")],
    );
    let Outcome::Renewed(record, sent) = outcome else { panic!() };
    assert_eq!((record.granted().unwrap().response.access_token.expose(), sent), ("one", at(0)));
}

#[test]
fn an_extension_grant_is_sent_once_unless_the_caller_says_that_it_may_be_repeated() {
    let once = ExtensionGrant::new("urn:example:assertion", GrantParameters::new());
    for (grant, may_be_repeated) in [(once.clone(), false), (once.repeatable(), true)] {
        let mut life = Lifecycle::new(Policy::default(), 1);
        let job = life
            .sign_in(Toy::rotating(Replay::OwnerDead).arc(), AuthorizationGrant::Extension(grant))
            .unwrap();
        let (sent, outcome) = run(job, at(0), vec![lost()]);
        let error = life.signed_in(outcome, at(0)).unwrap_err();
        assert_eq!(sent, ["urn:example:assertion"]);
        let ambiguous = ErrorKind::LoginRequired { reason: LoginReason::Ambiguous };
        assert_eq!(error.kind() == ambiguous, !may_be_repeated, "{error}");
        assert_eq!(error.fate() == Fate::Unknown, may_be_repeated, "{error}");
    }
}

#[test]
fn a_device_code_may_be_sent_again_after_any_answer_and_without_an_answer() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    for (answer, fate) in
        [(answer(429, ""), Fate::Unspent), (answer(500, ""), Fate::Unknown), (lost(), Fate::Unknown)]
    {
        let job = life.sign_in(Toy::rotating(Replay::Never).arc(), device_code());
        let (sent, outcome) = run(job.unwrap(), at(0), vec![answer]);
        let error = life.signed_in(outcome, at(0)).unwrap_err();
        assert_eq!((sent, error.fate()), (vec!["device".into()], fate));
        assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error}");
    }
    let job = life.sign_in(Toy::rotating(Replay::Never).arc(), device_code());
    let (_, outcome) = run(job.unwrap(), at(5), vec![answer(200, "one 60 r")]);
    assert_eq!(life.signed_in(outcome, at(5)).unwrap().expose(), "one", "and no pause was earned");
}

#[test]
fn a_fallback_shares_the_deadline_of_the_exchange() {
    let mut life = Lifecycle::new(Policy::default(), 1);
    life.take_over(granted("one 60 refresh"), at(0), at(0));
    let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(60)) else { panic!() };
    let job = permit.job(Toy::reusable().with_credentials_too().arc());
    let Step::Send(sending, next) = Renewal::begin(job, at(60)) else { panic!() };
    assert_eq!(sending.deadline, at(90).instant);
    let Step::Done(outcome, None) = next.resume(answer(409, ""), at(90)) else {
        panic!("sent after its deadline")
    };
    assert!(matches!(outcome.error().unwrap().kind(), ErrorKind::Unavailable { .. }));
    let _ = life.complete(permit, outcome, at(90));
}

#[test]
fn a_repetition_inside_a_window_starts_before_the_deadline_or_not_at_all() {
    for (seconds, again) in [(89, true), (90, false)] {
        let mut life = Lifecycle::new(Policy::default(), 1);
        life.take_over(granted("one 60 refresh"), at(0), at(0));
        let Decision::Refresh(permit) = life.acquire(Need::Fresh, at(60)) else { panic!() };
        let job = permit.job(Toy::rotating(Replay::Within(s(60))).arc());
        let Step::Send(_, next) = Renewal::begin(job, at(60)) else { panic!() };
        let step = next.resume(lost(), at(seconds));
        assert_eq!(matches!(step, Step::Send(..)), again, "at {seconds}");
        let _ = life.complete(permit, Outcome::abandoned(ByteLeft::Maybe), at(seconds));
    }
}
