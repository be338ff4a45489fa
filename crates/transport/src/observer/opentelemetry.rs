//! The hook for the meter of the crate `opentelemetry`, whose exporter the program chooses.

use core::time::Duration;
use std::sync::Arc;

use ::opentelemetry::KeyValue;
use ::opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};

use super::by_provider::ByProvider;
use super::instruments::{
    ACQUISITION_ERRORS, ACQUISITIONS, CERTIFICATE_EXPIRY, Instrument, LEASE_AGE, PAUSE_DURATION,
    REMAINING_LIFETIME, RENEWAL_DURATION, RENEWALS, SESSIONS_AWAITING_SIGN_IN, SESSIONS_ENDED, SIGN_INS,
    STORE_ERRORS, STORE_SPILLS, STORE_WAITING_SPILLS, TOKEN_REJECTIONS, WAIT_DURATION,
};
use super::{Acquisition, FailureReason, Observation, Observer};

/// Reports to a meter of OpenTelemetry, under the OpenTelemetry names of [`INSTRUMENTS`](crate::INSTRUMENTS).
///
/// ```
/// use wellspring_transport::{Observation, Observer, OpenTelemetryObserver};
///
/// // The program has set its meter provider before: `opentelemetry::global::set_meter_provider(..)`.
/// let observer = OpenTelemetryObserver::named(&opentelemetry::global::meter("my-service"), "billing");
/// observer.observe("oauth2-app", &Observation::TokenSpilled);
/// ```
pub struct OpenTelemetryObserver {
    instruments: Instruments,
    providers: ByProvider<Attributes>,
}

struct Instruments {
    acquisitions: Counter<u64>,
    acquisition_errors: Counter<u64>,
    remaining_lifetime: Histogram<f64>,
    wait_duration: Histogram<f64>,
    renewals: Counter<u64>,
    renewal_duration: Histogram<f64>,
    sign_ins: Counter<u64>,
    pause_duration: Histogram<f64>,
    sessions_ended: Counter<u64>,
    sessions_awaiting_sign_in: UpDownCounter<i64>,
    token_rejections: Counter<u64>,
    store_errors: Counter<u64>,
    store_spills: Counter<u64>,
    store_waiting_spills: UpDownCounter<i64>,
    lease_age: Histogram<f64>,
    certificate_expiry: Gauge<u64>,
}

/// The attributes of a provider, and those of each way to its tokens.
struct Attributes {
    provider: KeyValue,
    acquisitions: Vec<[KeyValue; 2]>,
}

impl OpenTelemetryObserver {
    /// Its metrics have the attribute `provider` with the name of the provider, such as `oauth2-app`.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self::with(meter, None)
    }

    /// Its metrics have the attribute `provider` with this name, such as that of a profile. Programs with several sources
    /// of one kind tell them apart by it. It is no place for the id of a user.
    #[must_use]
    pub fn named(meter: &Meter, name: &str) -> Self {
        Self::with(meter, Some(name))
    }

    fn with(meter: &Meter, name: Option<&str>) -> Self {
        Self { instruments: Instruments::of(meter), providers: ByProvider::new(name) }
    }
}

impl Instruments {
    fn of(meter: &Meter) -> Self {
        macro_rules! build {
            ($method:ident, $instrument:expr) => {
                meter
                    .$method($instrument.name)
                    .with_unit($instrument.unit)
                    .with_description($instrument.description)
                    .build()
            };
        }
        let counter = |it: Instrument| build!(u64_counter, it);
        let up_down = |it: Instrument| build!(i64_up_down_counter, it);
        let histogram = |it: Instrument| {
            let builder = meter.f64_histogram(it.name).with_boundaries(it.buckets.to_vec());
            builder.with_unit(it.unit).with_description(it.description).build()
        };
        Self {
            acquisitions: counter(ACQUISITIONS),
            acquisition_errors: counter(ACQUISITION_ERRORS),
            remaining_lifetime: histogram(REMAINING_LIFETIME),
            wait_duration: histogram(WAIT_DURATION),
            renewals: counter(RENEWALS),
            renewal_duration: histogram(RENEWAL_DURATION),
            sign_ins: counter(SIGN_INS),
            pause_duration: histogram(PAUSE_DURATION),
            sessions_ended: counter(SESSIONS_ENDED),
            sessions_awaiting_sign_in: up_down(SESSIONS_AWAITING_SIGN_IN),
            token_rejections: counter(TOKEN_REJECTIONS),
            store_errors: counter(STORE_ERRORS),
            store_spills: counter(STORE_SPILLS),
            store_waiting_spills: up_down(STORE_WAITING_SPILLS),
            lease_age: histogram(LEASE_AGE),
            certificate_expiry: build!(u64_gauge, CERTIFICATE_EXPIRY),
        }
    }
}

impl Observer for OpenTelemetryObserver {
    fn observe(&self, provider: &str, observation: &Observation) {
        self.providers.with(provider, Attributes::new, |attributes| {
            self.instruments.record(attributes, observation);
        });
    }
}

impl Attributes {
    fn new(provider: &Arc<str>) -> Self {
        let provider = KeyValue::new("provider", Arc::clone(provider));
        let acquired = |source: &Acquisition| [provider.clone(), KeyValue::new("source", source.as_str())];
        let acquisitions = Acquisition::ALL.iter().map(acquired).collect();
        Self { provider, acquisitions }
    }

    /// The provider, and these values of the instrument's own attributes.
    fn with<const N: usize>(&self, instrument: &Instrument, values: [&'static str; N]) -> Vec<KeyValue> {
        let own = instrument.labels.iter().zip(values);
        core::iter::once(self.provider.clone())
            .chain(own.map(|(name, value)| KeyValue::new(*name, value)))
            .collect()
    }
}

impl Instruments {
    fn record(&self, attributes: &Attributes, observation: &Observation) {
        let provider = core::slice::from_ref(&attributes.provider);
        match *observation {
            Observation::Acquired { source, remaining, waited } => {
                if let Some(attributes) = attributes.acquisitions.get(source as usize) {
                    self.acquisitions.add(1, attributes);
                }
                record(&self.remaining_lifetime, remaining, provider);
                record(&self.wait_duration, waited, provider);
            }
            Observation::NotAcquired { reason, waited } => {
                let attributes = attributes.with(&ACQUISITION_ERRORS, [reason.as_str()]);
                self.acquisition_errors.add(1, &attributes);
                record(&self.wait_duration, waited, provider);
            }
            Observation::RenewalEnded { outcome, reason, took } => {
                self.renewals.add(1, &attributes.with(&RENEWALS, [outcome.as_str(), word(reason)]));
                let attributes = attributes.with(&RENEWAL_DURATION, [outcome.as_str()]);
                record(&self.renewal_duration, Some(took), &attributes);
            }
            Observation::SignInEnded { outcome, reason } => {
                self.sign_ins.add(1, &attributes.with(&SIGN_INS, [outcome.as_str(), word(reason)]));
            }
            Observation::PauseOpened { reason, length } => {
                let attributes = attributes.with(&PAUSE_DURATION, [reason.as_str()]);
                record(&self.pause_duration, Some(length), &attributes);
            }
            Observation::SignInNeeded { before, now } => {
                let of = |reason: FailureReason| attributes.with(&SESSIONS_ENDED, [reason.as_str()]);
                if let Some(before) = before {
                    self.sessions_awaiting_sign_in.add(-1, &of(before));
                }
                if let Some(now) = now {
                    self.sessions_awaiting_sign_in.add(1, &of(now));
                    self.sessions_ended.add(1, &of(now));
                }
            }
            Observation::TokenRejected { answer } => {
                self.token_rejections.add(1, &attributes.with(&TOKEN_REJECTIONS, [answer.as_str()]));
            }
            Observation::StoreFailed { operation } => {
                self.store_errors.add(1, &attributes.with(&STORE_ERRORS, [operation]));
            }
            Observation::TokenSpilled => self.store_spills.add(1, provider),
            Observation::SpillWaits { waits } => {
                self.store_waiting_spills.add(if waits { 1 } else { -1 }, provider);
            }
            Observation::LeaseWatched { age } => record(&self.lease_age, Some(age), provider),
            Observation::CertificateUsed { expires } => {
                self.certificate_expiry.record(expires.as_secs(), provider);
            }
        }
    }
}

fn record(histogram: &Histogram<f64>, time: Option<Duration>, attributes: &[KeyValue]) {
    if let Some(time) = time {
        histogram.record(time.as_secs_f64(), attributes);
    }
}

/// The attribute of a reason, which a success has none of.
fn word(reason: Option<FailureReason>) -> &'static str {
    reason.map_or("none", FailureReason::as_str)
}

impl core::fmt::Debug for OpenTelemetryObserver {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OpenTelemetryObserver").finish_non_exhaustive()
    }
}
