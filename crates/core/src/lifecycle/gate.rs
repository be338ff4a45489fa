//! The gate in front of renewals, as far as renewals move it: open, busy, or shut after a failure.

use crate::error::TokenError;
use crate::time::{Instant, UnixTime};

#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) enum Gate {
    Open,
    Busy {
        number: u64,
    },
    /// Until this instant. The error names the store's own end of the pause where the store has one.
    Shut {
        until: Instant,
        retry_at: Option<UnixTime>,
        cause: TokenError,
    },
}

pub(crate) fn closed_error() -> TokenError {
    TokenError::unavailable("this source is closed and does not renew tokens: build a new one")
}
