//! What a source's observer is told, measured by both metrics libraries: the right values, bounded labels, no secret.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use oauth2_app::App;
use wellspring_core::{AccessToken, ErrorKind, Policy, RefreshToken, Replay, TokenResponse};
use wellspring_simulator::{Endpoint, Fault, SimClock, Simulator};

use crate::driver::transport::{
    Acquisition, Builder, Clock, FailureReason, ManualClock, Observation, Observer, RejectionAnswer,
    RenewalOutcome, SignInOutcome, TokenSource,
};
use crate::driver::{Gate, Moody, Reply, SECRET, Server, Toy, code, eventually, join, spawn, twin};
use crate::twins::meters::{Measured, Meters};

const START: u64 = 1_800_000_000;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The value of this series; zero where it was never measured.
fn of(measured: &Measured, series: &str) -> f64 {
    measured.get(series).copied().unwrap_or_default()
}

/// These series have these values, and every other one is zero.
fn are(measured: &Measured, expected: &[(&str, f64)]) {
    let rounded: Measured = measured.iter().map(|(series, value)| (series.clone(), value.round())).collect();
    let expected: Measured = expected.iter().map(|(series, value)| ((*series).to_owned(), *value)).collect();
    assert_eq!(rounded, expected);
}

#[twin::test(flavor = "multi_thread")]
async fn the_metrics_of_a_run_against_the_simulator_are_what_has_happened() {
    let (server_clock, clock) = (SimClock::manual(START), Clock::manual(START));
    let simulator = Simulator::builder().clock(server_clock.clone()).start().unwrap();
    let token_url = format!("{}/api/oauth2/token", simulator.url());
    let app =
        App::client_credentials(token_url, "client_abc123def456", "secret_xyz789uvw012").build().unwrap();
    let meters = Meters::new("simulated");
    let source = TokenSource::builder(app).clock(&clock).observer(meters.observer()).build().unwrap();
    are(&meters.measured(), &[]);
    let advance = |seconds| {
        server_clock.advance(s(seconds));
        clock.advance(s(seconds));
    };

    // One caller makes the source obtain a token, and three read it.
    source.token().await.unwrap();
    advance(600);
    source.token().await.unwrap();
    source.authorization().await.unwrap();
    let generation = source.try_token().unwrap().generation();
    // The API refuses it: one renewal.
    assert!(matches!(source.reject(generation), wellspring_core::Rejected::Renew));
    source.token().await.unwrap();
    // It expires while the server is down: one renewal fails, and a second caller is told so in the pause.
    simulator.fault(Endpoint::ClientCredentialsGrant, Fault::status(503));
    advance(7_200);
    for _ in 0..2 {
        let error = source.token().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error}");
    }
    // The server asks for a pause. Then it grants a token again.
    advance(60);
    let later = Fault::status(503).and(Fault::header("Retry-After", "120"));
    simulator.fault(Endpoint::ClientCredentialsGrant, later);
    assert!(source.try_token().is_err());
    eventually(|| !matches!(source.try_token(), Err(error) if error.kind() == ErrorKind::Busy)).await;
    advance(120);
    source.token().await.unwrap();
    assert_eq!(simulator.asked(Endpoint::ClientCredentialsGrant), 5);

    let mut measured = meters.measured();
    let polls = of(&measured, "wellspring_acquisition_errors_total{reason=\"busy\"}");
    assert!(polls >= 1.0, "{measured:?}");
    measured.remove("wellspring_acquisition_errors_total{reason=\"busy\"}");
    // The first pause is a second at most, by jitter.
    let paused = measured.remove("wellspring_pause_duration_seconds_sum{reason=\"unavailable\"}").unwrap();
    assert!((120.0..=121.0).contains(&paused), "{paused}");
    are(
        &measured,
        &[
            ("wellspring_acquisition_errors_total{reason=\"unavailable\"}", 3.0),
            ("wellspring_acquisitions_total{source=\"held\"}", 3.0),
            ("wellspring_acquisitions_total{source=\"renewed\"}", 3.0),
            ("wellspring_pause_duration_seconds_count{reason=\"unavailable\"}", 2.0),
            ("wellspring_renewal_duration_seconds_count{outcome=\"failed\"}", 2.0),
            ("wellspring_renewal_duration_seconds_count{outcome=\"renewed\"}", 3.0),
            ("wellspring_renewals_total{outcome=\"failed\",reason=\"unavailable\"}", 2.0),
            ("wellspring_renewals_total{outcome=\"renewed\",reason=\"none\"}", 3.0),
            ("wellspring_token_rejections_total{answer=\"renew\"}", 1.0),
            ("wellspring_token_remaining_lifetime_seconds_count", 6.0),
            ("wellspring_token_remaining_lifetime_seconds_sum", 3.0 * 7_200.0 + 3.0 * 6_600.0),
            ("wellspring_wait_duration_seconds_count", 4.0),
        ],
    );
}

fn toy(server: &Server) -> Toy {
    Toy::at(&server.url).without_credentials().replaying(Replay::Never)
}

fn stored(server: &Server, store: &Moody, clock: &ManualClock) -> Builder {
    TokenSource::builder(toy(server)).store(store.clone()).clock(clock)
}

#[twin::test(flavor = "multi_thread")]
async fn a_token_of_another_process_counts_as_stored_and_a_session_that_ends_needs_a_sign_in() {
    let (server, store, clock) = (Server::rotating(3_600), Moody::new(), Clock::manual(START));
    let meters = Meters::new("session");
    let other = stored(&server, &store, &clock).build().unwrap();
    let source = stored(&server, &store, &clock).observer(meters.observer()).build().unwrap();
    let awaiting = |reason: &str| {
        of(&meters.measured(), &format!("wellspring_sessions_awaiting_sign_in{{reason=\"{reason}\"}}"))
    };
    source.token().await.unwrap_err();
    assert_eq!(awaiting("not_signed_in"), 1.0);
    // Another process signs in. This one sees it in the store.
    other.sign_in(code()).await.unwrap();
    clock.advance(s(2));
    source.token().await.unwrap();
    assert_eq!(awaiting("not_signed_in"), 0.0);
    // The user signs in here, and out.
    source.sign_in(code()).await.unwrap();
    source.sign_out().await.unwrap();
    assert_eq!(awaiting("logged_out"), 1.0);
    source.sign_in(code()).await.unwrap();
    assert_eq!(awaiting("logged_out"), 0.0);
    drop((source, other));
    are(
        &meters.measured(),
        &[
            ("wellspring_acquisition_errors_total{reason=\"not_signed_in\"}", 1.0),
            ("wellspring_acquisitions_total{source=\"stored\"}", 1.0),
            ("wellspring_renewal_duration_seconds_count{outcome=\"stored\"}", 1.0),
            ("wellspring_renewal_duration_seconds_count{outcome=\"unsent\"}", 1.0),
            ("wellspring_renewals_total{outcome=\"stored\",reason=\"none\"}", 1.0),
            ("wellspring_renewals_total{outcome=\"unsent\",reason=\"not_signed_in\"}", 1.0),
            ("wellspring_sessions_ended_total{reason=\"logged_out\"}", 1.0),
            ("wellspring_sessions_ended_total{reason=\"not_signed_in\"}", 1.0),
            ("wellspring_sign_ins_total{outcome=\"succeeded\",reason=\"none\"}", 2.0),
            ("wellspring_token_remaining_lifetime_seconds_count", 1.0),
            ("wellspring_token_remaining_lifetime_seconds_sum", 3_598.0),
            ("wellspring_wait_duration_seconds_count", 2.0),
        ],
    );
}

#[twin::test(flavor = "multi_thread")]
async fn a_dead_session_is_counted_once_and_leaves_the_gauge_with_its_source() {
    let server = Server::start(|_, n| if n == 0 { granted(0) } else { Reply::status(400) });
    let (store, clock, meters) = (Moody::new(), Clock::manual(START), Meters::new("dead"));
    let source = stored(&server, &store, &clock).observer(meters.observer()).build().unwrap();
    source.sign_in(code()).await.unwrap();
    for _ in 0..3 {
        source.token().await.unwrap_err();
        clock.advance(s(5));
    }
    let measured = meters.measured();
    assert_eq!(of(&measured, "wellspring_sessions_awaiting_sign_in{reason=\"refused\"}"), 1.0);
    assert_eq!(of(&measured, "wellspring_sessions_ended_total{reason=\"refused\"}"), 1.0);
    assert_eq!(of(&measured, "wellspring_renewals_total{outcome=\"failed\",reason=\"refused\"}"), 1.0);
    assert_eq!(of(&measured, "wellspring_renewals_total{outcome=\"unsent\",reason=\"refused\"}"), 2.0);
    assert_eq!(of(&measured, "wellspring_pause_duration_seconds_count{reason=\"refused\"}"), 0.0);
    drop(source);
    let gone = || of(&meters.of_one(), "wellspring_sessions_awaiting_sign_in{reason=\"refused\"}") == 0.0;
    // The task of the renewal may hold the source a moment longer than its caller waits.
    eventually(gone).await;
    eventually(|| meters.agree()).await;
}

/// A token with a refresh token, for so long.
fn granted(lifetime: u64) -> Reply {
    let body = format!(r#"{{"access_token":"token-1","expires_in":{lifetime},"refresh_token":"refresh-1"}}"#);
    Reply::with(200, "", &body)
}

#[twin::test(flavor = "multi_thread")]
async fn a_spilled_token_is_counted_and_waits_until_the_store_has_it() {
    let (server, store, meters) = (Server::rotating(0), Moody::new(), Meters::new("spill"));
    let mut policy = Policy::default();
    policy.store_deadline = s(1);
    let builder = TokenSource::builder(toy(&server)).store(store.clone()).policy(policy);
    let source = builder.observer(meters.observer()).build().unwrap();
    source.sign_in(code()).await.unwrap();
    store.set(|moods| &moods.refuses_tokens, true);
    source.token().await.unwrap();
    let measured = meters.of_one();
    assert_eq!(of(&measured, "wellspring_store_spills_total"), 1.0);
    assert_eq!(of(&measured, "wellspring_store_waiting_spills"), 1.0);
    assert!(of(&measured, "wellspring_store_errors_total{operation=\"save\"}") >= 1.0);
    store.set(|moods| &moods.refuses_tokens, false);
    eventually(|| of(&meters.of_one(), "wellspring_store_waiting_spills") == 0.0).await;
    assert_eq!(of(&meters.of_one(), "wellspring_store_spills_total"), 1.0);
    store.set(|moods| &moods.refuses_loads, true);
    source.token().await.unwrap_err();
    assert!(of(&meters.of_one(), "wellspring_store_errors_total{operation=\"load\"}") >= 1.0);
    eventually(|| meters.agree()).await;
}

#[twin::test(flavor = "multi_thread")]
async fn callers_that_wait_for_another_callers_renewal_are_counted_as_such() {
    let ((server, gate), clock, meters) = (Server::gated(), Clock::manual(START), Meters::new("waited"));
    let builder = TokenSource::builder(Toy::at(&server.url)).clock(&clock);
    let source = builder.observer(meters.observer()).build().unwrap();
    assert_eq!(source.try_token().unwrap_err().kind(), ErrorKind::Busy);
    gate.arrived();
    let crowd: Vec<_> = (0..4)
        .map(|_| {
            let source = source.clone();
            spawn(async move { source.token().await.map(|_| ()) })
        })
        .collect();
    // The renewal may wait for the clock too.
    eventually(|| clock.waiting() >= 3).await;
    clock.advance(s(2));
    gate.open();
    for caller in crowd {
        join(caller).await.unwrap();
    }
    let measured = meters.measured();
    let waited = of(&measured, "wellspring_acquisitions_total{source=\"waited\"}");
    assert!(waited >= 2.0, "{measured:?}");
    assert_eq!(waited + of(&measured, "wellspring_acquisitions_total{source=\"held\"}"), 4.0);
    assert_eq!(of(&measured, "wellspring_wait_duration_seconds_count"), waited);
    assert!(of(&measured, "wellspring_wait_duration_seconds_sum") >= 4.0, "{measured:?}");
    assert_eq!(of(&measured, "wellspring_renewal_duration_seconds_sum{outcome=\"renewed\"}"), 2.0);
}

#[twin::test(flavor = "multi_thread")]
async fn a_renewal_that_waits_for_the_lease_of_another_measures_its_age() {
    let gate = Gate::default();
    let server = Server::rotating_for_each(3_600, Some(gate.clone()));
    let (store, clock, meters) = (Moody::new(), Clock::manual(START), Meters::new("lease"));
    let holder = stored(&server, &store, &clock).build().unwrap();
    let source = stored(&server, &store, &clock).observer(meters.observer()).build().unwrap();
    holder.sign_in(code()).await.unwrap();
    clock.advance(s(3_600));
    let renewing = spawn(async move { holder.token().await.map(|_| ()) });
    gate.arrived();
    clock.advance(s(7));
    let waiting = spawn(async move { source.token().await.map(|_| ()) });
    eventually(|| of(&meters.of_one(), "wellspring_lease_age_seconds_count") >= 1.0).await;
    gate.open();
    join(renewing).await.unwrap();
    join(waiting).await.unwrap();
    let measured = meters.measured();
    let looks = of(&measured, "wellspring_lease_age_seconds_count");
    assert_eq!(of(&measured, "wellspring_lease_age_seconds_sum"), 7.0 * looks);
    assert_eq!(of(&measured, "wellspring_acquisitions_total{source=\"stored\"}"), 1.0);
}

/// Remembers what it was told.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<(String, Observation)>>>);

impl Observer for Notes {
    fn observe(&self, provider: &str, observation: &Observation) {
        self.0.lock().unwrap().push((provider.to_owned(), observation.clone()));
    }
}

impl Notes {
    fn told(&self) -> Vec<Observation> {
        self.0.lock().unwrap().iter().map(|(_, observation)| observation.clone()).collect()
    }
}

#[twin::test(flavor = "multi_thread")]
async fn the_users_of_a_pool_share_its_observer_and_none_of_them_is_a_label() {
    let (server, store, clock) = (Server::rotating_for_each(3_600, None), Moody::new(), Clock::manual(START));
    let (meters, notes, url) = (Meters::new("pool"), Notes::default(), server.url.clone());
    let for_user = move |user: &str| Toy::at(&url).without_credentials().of_user(user);
    for pool in [
        stored(&server, &store, &clock).observer(meters.observer()).pool(for_user.clone()).unwrap(),
        stored(&server, &store, &clock).observer(notes.clone()).pool(for_user).unwrap(),
    ] {
        for user in ["canary-ann", "canary-bob"] {
            let source = pool.source(user).unwrap();
            source.sign_in(code()).await.unwrap();
            source.token().await.unwrap();
        }
    }
    let measured = meters.measured();
    assert_eq!(of(&measured, "wellspring_sign_ins_total{outcome=\"succeeded\",reason=\"none\"}"), 2.0);
    assert_eq!(of(&measured, "wellspring_acquisitions_total{source=\"held\"}"), 2.0);
    assert!(!Meters::text().contains("canary"), "{}", Meters::text());
    let providers: Vec<_> = notes.0.lock().unwrap().iter().map(|(provider, _)| provider.clone()).collect();
    assert!(providers.len() >= 4 && providers.iter().all(|provider| provider == "toy"), "{providers:?}");
    assert!(!format!("{:?}", notes.told()).contains("canary"));
}

/// Every word that a label may have.
fn words() -> Vec<&'static str> {
    let mut words = vec!["none", "load", "save", "watch", "spill", "forget"];
    words.extend(Acquisition::ALL.iter().map(|label| label.as_str()));
    words.extend(RenewalOutcome::ALL.iter().map(|label| label.as_str()));
    words.extend(SignInOutcome::ALL.iter().map(|label| label.as_str()));
    words.extend(RejectionAnswer::ALL.iter().map(|label| label.as_str()));
    words.extend(FailureReason::ALL.iter().map(|label| label.as_str()));
    words
}

#[twin::test(flavor = "multi_thread")]
async fn a_hostile_server_makes_no_label_and_no_secret_gets_into_one() {
    let simulator = Simulator::builder().start().unwrap();
    let meters = Meters::new("hostile");
    let url = format!("{}/api/oauth2/token?canary=canary", simulator.url());
    for (n, fault) in [
        Fault::oauth_error(401, "invalid_client"),
        Fault::oauth_error(400, "canary\"} 1\nwellspring_canary{user=\"ann"),
        Fault::oauth_error(400, &"canary".repeat(9_999)),
        Fault::raw(200, "canary/canary", b"canary"),
        Fault::raw(403, "text/html", b"<html>canary</html>"),
        Fault::status(599),
        Fault::status(503).and(Fault::header("Retry-After", "canary")),
        Fault::member("token_type", "\"canary\""),
        Fault::member("expires_in", "\"canary\""),
        Fault::member("scope", "\"canary\""),
    ]
    .into_iter()
    .enumerate()
    {
        simulator.fault(Endpoint::ClientCredentialsGrant, fault);
        let app = App::client_credentials(&url, "client_abc123def456", "secret_xyz789uvw012");
        let source = TokenSource::builder(app.build().unwrap()).observer(meters.observer()).build().unwrap();
        let result = source.token().await;
        assert_eq!(simulator.asked(Endpoint::ClientCredentialsGrant), n as u64 + 1, "{result:?}");
    }
    // A source of a session, whose tokens and secrets are canaries too.
    let server = Server::start(|request, _| match request.path() {
        "/token" => Reply::with(
            200,
            "",
            r#"{"access_token":"canary-access","expires_in":0,"refresh_token":"canary-refresh"}"#,
        ),
        _ => Reply::with(401, "WWW-Authenticate: Bearer error=\"canary\"\r\n", "canary"),
    });
    assert!(SECRET.contains("canary"));
    let source = TokenSource::builder(Toy::at(&server.url)).observer(meters.observer()).build().unwrap();
    let request = http::Request::get(format!("{}/canary", server.url)).body(()).unwrap();
    let _ = source.send(request).await;
    let response = TokenResponse::new(AccessToken::new("canary"))
        .with_lifetime(s(60))
        .with_refresh_token(RefreshToken::new("canary"));
    source.adopt(response).unwrap();
    source.token().await.unwrap();

    let measured = meters.measured();
    let known = words();
    for series in measured.keys() {
        let (_, labels) = series.split_once('{').unwrap_or_default();
        let values = labels.split('"').skip(1).step_by(2);
        values.for_each(|value| assert!(known.contains(&value), "{series}"));
    }
    assert!(measured.len() < 60, "{measured:?}");
    assert!(of(&measured, "wellspring_renewals_total{outcome=\"failed\",reason=\"misconfigured\"}") >= 1.0);
    let text = Meters::text();
    assert!(
        !text.contains("canary") && !text.contains("127.0.0.1") && !text.contains("client_abc"),
        "{text}"
    );
}

#[twin::test(flavor = "multi_thread")]
async fn the_end_of_the_client_certificate_is_measured_with_each_renewal() {
    use crate::twins::client_settings::tls_libraries;

    let _ = tls_libraries();
    let simulator = Simulator::builder().mutual_tls().start().unwrap();
    let identity = simulator.identity().unwrap();
    let tls = crate::driver::transport::Tls::new()
        .certificate_authority(identity.ca_pem.clone())
        .client_certificate(identity.client_certificate_pem.clone(), identity.client_key_pem.clone());
    let expires = tls.certificate_info().unwrap().unwrap().valid_until.as_secs();
    let meters = Meters::new("certificate");
    let url = format!("{}/api/oauth2/token", simulator.url());
    let app = App::client_credentials(url, "client_abc123def456", "secret_xyz789uvw012").build().unwrap();
    let source = TokenSource::builder(app).tls(tls).observer(meters.observer()).build().unwrap();
    source.token().await.unwrap();
    let measured = meters.measured();
    let seconds = of(&measured, "wellspring_client_certificate_expiry_timestamp_seconds");
    assert_eq!(seconds.to_string(), expires.to_string());
}

#[twin::test(flavor = "multi_thread")]
async fn a_token_that_is_due_is_held_and_its_renewal_counts_for_no_caller() {
    let (server, clock, notes) = (Server::granting(), Clock::manual(START), Notes::default());
    let builder = TokenSource::builder(Toy::at(&server.url)).clock(&clock);
    let source = builder.observer(notes.clone()).build().unwrap();
    source.token().await.unwrap();
    clock.advance(s(3_500));
    assert!(source.try_token().is_ok());
    let ended = |told: &&Observation| matches!(told, Observation::RenewalEnded { .. });
    eventually(|| notes.told().iter().filter(ended).count() == 2).await;
    let told = notes.told();
    let acquired = |told: &Observation| match told {
        Observation::Acquired { source, remaining, waited, .. } => Some((*source, *remaining, *waited)),
        _ => None,
    };
    let acquired: Vec<_> = told.iter().filter_map(acquired).collect();
    assert_eq!(
        acquired,
        [
            (Acquisition::Renewed, Some(s(3_600)), Some(Duration::ZERO)),
            (Acquisition::Held, Some(s(100)), None),
        ]
    );
}
