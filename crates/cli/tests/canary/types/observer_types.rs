//! What an observer is told of a source that holds secrets, and the observers of the metrics libraries.

use std::sync::{Arc, Mutex};

use wellspring_core::TokenError;
use wellspring_transport::{
    Acquisition, FailureReason, INSTRUMENTS, Instrument, InstrumentKind, MetricsObserver, Observation,
    Observer, OpenTelemetryObserver, RejectionAnswer, RenewalOutcome, SignInOutcome,
};
use wellspring_transport_blocking::TokenSource;

use super::core_types::response;
use super::{ACCESS, SECRET, Shown, show};

#[derive(Default)]
struct Notes(Mutex<Vec<Observation>>);

impl Observer for Notes {
    fn observe(&self, _: &str, observation: &Observation) {
        self.0.lock().unwrap().push(observation.clone());
    }
}

pub(crate) fn show_all(shown: &mut Shown) {
    let notes = Arc::new(Notes::default());
    let refused = TokenError::misconfigured("no").with_code(SECRET).with_description(ACCESS);
    let script = [Ok(response()), Err(refused.clone())];
    let source = TokenSource::scripted(script).observer(Arc::clone(&notes)).build().unwrap();
    let token = source.token().unwrap();
    source.try_token().unwrap();
    let _ = source.reject(token.generation());
    source.token().unwrap_err();
    let told = notes.0.lock().unwrap();
    assert!(told.len() > 4, "{told:?}");
    told.iter().for_each(|observation| shown.add::<Observation>(observation));
    show!(shown:
        Acquisition = Acquisition::Held;
        FailureReason = FailureReason::of(&refused);
        Instrument = INSTRUMENTS[0];
        InstrumentKind = InstrumentKind::Counter;
        MetricsObserver = MetricsObserver::named("billing");
        OpenTelemetryObserver = OpenTelemetryObserver::new(&opentelemetry::global::meter("canary"));
        RejectionAnswer = RejectionAnswer::Kept;
        RenewalOutcome = RenewalOutcome::Failed;
        SignInOutcome = SignInOutcome::Pending;
    );
}
