//! Both metrics libraries at once, and what they have measured: the same, or the test fails.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

use crate::driver::transport::{INSTRUMENTS, MetricsObserver, Observation, Observer, OpenTelemetryObserver};

/// Values by the Prometheus name with its labels, without the label of the provider: `name{a="b",c="d"}`.
pub(crate) type Measured = BTreeMap<String, f64>;

/// The exporters of one test. Its sources have this name as their label.
pub(crate) struct Meters {
    name: &'static str,
    exporter: InMemoryMetricExporter,
    provider: SdkMeterProvider,
}

struct Both(MetricsObserver, OpenTelemetryObserver);

impl Observer for Both {
    fn observe(&self, provider: &str, observation: &Observation) {
        self.0.observe(provider, observation);
        self.1.observe(provider, observation);
    }
}

/// The exporter of the process, which every test uses under a name of its own.
fn prometheus() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let histograms = INSTRUMENTS.iter().filter(|metric| !metric.buckets.is_empty());
        let builder = histograms.fold(PrometheusBuilder::new(), |builder, metric| {
            let matcher = Matcher::Full(metric.prometheus.to_owned());
            builder.set_buckets_for_metric(matcher, metric.buckets).unwrap()
        });
        builder.install_recorder().unwrap()
    })
}

impl Meters {
    pub(crate) fn new(name: &'static str) -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        Self { name, exporter, provider: SdkMeterProvider::builder().with_reader(reader).build() }
    }

    pub(crate) fn observer(&self) -> impl Observer + 'static {
        prometheus();
        let meter = self.provider.meter("test");
        Both(MetricsObserver::named(self.name), OpenTelemetryObserver::named(&meter, self.name))
    }

    /// All that was measured and is not zero. Both libraries have measured the same.
    pub(crate) fn measured(&self) -> Measured {
        let (one, other) = (self.of_prometheus(), self.of_opentelemetry());
        assert_eq!(one, other);
        one
    }

    /// Whether both have measured the same by now, while other threads may measure.
    pub(crate) fn agree(&self) -> bool {
        self.of_prometheus() == self.of_opentelemetry()
    }

    /// What one of them has measured, while other threads may measure.
    pub(crate) fn of_one(&self) -> Measured {
        self.of_prometheus()
    }

    /// The text for a scraper, of all tests.
    pub(crate) fn text() -> String {
        prometheus().render()
    }

    fn of_prometheus(&self) -> Measured {
        let text = Self::text();
        let own = format!("provider=\"{}\"", self.name);
        let mut all = Measured::new();
        for line in text.lines().filter(|line| line.contains(&own) && !line.contains("_bucket{")) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap();
            let labels = labels.split(',').filter(|label| *label != own).map(str::to_owned).collect();
            all.insert(key(name, labels), value.parse().unwrap());
        }
        not_zero(all)
    }

    fn of_opentelemetry(&self) -> Measured {
        self.provider.force_flush().unwrap();
        let exported = self.exporter.get_finished_metrics().unwrap();
        let mut all = Measured::new();
        let Some(last) = exported.last() else { return all };
        for metric in last.scope_metrics().flat_map(|scope| scope.metrics()) {
            let named = INSTRUMENTS.iter().find(|it| it.name == metric.name()).unwrap();
            assert_eq!((metric.unit(), metric.description()), (named.unit, named.description));
            let name = named.prometheus;
            match metric.data() {
                AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                    for point in sum.data_points() {
                        all.insert(key(name, labels(point.attributes())), number(point.value()));
                    }
                }
                AggregatedMetrics::I64(MetricData::Sum(sum)) => {
                    for point in sum.data_points() {
                        all.insert(key(name, labels(point.attributes())), number(point.value()));
                    }
                }
                AggregatedMetrics::U64(MetricData::Gauge(gauge)) => {
                    for point in gauge.data_points() {
                        all.insert(key(name, labels(point.attributes())), number(point.value()));
                    }
                }
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                    for point in histogram.data_points() {
                        assert!(point.bounds().eq(named.buckets.iter().copied()), "{name}");
                        let of = |part: &str| key(&format!("{name}_{part}"), labels(point.attributes()));
                        all.insert(of("count"), number(point.count()));
                        all.insert(of("sum"), point.sum());
                    }
                }
                data => panic!("{name}: {data:?}"),
            }
        }
        not_zero(all)
    }
}

/// An exporter may show a series that was never counted, and may add up in another order.
fn not_zero(all: Measured) -> Measured {
    let rounded = all.into_iter().map(|(series, value)| (series, (value * 1e6).round() / 1e6));
    rounded.filter(|(_, value)| *value != 0.0).collect()
}

fn number(value: impl ToString) -> f64 {
    value.to_string().parse().unwrap()
}

/// The attributes besides the provider's.
fn labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> Vec<String> {
    attributes
        .filter(|attribute| attribute.key.as_str() != "provider")
        .map(|attribute| format!("{}=\"{}\"", attribute.key, attribute.value))
        .collect()
}

fn key(name: &str, mut labels: Vec<String>) -> String {
    labels.sort();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}
