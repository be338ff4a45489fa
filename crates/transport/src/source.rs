//! What a source of either transport holds, and what it does without waiting.

use core::time::Duration;
use std::sync::Arc;

use http::HeaderValue;
use wellspring_core::{AccessToken, Instant, Token, TokenError, TokenResponse};

use crate::attach::AllowedOrigins;
use crate::driver::Driver;
use crate::keep_warm::KeepWarm;
use crate::published::TokenRef;
use crate::shared::SharedLifecycle;

/// What a source of either transport holds. Clones share everything.
pub struct Source<D: Driver> {
    /// The lifecycle.
    pub shared: Arc<SharedLifecycle>,
    /// What carries requests.
    pub transport: Arc<D::Transport>,
    /// Where renewals run.
    pub driver: D,
    /// Where calls may carry the token.
    pub origins: Arc<AllowedOrigins>,
    /// The time for one try of a call.
    pub call_deadline: Duration,
}

/// The time between the deadline of a renewal and the end of waiting for it, so that a caller still gets the result of
/// what ends at its deadline.
pub const MOMENT: Duration = Duration::from_secs(1);

impl<D: Driver> Source<D> {
    /// The token, at once; starts a renewal where one is due.
    ///
    /// # Errors
    ///
    /// `Busy` when there is none yet; otherwise the reason.
    #[inline]
    pub fn try_token(&self) -> Result<TokenRef<'_>, TokenError> {
        match self.shared.fresh() {
            Some(fresh) => Ok(fresh),
            None => self.try_aging_token(),
        }
    }

    fn try_aging_token(&self) -> Result<TokenRef<'_>, TokenError> {
        let place = self.driver.place();
        let executor = || place.as_ref().map(drop).map_err(TokenError::clone);
        let (renewal, answer) = match (self.shared.try_ask_at_once(executor()), self.shared.in_force()) {
            (Some(answer), _) => answer,
            // Another thread decides at this moment, and starts the renewal.
            (None, Some(token)) => return Ok(token),
            (None, None) => self.shared.ask_at_once(executor()),
        };
        if let (Some(renewal), Ok(place)) = (renewal, &place) {
            D::start(place, renewal, &self.transport);
        }
        answer.map(|token| self.shared.lend(token))
    }

    /// The value of the `Authorization` header for this token.
    ///
    /// # Errors
    ///
    /// When the token holds a byte that no header can carry.
    pub fn header(&self, token: Token) -> Result<HeaderValue, TokenError> {
        self.shared.lend(token).authorization().cloned()
    }

    /// The same source with this token, which never expires. For doubles, which have no store.
    #[must_use]
    pub fn holding(self, token: String) -> Self {
        let _ = self.shared.adopt(TokenResponse::new(AccessToken::new(token)));
        self
    }

    /// When a renewal that starts now has certainly ended.
    #[must_use]
    pub fn end_of_renewal(&self) -> Instant {
        self.shared.end_of(self.shared.longest_renewal()).plus(MOMENT)
    }

    /// Renews in the background whenever a renewal is due. Failures end nothing: it goes on after their pause.
    ///
    /// # Errors
    ///
    /// When there is nothing to run it on.
    pub fn keep_warm(&self) -> Result<KeepWarm, TokenError> {
        let place = self.driver.place()?;
        let (shared, driver) = (Arc::downgrade(&self.shared), self.driver.clone());
        let transport = Arc::clone(&self.transport);
        let look = move || {
            let shared = shared.upgrade().filter(|shared| !shared.is_closed())?;
            if let Ok(place) = driver.place()
                && let (Some(renewal), _) = shared.ask_at_once(Ok(()))
            {
                D::start(&place, renewal, &transport);
            }
            // Without an instant, a change notifies.
            Some(shared.next_wake().unwrap_or(Instant::NEVER))
        };
        let (changes, clock) = (self.shared.changes(), self.shared.clock().clone());
        KeepWarm::start::<D>(&place, "wellspring-keep-warm", changes, clock, look)
    }
}

impl<D: Driver> Clone for Source<D> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            transport: Arc::clone(&self.transport),
            driver: self.driver.clone(),
            origins: Arc::clone(&self.origins),
            call_deadline: self.call_deadline,
        }
    }
}

impl<D: Driver> core::fmt::Debug for Source<D> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Source").field("lifecycle", &self.shared).finish_non_exhaustive()
    }
}
