//! A service whose metrics Prometheus scrapes, and an observer of its own.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use wellspring::pix_bacen::Gateway;
use wellspring::{
    Clock, INSTRUMENTS, MetricsObserver, Observation, Observer, OpenTelemetryObserver, TokenSource,
};
use wellspring_simulator::{Endpoint, Fault, SimClock, Simulator};

const NOW: u64 = 1_700_000_000;

// ANCHOR: install
/// Installs the recorder. A histogram without buckets would become a summary, which cannot be added up over hosts.
fn install_recorder() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in INSTRUMENTS.iter().filter(|metric| !metric.buckets.is_empty()) {
        let name = Matcher::Full(metric.prometheus.to_owned());
        builder = builder.set_buckets_for_metric(name, metric.buckets)?;
    }
    builder.install_recorder()
}
// ANCHOR_END: install

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    // This program moves the clocks of the server and the client. A service leaves `.clock` out.
    let (server_clock, clock) = (SimClock::manual(NOW), Clock::manual(NOW));
    let simulator = Simulator::builder().clock(server_clock.clone()).start()?;
    let gateway = Gateway::base_url(simulator.url())?.credentials("your-client-id", "your-client-secret")?;

    // ANCHOR: observe
    let scraped = install_recorder()?;
    // After the recorder: what is measured before it is lost.
    let observer = MetricsObserver::named("bank");
    let source = TokenSource::builder(gateway.clone()).observer(observer).clock(&clock).build()?;
    // ANCHOR_END: observe

    source.token().await?;
    for _ in 0..3 {
        source.token().await?;
    }
    // The gateway is down when the token has expired.
    simulator.fault(Endpoint::Token, Fault::status(503));
    server_clock.advance(Duration::from_secs(3_600));
    clock.advance(Duration::from_secs(3_600));
    assert!(source.token().await.is_err());

    // ANCHOR: scrape
    // What the route `/metrics` of the service answers.
    let text = scraped.render();
    assert!(text.contains("wellspring_acquisitions_total{provider=\"bank\",source=\"held\"} 3"));
    assert!(text.contains("wellspring_acquisitions_total{provider=\"bank\",source=\"renewed\"} 1"));
    let failed = "wellspring_renewals_total{provider=\"bank\",outcome=\"failed\",reason=\"unavailable\"} 1";
    assert!(text.contains(failed));
    let remaining = "wellspring_token_remaining_lifetime_seconds_bucket{provider=\"bank\",le=\"3600\"} 4";
    assert!(text.contains(remaining));
    // ANCHOR_END: scrape

    // ANCHOR: opentelemetry
    // The meter provider that the program has set: `opentelemetry::global::set_meter_provider(..)`.
    let meter = opentelemetry::global::meter("billing-service");
    let observer = OpenTelemetryObserver::named(&meter, "bank");
    let exported = TokenSource::builder(gateway.clone()).observer(observer).build()?;
    // ANCHOR_END: opentelemetry
    exported.token().await?;

    // ANCHOR: own
    /// Counts the APIs' refusals of tokens.
    #[derive(Default)]
    struct Refusals(AtomicU64);

    impl Observer for Refusals {
        fn observe(&self, _provider: &str, observation: &Observation) {
            if let Observation::TokenRejected { .. } = observation {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    let refusals = Arc::new(Refusals::default());
    let source = TokenSource::builder(gateway).observer(Arc::clone(&refusals)).build()?;
    // ANCHOR_END: own
    let token = source.token().await?;
    let _ = source.reject(token.generation());
    assert_eq!(refusals.0.load(Ordering::Relaxed), 1);
    Ok(())
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
