//! The hook for the facade crate `metrics`, whose recorder the program chooses.

use std::sync::Arc;

use ::metrics::{Counter, Histogram, Label, Unit, counter, gauge, histogram};
use wellspring_core::UnixTime;

use super::by_provider::ByProvider;
use super::instruments::{
    ACQUISITION_ERRORS, ACQUISITIONS, CERTIFICATE_EXPIRY, INSTRUMENTS, Instrument, InstrumentKind, LEASE_AGE,
    PAUSE_DURATION, REMAINING_LIFETIME, RENEWAL_DURATION, RENEWALS, SESSIONS_AWAITING_SIGN_IN,
    SESSIONS_ENDED, SIGN_INS, STORE_ERRORS, STORE_SPILLS, STORE_WAITING_SPILLS, TOKEN_REJECTIONS,
    WAIT_DURATION,
};
use super::{Acquisition, FailureReason, Observation, Observer};

/// Reports to the recorder of the crate `metrics`, under the Prometheus names of
/// [`INSTRUMENTS`](crate::INSTRUMENTS).
///
/// Install the recorder first: what is measured before that is lost, as it is in every program that uses `metrics`.
///
/// ```
/// use wellspring_transport::{INSTRUMENTS, MetricsObserver, Observation, Observer};
///
/// // `PrometheusBuilder::new().install()?` or another recorder comes before this line.
/// let observer = MetricsObserver::named("billing");
/// observer.observe("oauth2-app", &Observation::TokenSpilled);
/// assert!(INSTRUMENTS.iter().any(|metric| metric.prometheus == "wellspring_store_spills_total"));
/// ```
pub struct MetricsObserver(ByProvider<Provider>);

/// What is kept of a provider: its label, and the handles of what each hand-out of a fresh token measures.
struct Provider {
    label: Arc<str>,
    acquisitions: Vec<Counter>,
    remaining: Histogram,
}

impl Default for MetricsObserver {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricsObserver {
    /// Its metrics have the label `provider` with the name of the provider, such as `oauth2-app`.
    #[must_use]
    pub fn new() -> Self {
        Self::with(None)
    }

    /// Its metrics have the label `provider` with this name, such as that of a profile. Programs with several sources of
    /// one kind tell them apart by it. It is no place for the id of a user.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::with(Some(name))
    }

    fn with(name: Option<&str>) -> Self {
        for instrument in INSTRUMENTS {
            describe(instrument);
        }
        Self(ByProvider::new(name))
    }
}

fn describe(instrument: &Instrument) {
    let (name, description) = (instrument.prometheus, instrument.description);
    let unit = if instrument.unit == "s" { Unit::Seconds } else { Unit::Count };
    match instrument.kind {
        InstrumentKind::Counter => ::metrics::describe_counter!(name, unit, description),
        InstrumentKind::Gauge => ::metrics::describe_gauge!(name, unit, description),
        InstrumentKind::Histogram => ::metrics::describe_histogram!(name, unit, description),
    }
}

impl Observer for MetricsObserver {
    fn observe(&self, provider: &str, observation: &Observation) {
        self.0.with(provider, Provider::new, |provider| provider.record(observation));
    }
}

impl Provider {
    fn new(label: &Arc<str>) -> Self {
        let provider = [Label::new("provider", Arc::clone(label))];
        let acquired = |source: &Acquisition| {
            let source = Label::from_static_parts("source", source.as_str());
            counter!(ACQUISITIONS.prometheus, vec![provider[0].clone(), source])
        };
        Self {
            acquisitions: Acquisition::ALL.iter().map(acquired).collect(),
            remaining: histogram!(REMAINING_LIFETIME.prometheus, provider.to_vec()),
            label: Arc::clone(label),
        }
    }

    /// The labels: the provider, and these values of the instrument's own labels.
    fn labels<const N: usize>(&self, instrument: &Instrument, values: [&'static str; N]) -> Vec<Label> {
        let provider = Label::new("provider", Arc::clone(&self.label));
        let own = instrument.labels.iter().zip(values);
        core::iter::once(provider)
            .chain(own.map(|(name, value)| Label::from_static_parts(name, value)))
            .collect()
    }

    fn count<const N: usize>(&self, counted: &Instrument, values: [&'static str; N]) {
        counter!(counted.prometheus, self.labels(counted, values)).increment(1);
    }

    fn change<const N: usize>(&self, changed: &Instrument, values: [&'static str; N], by: f64) {
        gauge!(changed.prometheus, self.labels(changed, values)).increment(by);
    }

    fn measure<const N: usize>(
        &self,
        measured: &Instrument,
        values: [&'static str; N],
        time: core::time::Duration,
    ) {
        histogram!(measured.prometheus, self.labels(measured, values)).record(time.as_secs_f64());
    }

    fn record(&self, observation: &Observation) {
        match *observation {
            Observation::Acquired { source, remaining, waited } => {
                if let Some(counter) = self.acquisitions.get(source as usize) {
                    counter.increment(1);
                }
                if let Some(remaining) = remaining {
                    self.remaining.record(remaining.as_secs_f64());
                }
                if let Some(waited) = waited {
                    self.measure(&WAIT_DURATION, [], waited);
                }
            }
            Observation::NotAcquired { reason, waited } => {
                self.count(&ACQUISITION_ERRORS, [reason.as_str()]);
                if let Some(waited) = waited {
                    self.measure(&WAIT_DURATION, [], waited);
                }
            }
            Observation::RenewalEnded { outcome, reason, took } => {
                self.count(&RENEWALS, [outcome.as_str(), word(reason)]);
                self.measure(&RENEWAL_DURATION, [outcome.as_str()], took);
            }
            Observation::SignInEnded { outcome, reason } => {
                self.count(&SIGN_INS, [outcome.as_str(), word(reason)]);
            }
            Observation::PauseOpened { reason, length } => {
                self.measure(&PAUSE_DURATION, [reason.as_str()], length);
            }
            Observation::SignInNeeded { before, now } => {
                if let Some(before) = before {
                    self.change(&SESSIONS_AWAITING_SIGN_IN, [before.as_str()], -1.0);
                }
                if let Some(now) = now {
                    self.change(&SESSIONS_AWAITING_SIGN_IN, [now.as_str()], 1.0);
                    self.count(&SESSIONS_ENDED, [now.as_str()]);
                }
            }
            Observation::TokenRejected { answer } => self.count(&TOKEN_REJECTIONS, [answer.as_str()]),
            Observation::StoreFailed { operation } => self.count(&STORE_ERRORS, [operation]),
            Observation::TokenSpilled => self.count(&STORE_SPILLS, []),
            Observation::SpillWaits { waits } => {
                self.change(&STORE_WAITING_SPILLS, [], if waits { 1.0 } else { -1.0 });
            }
            Observation::LeaseWatched { age } => self.measure(&LEASE_AGE, [], age),
            Observation::CertificateUsed { expires } => {
                let labels = self.labels(&CERTIFICATE_EXPIRY, []);
                gauge!(CERTIFICATE_EXPIRY.prometheus, labels).set(seconds(expires));
            }
        }
    }
}

/// The label of a reason, which a success has none of.
fn word(reason: Option<FailureReason>) -> &'static str {
    reason.map_or("none", FailureReason::as_str)
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
const fn seconds(time: UnixTime) -> f64 {
    time.as_secs() as f64
}

impl core::fmt::Debug for MetricsObserver {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MetricsObserver").finish_non_exhaustive()
    }
}
