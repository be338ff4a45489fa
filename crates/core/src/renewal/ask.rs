//! Asking a store that may fail: what is asked, how often and until when.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::time::Duration;

use crate::error::TokenError;
use crate::store::StoreError;
use crate::time::{Clocks, Instant};

use super::operation::Save;

/// What a phase asks the store before it continues.
pub(super) enum Ask<P> {
    /// The record.
    Load(P),
    /// The record, at this instant.
    LoadAt(Instant, P),
    /// To save, until this instant.
    Save(Save, Instant, P),
}

/// How often and until when a store that fails is asked.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(super) struct Retry {
    end: Instant,
    tries: u32,
}

const FIRST_NAP: Duration = Duration::from_millis(50);
const LONGEST_NAP: Duration = Duration::from_secs(30);

impl Retry {
    pub(super) const fn until(end: Instant) -> Self {
        Self { end, tries: 0 }
    }

    /// The same tries, without an end.
    pub(super) const fn endless(self) -> Self {
        Self { end: Instant::NEVER, ..self }
    }

    pub(super) const fn end(&self) -> Instant {
        self.end
    }

    /// When to ask again after this failure. `None` when that is of no use, or the time is up.
    pub(super) fn after(&mut self, error: &StoreError, now: Clocks) -> Option<Instant> {
        self.tries = self.tries.saturating_add(1);
        (!error.is_permanent() && now.instant < self.end).then(|| self.next(now))
    }

    /// When to ask again: a little later for each time the store was asked before, and never after the end.
    pub(super) fn next(&self, now: Clocks) -> Instant {
        let nap = FIRST_NAP.saturating_mul(1 << self.tries.min(16)).min(LONGEST_NAP);
        now.instant.plus(nap).min(self.end)
    }
}

/// The error of a store, with what was done and what was not.
pub(crate) fn store_error(text: &str, error: &StoreError) -> TokenError {
    let text: String = [text, ": ", &error.to_string()].concat();
    TokenError::store(text, !error.is_permanent()).with_source(Arc::new(error.clone()))
}
