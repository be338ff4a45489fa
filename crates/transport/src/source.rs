//! The source of either transport: its parts, and what it does without waiting.

use core::time::Duration;
use std::sync::Arc;

use http::HeaderValue;
use wellspring_core::{Instant, Token, TokenError};

use crate::attach::AllowedOrigins;
use crate::call_limits::CallLimits;
use crate::driver::Driver;
use crate::keep_warm::KeepWarm;
use crate::observer::Acquisition;
use crate::published::TokenRef;
use crate::shared::SharedLifecycle;

/// The source of either transport. Clones share everything.
#[expect(clippy::exhaustive_structs, reason = "only `SharedSettings` makes it")]
pub struct Source<D: Driver> {
    /// The lifecycle.
    pub shared: Arc<SharedLifecycle>,
    /// What it has in common with the other sources of its builder or pool.
    pub common: Arc<Common<D>>,
}

/// What the sources of one builder or pool have in common.
#[expect(clippy::exhaustive_structs, reason = "only `SharedSettings` makes it")]
pub struct Common<D: Driver> {
    /// The transport that carries requests.
    pub transport: Arc<D::Transport>,
    /// Where renewals run.
    pub driver: D,
    /// The origins to which calls may carry the token.
    pub origins: AllowedOrigins,
    /// How long one attempt of a call may take.
    pub call_limits: CallLimits,
}

/// How much longer a caller waits than a renewal may take: a renewal may end right at its deadline.
pub const GRACE: Duration = Duration::from_secs(1);

impl<D: Driver> Source<D> {
    /// The token, without waiting. Starts a renewal where one is due.
    ///
    /// # Errors
    ///
    /// `Busy` while the first token is being obtained; otherwise the reason why there is no token.
    #[inline]
    pub fn try_token(&self) -> Result<TokenRef<'_>, TokenError> {
        match self.shared.fresh() {
            Some(fresh) => Ok(fresh),
            None => self.try_aging_token(),
        }
    }

    fn try_aging_token(&self) -> Result<TokenRef<'_>, TokenError> {
        let place = self.common.driver.place();
        let executor = || place.as_ref().map(drop).map_err(TokenError::clone);
        let (renewal, result) = match (self.shared.try_ask_at_once(executor()), self.shared.in_force()) {
            (Some(decided), _) => decided,
            // Another thread holds the lock: it decides, and starts the renewal.
            (None, Some(token)) => {
                self.shared.acquired(Acquisition::Held, Ok(&*token), None);
                return Ok(token);
            }
            (None, None) => self.shared.ask_at_once(executor()),
        };
        if let (Some(renewal), Ok(place)) = (renewal, &place) {
            D::start(place, renewal, &self.common.transport);
        }
        self.shared.acquired(Acquisition::Held, result.as_ref(), None);
        self.shared.rest();
        result.map(|token| self.shared.lend(token))
    }

    /// The value of the header that carries this token.
    ///
    /// # Errors
    ///
    /// When the token holds a byte that no header can carry.
    pub fn header(&self, token: Token) -> Result<HeaderValue, TokenError> {
        self.shared.lend(token).authorization().cloned()
    }

    /// The instant by which a renewal that starts now has ended.
    #[must_use]
    pub fn end_of_renewal(&self) -> Instant {
        self.shared.end_of(self.shared.longest_renewal()).plus(GRACE)
    }

    /// Renews in the background whenever a renewal is due. After a failure it continues when the pause ends.
    ///
    /// # Errors
    ///
    /// `Misconfigured` where no task or thread can be started.
    pub fn keep_warm(&self) -> Result<KeepWarm, TokenError> {
        let place = self.common.driver.place()?;
        let (shared, common) = (Arc::downgrade(&self.shared), Arc::clone(&self.common));
        let look = move || {
            let shared = shared.upgrade().filter(|shared| !shared.is_closed())?;
            if let Ok(place) = common.driver.place() {
                if let (Some(renewal), _) = shared.ask_at_once(Ok(())) {
                    D::start(&place, renewal, &common.transport);
                }
            }
            // Without an instant, only a change wakes the watch.
            Some(shared.next_wake().unwrap_or(Instant::NEVER))
        };
        let (warm, watch) = KeepWarm::over(&self.shared.changes(), self.shared.clock.clone(), look);
        D::watch(&place, "wellspring-keep-warm", watch)?;
        Ok(warm)
    }
}

impl<D: Driver> Clone for Source<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), common: Arc::clone(&self.common) }
    }
}

crate::debug_fields!([D: Driver] Source<D>, |source| lifecycle: source.shared);
crate::debug_fields!([D: Driver] Common<D>, |common| call_limits: common.call_limits);
