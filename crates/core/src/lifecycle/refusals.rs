//! How often tokens were refused in a row.

use crate::time::Instant;

/// Tokens refused soon after their issue, in a row.
#[derive(Debug, Default)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Refusals {
    pub(super) in_a_row: u32,
    pub(super) pause_until: Instant,
}
