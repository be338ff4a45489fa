//! Detects whether a caller has started a renewal, by the event that its own thread or task reports.
//!
//! A request for a newer token could not detect that: it would itself start the missing renewal.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// Detects whether a caller has started a renewal.
#[derive(Debug)]
pub(crate) struct Starts {
    heard: Arc<AtomicBool>,
    /// Callers send their events to this.
    pub(crate) dispatch: Dispatch,
}

impl Starts {
    pub(crate) fn new() -> Self {
        let heard = Arc::new(AtomicBool::new(false));
        let dispatch = Dispatch::new(Listener(Arc::clone(&heard)));
        Self { heard, dispatch }
    }

    /// Whether a renewal was started since the last call.
    pub(crate) fn take(&self) -> bool {
        self.heard.swap(false, Ordering::AcqRel)
    }
}

struct Listener(Arc<AtomicBool>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "wellspring" && metadata.name() == "renewal.started"
    }

    fn event(&self, _: &Event<'_>) {
        self.0.store(true, Ordering::Release);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
