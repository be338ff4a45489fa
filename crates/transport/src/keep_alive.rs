//! Keeping sessions alive whose refresh tokens end when they are not used for a while.

use core::time::Duration;

use wellspring_core::TokenError;

/// When sessions are renewed that no caller uses, and how many a minute.
///
/// ```
/// use core::time::Duration;
/// use wellspring_transport::KeepAlive;
///
/// // A server ends refresh tokens that were not used for 30 days.
/// let keep_alive = KeepAlive::unused_for(Duration::from_secs(20 * 86_400)).per_minute(30);
/// assert_eq!(keep_alive.pause(), Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    unused: Duration,
    per_minute: u32,
}

/// What was done for one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeptAlive {
    /// Its refresh token was renewed, here or by another process at the same time.
    Renewed,
    /// It was used lately.
    InUse,
    /// There is no refresh token that can be used: the user is not signed in, or has to sign in again.
    NoSession,
}

/// What was done for the sessions of many users.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct KeepAliveReport {
    /// How many refresh tokens were renewed, here or by another process at the same time.
    pub renewed: usize,
    /// How many sessions were used lately.
    pub in_use: usize,
    /// How many users have no session.
    pub without_session: usize,
    /// How many sessions were not renewed because of an error.
    pub failed: usize,
    /// The first of these errors.
    pub first_error: Option<TokenError>,
}

impl KeepAlive {
    /// Renews a refresh token that no process has used for this long, at most 60 a minute. Choose less than the time after which
    /// the server ends it, by as much as a failing endpoint may take to come back.
    #[must_use]
    pub const fn unused_for(unused: Duration) -> Self {
        Self { unused, per_minute: 60 }
    }

    /// The most renewals that this process begins in a minute; at least one.
    #[must_use]
    pub const fn per_minute(mut self, renewals: u32) -> Self {
        self.per_minute = if renewals == 0 { 1 } else { renewals };
        self
    }

    /// How long a refresh token is unused when it is renewed.
    #[must_use]
    pub const fn unused(&self) -> Duration {
        self.unused
    }

    /// The time from one renewal to the next.
    #[must_use]
    pub fn pause(&self) -> Duration {
        Duration::from_secs(60) / self.per_minute
    }
}

impl KeepAliveReport {
    /// Adds what was done for one session.
    pub fn add(&mut self, kept: Result<KeptAlive, TokenError>) {
        match kept {
            Ok(KeptAlive::Renewed) => self.renewed += 1,
            Ok(KeptAlive::InUse) => self.in_use += 1,
            Ok(KeptAlive::NoSession) => self.without_session += 1,
            Err(_) => self.failed += 1,
        }
        if let Err(error) = kept {
            self.first_error.get_or_insert(error);
        }
    }
}
