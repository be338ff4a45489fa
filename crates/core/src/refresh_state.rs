//! What is known of a refresh token. It lives beside the access token, not in it: a 401 throws away the access token only.

use crate::members::Members;
use crate::record::Record;
use crate::scope::Scope;
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
    /// The scope that the sign-in asked for, where that is known.
    pub(crate) requested_scope: Option<Scope>,
    /// The members of the session's responses, which a refresh response need not repeat.
    pub(crate) members: Members,
    /// When it was first sent without a known fate.
    pub(crate) first_sent: Option<Instant>,
    /// How often it was sent again since then.
    pub(crate) replays: u32,
}

impl RefreshState {
    /// The refresh token in a record.
    pub(crate) fn of(record: &Record, now: Clocks) -> Option<Self> {
        let granted = record.granted()?;
        let token = granted.response.refresh_token.clone()?;
        let expires = granted.response.refresh_lifetime.map(|lifetime| {
            let unix = granted.obtained_at.plus(lifetime);
            Clocks { instant: now.instant_of(unix), unix }
        });
        Some(Self {
            token,
            expires,
            reusable: granted.reusable,
            requested_scope: granted.requested_scope.clone(),
            members: granted.response.members.clone(),
            first_sent: None,
            replays: 0,
        })
    }
}
