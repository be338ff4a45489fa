//! What is known of a refresh token. It lives beside the access token, not in it: a 401 throws away the access token only.

use crate::secret::RefreshToken;
use crate::time::{Clocks, Instant};

/// A refresh token and what is known of its fate.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(crate) struct RefreshState {
    pub(crate) token: RefreshToken,
    pub(crate) expires: Option<Clocks>,
    /// A refresh has shown that the token survives its use.
    pub(crate) reusable: bool,
    /// When it was first sent without a known fate.
    pub(crate) first_sent: Option<Instant>,
    /// How often it was sent again since then.
    pub(crate) replays: u32,
}
