//! What a source's observer is told of sign-ins that fail, of imported and adopted tokens, of tokens that APIs refuse, and of
//! what a store remembers: pauses and spilled tokens.

use core::time::Duration;

use wellspring_core::{AccessToken, ExistingTokens, Policy, Rejected, TokenResponse};

use crate::driver::transport::{Clock, TokenSource};
use crate::driver::{Moody, Reply, Server, Toy, code, twin};
use crate::twins::meters::{Measured, Meters};

const START: u64 = 1_800_000_000;

/// The series whose names begin so.
fn named(measured: &Measured, name: &str) -> Vec<(String, f64)> {
    let series = measured.iter().filter(|(series, _)| series.starts_with(name));
    series.map(|(series, value)| (series.clone(), *value)).collect()
}

/// Token number `n`, which has expired when it comes if it is number 0.
fn granted(n: usize) -> Reply {
    let lifetime = if n == 0 { 0 } else { 3_600 };
    let body =
        format!(r#"{{"access_token":"token-{n}","expires_in":{lifetime},"refresh_token":"refresh-{n}"}}"#);
    Reply::with(200, "", &body)
}

#[twin::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_polled_or_refused_is_counted_as_such_and_ends_no_session() {
    let server = Server::start(|_, n| match n {
        0 => granted(1),
        1 => Reply::status(503),
        _ => Reply::status(400),
    });
    let (clock, meters) = (Clock::manual(START), Meters::new("polled"));
    let builder = TokenSource::builder(Toy::at(&server.url).without_credentials()).clock(&clock);
    let source = builder.observer(meters.observer()).build().unwrap();
    source.sign_in(code()).await.unwrap();
    for _ in 0..2 {
        source.sign_in(code()).await.unwrap_err();
    }
    let measured = meters.measured();
    assert_eq!(
        named(&measured, "wellspring_sign_ins_total"),
        [
            (r#"wellspring_sign_ins_total{outcome="failed",reason="refused"}"#.to_owned(), 1.0),
            (r#"wellspring_sign_ins_total{outcome="pending",reason="unavailable"}"#.to_owned(), 1.0),
            (r#"wellspring_sign_ins_total{outcome="succeeded",reason="none"}"#.to_owned(), 1.0),
        ]
    );
    assert_eq!(named(&measured, "wellspring_sessions"), [], "the session of before is in force");
    assert_eq!(named(&measured, "wellspring_pause"), []);
}

#[twin::test(flavor = "multi_thread")]
async fn imported_and_adopted_tokens_end_the_need_for_a_sign_in() {
    let (server, clock) = (Server::rotating(3_600), Clock::manual(START));
    let toy = || TokenSource::builder(Toy::at(&server.url).without_credentials()).clock(&clock);
    let (imports, adopts) = (Meters::new("imports"), Meters::new("adopts"));
    let importing = toy().store(Moody::new()).observer(imports.observer()).build().unwrap();
    let adopting = toy().observer(adopts.observer()).build().unwrap();
    for (meters, source) in [(&imports, &importing), (&adopts, &adopting)] {
        source.token().await.unwrap_err();
        assert_eq!(named(&meters.measured(), "wellspring_sessions_awaiting_sign_in").len(), 1);
    }
    assert!(importing.import(ExistingTokens::new("refresh-0")).await.unwrap());
    let response = TokenResponse::new(AccessToken::new("token")).with_lifetime(Duration::from_secs(60));
    adopting.adopt(response).unwrap();
    for meters in [&imports, &adopts] {
        assert_eq!(named(&meters.measured(), "wellspring_sessions_awaiting_sign_in"), []);
    }
}

#[twin::test(flavor = "multi_thread")]
async fn each_answer_to_a_refused_token_is_counted_as_such() {
    let server = Server::start(|_, n| if n < 2 { granted(n + 1) } else { Reply::status(503) });
    let (clock, meters) = (Clock::manual(START), Meters::new("rejections"));
    let builder = TokenSource::builder(Toy::at(&server.url)).clock(&clock);
    let source = builder.observer(meters.observer()).build().unwrap();
    let first = source.token().await.unwrap().generation();
    assert!(matches!(source.reject(first), Rejected::Renew));
    let second = source.token().await.unwrap().generation();
    assert!(matches!(source.reject(first), Rejected::Replaced(_)));
    // The next renewal fails, and opens a pause.
    clock.advance(Duration::from_secs(4_000));
    source.token().await.unwrap_err();
    assert!(matches!(source.reject(second), Rejected::KeepResponse));
    let answer = |answer| (format!("wellspring_token_rejections_total{{answer=\"{answer}\"}}"), 1.0);
    let counted = named(&meters.measured(), "wellspring_token_rejections_total");
    assert_eq!(counted, ["kept", "renew", "replaced"].map(answer));
}

#[twin::test(flavor = "multi_thread")]
async fn a_pause_that_the_store_remembers_is_measured_once_and_with_its_whole_length() {
    let server = Server::start(|_, _| Reply::status(401));
    let (clock, meters) = (Clock::manual(START), Meters::new("remembered"));
    let builder = TokenSource::builder(Toy::at(&server.url)).store(Moody::new()).clock(&clock);
    let source = builder.observer(meters.observer()).build().unwrap();
    for _ in 0..3 {
        source.token().await.unwrap_err();
        // The source looks at the store again after a second or two.
        clock.advance(Duration::from_secs(5));
    }
    let measured = meters.measured();
    let of = |series: &str| measured.get(series).copied().unwrap_or_default();
    assert_eq!(of(r#"wellspring_renewals_total{outcome="failed",reason="misconfigured"}"#), 1.0);
    assert_eq!(of(r#"wellspring_renewals_total{outcome="unsent",reason="misconfigured"}"#), 2.0);
    assert_eq!(of(r#"wellspring_pause_duration_seconds_count{reason="misconfigured"}"#), 1.0);
    assert!(of(r#"wellspring_pause_duration_seconds_sum{reason="misconfigured"}"#) > 60.0, "{measured:?}");
}

#[twin::test(flavor = "multi_thread")]
async fn a_spilled_token_that_waits_is_counted_by_each_source_that_knows_of_it() {
    let (server, store) = (Server::start(|_, n| granted(n)), Moody::new());
    let mut policy = Policy::default();
    policy.store_deadline = Duration::from_secs(1);
    let source = |meters: &Meters| {
        let builder = TokenSource::builder(Toy::at(&server.url).without_credentials()).policy(policy.clone());
        builder.store(store.clone()).observer(meters.observer()).build().unwrap()
    };
    let (spills, finds) = (Meters::new("spills"), Meters::new("finds"));
    let waiting =
        |meters: &Meters| meters.of_one().get("wellspring_store_waiting_spills").copied().unwrap_or_default();
    let first = source(&spills);
    first.sign_in(code()).await.unwrap();
    store.set(|moods| &moods.refuses_tokens, true);
    first.token().await.unwrap();
    assert_eq!(waiting(&spills), 1.0);
    let second = source(&finds);
    second.token().await.unwrap();
    assert_eq!(waiting(&finds), 1.0);
}
