//! A caller that asks for a token, as the observer of its source sees it.

use std::sync::Arc;

use wellspring_core::{Instant, Token, TokenError};

use crate::in_flight::InFlight;
use crate::observer::Acquisition;
use crate::shared::SharedLifecycle;

/// A caller that asks for a token. A caller that is cancelled is not observed.
#[must_use = "the observer is told when the caller is served"]
pub struct Caller<'a> {
    shared: &'a SharedLifecycle,
    /// `None` without an observer.
    asked: Option<Instant>,
    way: Way,
}

/// How a caller gets its token.
enum Way {
    Held,
    Renews(Arc<InFlight>),
    Waits,
}

impl<'a> Caller<'a> {
    /// A caller that asks now.
    pub fn new(shared: &'a SharedLifecycle) -> Self {
        let asked = shared.is_observed().then(|| shared.clock.now().instant);
        Self { shared, asked, way: Way::Held }
    }

    /// The caller has started this renewal and waits for it.
    pub fn renews(&mut self, in_flight: &Arc<InFlight>) {
        if self.asked.is_some() {
            self.way = Way::Renews(Arc::clone(in_flight));
        }
    }

    /// The caller waits for another caller's renewal or for the end of a pause.
    pub fn waits(&mut self) {
        self.way = Way::Waits;
    }

    /// The caller is served.
    pub fn end(self, result: &Result<Token, TokenError>) {
        self.shared.rest();
        let Some(asked) = self.asked else { return };
        let source = match &self.way {
            Way::Held => Acquisition::Held,
            Way::Renews(in_flight) if in_flight.is_from_store() => Acquisition::Stored,
            Way::Renews(_) => Acquisition::Renewed,
            Way::Waits => Acquisition::Waited,
        };
        let waited = self.shared.clock.now().instant.since(asked);
        self.shared.acquired(source, result.as_ref(), (source != Acquisition::Held).then_some(waited));
    }
}

crate::debug_fields!(['a] Caller<'a>, |caller| asked: caller.asked);
