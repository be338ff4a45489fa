//! The events of a source, by their stable names, and what they never hold.

use core::fmt::{self, Write};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use wellspring_core::{
    AccessToken, Deviation, Generation, Policy, RefreshToken, Rejected, TokenError, TokenResponse,
};
use wellspring_transport::{Clock, Scripted, SharedLifecycle, events};

/// Keeps each event as one line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "wellspring"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().name().to_owned());
        event.record(&mut line);
        self.0.lock().expect("no test panics in here").push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn each_event_has_its_name_and_none_holds_a_secret() {
    let lines = Lines::default();
    let _default = tracing::subscriber::set_default(lines.clone());
    let granted = TokenResponse::new(AccessToken::new("canary"))
        .with_lifetime(Duration::from_secs(60))
        .with_refresh_token(RefreshToken::new("canary"));
    let life = SharedLifecycle::new(Scripted::new([]), Policy::default(), 7, Clock::system(), None);
    let token = life.adopt(granted).unwrap();
    assert!(matches!(life.reject(token.generation()), Rejected::Renew));
    drop(life.ask_at_once(Ok(())));
    events::renewal_renewed("scripted", &token);
    events::send_retried("scripted", Generation::new(2));
    events::deviation("scripted", Deviation::ByteOrderMark);
    events::renewal_failed("scripted", &TokenError::busy("wait"));

    let lines = lines.0.lock().unwrap();
    let names: Vec<_> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "token.rejected",
            "renewal.started",
            "renewal.failed",
            "renewal.renewed",
            "send.retried",
            "deviation",
            "renewal.failed",
        ]
    );
    assert!(lines[3].contains("generation=1") && lines[3].contains("lifetime=60"), "{}", lines[3]);
    assert!(lines.iter().all(|line| !line.contains("canary")), "{lines:?}");
}
