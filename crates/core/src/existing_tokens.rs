//! Tokens that another program has obtained, to be brought along without a new sign-in.

use alloc::string::String;
use core::time::Duration;

use crate::members::Members;
use crate::record::Granted;
use crate::scope::Scope;
use crate::secret::{AccessToken, RefreshToken};
use crate::time::UnixTime;
use crate::token::{Successor, TokenResponse};

/// The tokens of a session that another program or another library has begun.
///
/// A session needs a refresh token. The access token comes with the time of its expiry; leave it out where that is not
/// known, and the first use of the session refreshes it.
///
/// ```
/// use core::time::Duration;
/// use std::time::SystemTime;
///
/// use wellspring_core::ExistingTokens;
///
/// let in_an_hour = SystemTime::now() + Duration::from_secs(3_600);
/// let tokens = ExistingTokens::new("the-refresh-token").with_access_token("the-access-token", in_an_hour);
/// assert_eq!(format!("{tokens:?}"), "ExistingTokens(..)");
/// ```
#[derive(Clone)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct ExistingTokens {
    refresh_token: RefreshToken,
    refresh_expiry: Option<UnixTime>,
    access_token: Option<(AccessToken, UnixTime)>,
    scope: Option<Scope>,
    members: Members,
}

impl ExistingTokens {
    /// A session with this refresh token.
    #[must_use]
    pub fn new(refresh_token: impl Into<RefreshToken>) -> Self {
        Self {
            refresh_token: refresh_token.into(),
            refresh_expiry: None,
            access_token: None,
            scope: None,
            members: Members::default(),
        }
    }

    /// The same session, whose access token is valid until this wall-clock time, such as a `SystemTime`. A time in the past
    /// leaves the access token out.
    #[must_use]
    pub fn with_access_token(
        mut self,
        access_token: impl Into<AccessToken>,
        expires_at: impl Into<UnixTime>,
    ) -> Self {
        self.access_token = Some((access_token.into(), expires_at.into()));
        self
    }

    /// The same session, whose refresh token is valid until this wall-clock time. Without it the lifetime is unknown.
    #[must_use]
    pub fn with_refresh_expiry(mut self, expires_at: impl Into<UnixTime>) -> Self {
        self.refresh_expiry = Some(expires_at.into());
        self
    }

    /// The same session, to which this scope was granted.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The same session, with this ID token.
    #[must_use]
    pub fn with_id_token(mut self, id_token: impl Into<String>) -> Self {
        // One that is too long is left out, as that of a response would be.
        let _ = self.members.insert_text("id_token", id_token);
        self
    }

    /// What is granted with these tokens now.
    pub(crate) fn granted(&self, now: UnixTime) -> Granted {
        let left = |until: UnixTime| Some(until.since(now)).filter(|left| !left.is_zero());
        let access = self.access_token.as_ref().and_then(|(token, until)| Some((token, left(*until)?)));
        let mut response = match access {
            Some((token, lifetime)) => TokenResponse::new(token.clone())
                .with_lifetime(lifetime)
                .with_refresh_token(self.refresh_token.clone()),
            None => TokenResponse::without_access_token(Successor::new(self.refresh_token.clone())),
        };
        response.refresh_lifetime = self.refresh_expiry.map(|until| left(until).unwrap_or(Duration::ZERO));
        response.scope.clone_from(&self.scope);
        response.members = self.members.clone();
        Granted::new(now, response)
    }
}

/// No token and no member is shown.
impl core::fmt::Debug for ExistingTokens {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ExistingTokens(..)")
    }
}
