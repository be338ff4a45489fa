//! The names of all metrics, their units and their labels: one table, for both libraries, the book and the board.
//!
//! Names follow the conventions of OpenTelemetry and Prometheus: base units, and a Prometheus name that is the
//! OpenTelemetry name with its unit and, for a counter, `_total`.

/// What an instrument measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstrumentKind {
    /// A sum that only grows.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// A distribution.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Instrument {
    /// The name in OpenTelemetry.
    pub name: &'static str,
    /// The name in Prometheus.
    pub prometheus: &'static str,
    /// What it measures.
    pub kind: InstrumentKind,
    /// The unit, after the Unified Code for Units of Measure: `s`, or an annotation such as `{renewal}`.
    pub unit: &'static str,
    /// The labels besides `provider`.
    pub labels: &'static [&'static str],
    /// One sentence.
    pub description: &'static str,
    /// The upper bounds of the buckets of a histogram.
    pub buckets: &'static [f64],
}

/// For durations of calls and waits.
const CALL_SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// For lifetimes and pauses: a second to a day.
const LIFE_SECONDS: &[f64] = &[
    1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 86_400.0,
];

macro_rules! instruments {
    ($(#[doc = $doc:literal] $constant:ident: $kind:ident, $name:literal, $prometheus:literal, $unit:literal,
        $labels:expr, $buckets:expr;)+) => {
        $(
            #[doc = $doc]
            pub(crate) const $constant: Instrument = Instrument {
                name: $name,
                prometheus: $prometheus,
                kind: InstrumentKind::$kind,
                unit: $unit,
                labels: &$labels,
                description: $doc.trim_ascii_start(),
                buckets: $buckets,
            };
        )+

        /// Every metric.
        pub const INSTRUMENTS: &[Instrument] = &[$($constant),+];
    };
}

instruments! {
    /// Callers that got a token, by where it came from.
    ACQUISITIONS: Counter, "wellspring.acquisitions", "wellspring_acquisitions_total", "{acquisition}", ["source"], &[];
    /// Callers that got an error.
    ACQUISITION_ERRORS: Counter, "wellspring.acquisition.errors", "wellspring_acquisition_errors_total", "{error}", ["reason"], &[];
    /// How long tokens stayed in force when they were handed out.
    REMAINING_LIFETIME: Histogram, "wellspring.token.remaining_lifetime", "wellspring_token_remaining_lifetime_seconds", "s", [], LIFE_SECONDS;
    /// How long callers waited, of those that waited.
    WAIT_DURATION: Histogram, "wellspring.wait.duration", "wellspring_wait_duration_seconds", "s", [], CALL_SECONDS;
    /// Renewals that have ended.
    RENEWALS: Counter, "wellspring.renewals", "wellspring_renewals_total", "{renewal}", ["outcome", "reason"], &[];
    /// How long renewals took, from the permit to the outcome.
    RENEWAL_DURATION: Histogram, "wellspring.renewal.duration", "wellspring_renewal_duration_seconds", "s", ["outcome"], CALL_SECONDS;
    /// Exchanges of new grants that have ended.
    SIGN_INS: Counter, "wellspring.sign_ins", "wellspring_sign_ins_total", "{sign_in}", ["outcome", "reason"], &[];
    /// How long the pauses after failures last, when they open.
    PAUSE_DURATION: Histogram, "wellspring.pause.duration", "wellspring_pause_duration_seconds", "s", ["reason"], LIFE_SECONDS;
    /// Sessions that came to need a sign-in.
    SESSIONS_ENDED: Counter, "wellspring.sessions.ended", "wellspring_sessions_ended_total", "{session}", ["reason"], &[];
    /// Sources of this process whose user has to sign in now.
    SESSIONS_AWAITING_SIGN_IN: Gauge, "wellspring.sessions.awaiting_sign_in", "wellspring_sessions_awaiting_sign_in", "{session}", ["reason"], &[];
    /// Tokens that APIs have refused.
    TOKEN_REJECTIONS: Counter, "wellspring.token.rejections", "wellspring_token_rejections_total", "{rejection}", ["answer"], &[];
    /// Operations on the store that have failed.
    STORE_ERRORS: Counter, "wellspring.store.errors", "wellspring_store_errors_total", "{error}", ["operation"], &[];
    /// Tokens that the store did not take and that were spilled.
    STORE_SPILLS: Counter, "wellspring.store.spills", "wellspring_store_spills_total", "{token}", [], &[];
    /// Sources of this process with a spilled token that waits for the store.
    STORE_WAITING_SPILLS: Gauge, "wellspring.store.waiting_spills", "wellspring_store_waiting_spills", "{token}", [], &[];
    /// How old the leases of other renewals were when a renewal began to wait for them.
    LEASE_AGE: Histogram, "wellspring.lease.age", "wellspring_lease_age_seconds", "s", [], CALL_SECONDS;
    /// When the client certificate expires, in seconds since 1970.
    CERTIFICATE_EXPIRY: Gauge, "wellspring.client_certificate.expiry_timestamp", "wellspring_client_certificate_expiry_timestamp_seconds", "s", [], &[];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_prometheus_is_the_name_in_opentelemetry_with_its_unit_and_total() {
        for instrument in INSTRUMENTS {
            let mut name = instrument.name.replace('.', "_");
            if instrument.unit == "s" {
                name += "_seconds";
            }
            if instrument.kind == InstrumentKind::Counter {
                name += "_total";
            }
            assert_eq!(instrument.prometheus, name);
            assert_eq!(
                instrument.kind == InstrumentKind::Histogram,
                !instrument.buckets.is_empty(),
                "{name}"
            );
            assert!(
                instrument.description.ends_with('.') && !instrument.description.starts_with(' '),
                "{name}"
            );
            assert!(instrument.buckets.is_sorted(), "{name}");
        }
    }
}
