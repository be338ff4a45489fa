//! Times as [`SystemTime`], for programs that have the standard library.

use core::time::Duration;
use std::time::SystemTime;

use crate::error::TokenError;
use crate::rfc3339::LAST;
use crate::time::UnixTime;
use crate::token::Token;

/// A time beyond the year 9999 becomes the last second of that year, which every platform can express.
impl From<UnixTime> for SystemTime {
    fn from(time: UnixTime) -> Self {
        let longest = Duration::from_secs(LAST);
        Self::UNIX_EPOCH.checked_add(time.since_epoch().min(longest)).unwrap_or(Self::UNIX_EPOCH)
    }
}

/// A time before 1970 becomes the start of that year.
impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        Self::after_epoch(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }
}

impl Token {
    /// When it expires; `None` when unknown. By the wall clock of this machine, so only for people and other programs: the
    /// source itself also counts on a monotonic clock.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use wellspring_core::{AccessToken, Clocks, Lifecycle, Policy, TokenResponse, UnixTime};
    ///
    /// let now = Clocks { unix: UnixTime::from_secs(1_795_987_800), ..Clocks::default() };
    /// let response = TokenResponse::new(AccessToken::new("at")).with_lifetime(Duration::from_secs(3_600));
    /// let token = Lifecycle::new(Policy::default(), 1).take_over(response, now, now);
    /// assert_eq!(token.expires_at(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_991_400)));
    /// assert_eq!(token.expires().unwrap().unix.to_string(), "2026-11-29T22:30:00Z");
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires().map(|expires| expires.unix.into())
    }

    /// When its request was sent, by the wall clock of the machine that sent it.
    #[must_use]
    pub fn obtained_at(&self) -> SystemTime {
        self.sent().unix.into()
    }
}

impl TokenError {
    /// When the source asks the endpoint again; `None` if no time is set, or only a sign-in helps.
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.next_attempt().map(SystemTime::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_same_in_both_types_and_the_ends_saturate() {
        let time = UnixTime::after_epoch(Duration::new(1_795_987_800, 7));
        assert_eq!(UnixTime::from(SystemTime::from(time)), time);
        let last = UnixTime::after_epoch(Duration::MAX);
        assert_eq!(UnixTime::from(SystemTime::from(last)), UnixTime::from_secs(LAST));
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(UnixTime::from(before), UnixTime::EPOCH);
    }

    #[test]
    fn an_error_with_a_pause_of_any_kind_says_when_the_next_attempt_is() {
        let at = UnixTime::from_secs(9);
        for error in [TokenError::unavailable("down"), TokenError::misconfigured("refused")] {
            assert_eq!(error.retry_at(), None);
            assert_eq!(error.with_retry_at(at).retry_at(), Some(SystemTime::from(at)));
        }
    }
}
