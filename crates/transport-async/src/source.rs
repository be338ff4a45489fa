//! What programs hold: a source of tokens, each of them fresh.

use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;

use http::HeaderValue;
use tokio::runtime::Handle;
use wellspring_core::{
    AccessToken, Answer, AuthorizationGrant, Generation, HttpRequest, HttpResponse, Instant, Need, Policy,
    Provider, Rejected, Revocation, Scope, Token, TokenError, TokenResponse,
};
use wellspring_transport::{
    Action, AllowedOrigins, InFlight, Scripted, SharedLifecycle, TokenRef, missing_scope,
};

use crate::background::{Background, run, start};
use crate::clock::wait;
use crate::drive::exchange;
use crate::{Builder, Transport};

/// A source of tokens, each of them fresh. Clones share everything; make one for each credential and keep it.
///
/// Whatever waits may be awaited on any executor; a tokio runtime with its drivers for I/O and time (`enable_all`)
/// must be there to renew on: the caller's, the one the source was built on, or one given to the builder.
#[derive(Clone)]
pub struct TokenSource {
    pub(crate) shared: Arc<SharedLifecycle>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) background: Background,
    pub(crate) origins: Arc<AllowedOrigins>,
    /// For one try of a call.
    pub(crate) call_deadline: Duration,
}

/// What callers are told who are not to wait.
fn not_yet() -> TokenError {
    TokenError::busy(
        "there is no token yet: it is being obtained; ask again, or wait with `token` or `acquire`",
    )
}

/// What callers are told whose time is over.
fn overdue() -> TokenError {
    TokenError::busy("a renewal is under way and did not end in time: ask again")
}

/// Between an exchange's deadline and the end of waiting for it.
const MOMENT: Duration = Duration::from_secs(1);

impl TokenSource {
    /// Starts to make a source of this provider's tokens.
    pub fn builder(provider: impl Provider + 'static) -> Builder {
        Builder::new(Arc::new(provider))
    }

    /// A source that always has this token, for tests of one's own. Its calls go to this machine alone.
    #[must_use]
    pub fn fixed(token: impl Into<String>) -> Self {
        let source = Self::scripted([]).build_double();
        source.adopt(TokenResponse::new(AccessToken::new(token))).expect("a double has no store");
        source
    }

    /// A source whose renewals come to what this script says, one line each, for tests of one's own. Its calls go
    /// to this machine alone, and to the origins that the builder allows.
    pub fn scripted(script: impl IntoIterator<Item = Result<TokenResponse, TokenError>>) -> Builder {
        Builder::double(Scripted::new(script))
    }

    /// The token, at once: never waits, and starts a renewal where one is due.
    ///
    /// # Errors
    ///
    /// `Busy` when there is none yet; otherwise why there is none.
    #[inline]
    pub fn try_token(&self) -> Result<TokenRef<'_>, TokenError> {
        if let Some(fresh) = self.shared.fresh() {
            return Ok(fresh);
        }
        let place = match (self.background.available(), self.shared.in_force()) {
            (Ok(place), _) => place,
            (Err(_), Some(token)) => return Ok(token),
            (Err(error), None) => return Err(error),
        };
        let asked = match (self.shared.try_ask(Need::Fresh), self.shared.in_force()) {
            (Some(asked), _) => asked,
            // Somebody else is deciding this very moment, and will see to the renewal.
            (None, Some(token)) => return Ok(token),
            (None, None) => self.shared.ask(Need::Fresh),
        };
        match asked {
            Action::Use(token) => Ok(self.shared.lend(token)),
            Action::UseAndRenew(token, renewal) => {
                start(&place, renewal, &self.transport);
                Ok(self.shared.lend(token))
            }
            Action::Renew(renewal) => {
                start(&place, renewal, &self.transport);
                Err(not_yet())
            }
            Action::Wait(_) => Err(not_yet()),
            Action::Fail(error, _) => Err(error),
        }
    }

    /// The token; waits for a renewal where there is none, but not for the end of a pause after a failure.
    ///
    /// # Errors
    ///
    /// Why there is none.
    #[inline]
    pub async fn token(&self) -> Result<Token, TokenError> {
        if let Some(fresh) = self.shared.fresh() {
            return Ok(fresh.clone());
        }
        Box::pin(self.obtain(Need::Fresh, self.end_of_exchange(), false)).await
    }

    /// The value of the `Authorization` header, marked as sensitive.
    ///
    /// # Errors
    ///
    /// Why there is none.
    #[inline]
    pub async fn authorization(&self) -> Result<HeaderValue, TokenError> {
        if let Some(fresh) = self.shared.fresh()
            && let Ok(header) = fresh.authorization()
        {
            return Ok(header.clone());
        }
        Box::pin(self.obtain_authorization()).await
    }

    async fn obtain_authorization(&self) -> Result<HeaderValue, TokenError> {
        let token = self.token().await?;
        self.shared.lend(token).authorization().cloned()
    }

    /// A token for this need, waited for until the deadline, through pauses and further tries.
    ///
    /// # Errors
    ///
    /// Why there is none; at once where no waiting helps, and never after the deadline.
    pub async fn acquire(&self, need: Need, deadline: Duration) -> Result<Token, TokenError> {
        if let (Need::Fresh, Some(fresh)) = (need, self.shared.fresh()) {
            return Ok(fresh.clone());
        }
        Box::pin(self.obtain(need, self.shared.end_of(deadline), true)).await
    }

    /// An API has refused the token of this generation: is there, or can there be, another one?
    pub fn reject(&self, generation: Generation) -> Rejected {
        self.shared.reject(generation)
    }

    /// Takes over what a sign-in elsewhere has obtained, as if its request had been sent now.
    ///
    /// # Errors
    ///
    /// `Misconfigured` where there is a store: it would know nothing of this token. Sign in instead.
    pub fn adopt(&self, response: TokenResponse) -> Result<Token, TokenError> {
        self.shared.adopt(response)
    }

    /// Spends a fresh grant, an authorization code say: it is sent once and never again.
    ///
    /// # Errors
    ///
    /// Why it brought no token.
    pub async fn sign_in(&self, spend: AuthorizationGrant) -> Result<Token, TokenError> {
        let place = self.background.available()?;
        let renewal = self.shared.sign_in(spend)?;
        let in_flight = Arc::clone(renewal.in_flight());
        start(&place, renewal, &self.transport);
        self.wait_for(&in_flight, self.end_of_exchange(), &place).await.unwrap_or_else(|| Err(overdue()))
    }

    /// Ends the session: a tombstone in the store, so that nothing brings it back, then the revocation of the refresh
    /// token where the provider offers one. What became of that.
    ///
    /// # Errors
    ///
    /// Why nobody is logged out: the store would not take the tombstone, or the source is closed.
    pub async fn sign_out(&self) -> Result<Revocation, TokenError> {
        let place = self.background.available()?;
        let renewal = self.shared.sign_out()?;
        let in_flight = Arc::clone(renewal.in_flight());
        start(&place, renewal, &self.transport);
        let finished = self.wait_for(&in_flight, self.end_of_exchange(), &place).await;
        match (in_flight.revocation(), finished.unwrap_or_else(|| Err(overdue()))) {
            (Some(revocation), _) => Ok(revocation),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => Err(overdue()),
        }
    }

    /// Sends a request to a neighbour of the token endpoint (metadata, registration, revocation) under the rules of a
    /// token request: no token is attached, no redirect followed, and all of it has the policy's deadline.
    ///
    /// # Errors
    ///
    /// When no complete, acceptable answer came.
    pub async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TokenError> {
        let end = self.shared.end_of(self.policy().deadline);
        let place = self.background.available()?;
        let (transport, clock) = (Arc::clone(&self.transport), self.shared.clock().clone());
        let (request, runtime) = (request.clone(), place.clone());
        let work = async move { exchange(&*transport, &clock, &request, end, &runtime).await };
        match run(&place, work).await? {
            Ok(Answer::Response(response)) => Ok(response),
            Ok(Answer::Failed(error)) | Err(error) => Err(error.into_error()),
        }
    }

    /// The scope that a call was refused for, where its answer says so; empty where it names none.
    #[must_use]
    pub fn missing_scope<B>(&self, response: &http::Response<B>) -> Option<Scope> {
        missing_scope(&**self.shared.provider(), response)
    }

    /// Ends renewing: no renewal or sign-in starts from now on, and what is under way is waited for. The token in force stays usable.
    ///
    /// # Errors
    ///
    /// `Busy` when it did not end before the deadline.
    pub async fn close(&self, deadline: Duration) -> Result<(), TokenError> {
        let end = self.shared.end_of(deadline);
        for in_flight in self.shared.close() {
            let place = self.background.available()?;
            if self.wait_for(&in_flight, end, &place).await.is_none() {
                return Err(overdue());
            }
        }
        Ok(())
    }

    /// When to renew.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.shared.policy()
    }

    /// Asks, carries out and waits, until there is an answer.
    pub(crate) async fn obtain(&self, need: Need, end: Instant, patient: bool) -> Result<Token, TokenError> {
        loop {
            let place = match (self.background.available(), self.shared.in_force()) {
                (Ok(place), _) => place,
                (Err(_), Some(token)) if need == Need::Fresh => return Ok(token.clone()),
                (Err(error), _) => return Err(error),
            };
            let seen = self.shared.changes().count();
            let in_flight = match self.shared.ask(need) {
                Action::Use(token) => return Ok(token),
                Action::UseAndRenew(token, renewal) => {
                    start(&place, renewal, &self.transport);
                    return Ok(token);
                }
                Action::Renew(renewal) => {
                    let in_flight = Arc::clone(renewal.in_flight());
                    start(&place, renewal, &self.transport);
                    in_flight
                }
                Action::Wait(in_flight) => in_flight,
                Action::Fail(error, again) => {
                    let Some(again) = again.filter(|again| patient && *again < end) else {
                        return Err(error);
                    };
                    self.change_after(seen, again, &place).await;
                    let nothing_new = self.shared.changes().count() == seen;
                    if nothing_new && self.shared.clock().now().instant < again {
                        // The runtime that told the time is gone: nothing would wake this caller again.
                        return Err(error);
                    }
                    continue;
                }
            };
            match self.wait_for(&in_flight, end, &place).await {
                None => return Err(overdue()),
                Some(Err(error)) if patient && error.is_transient() => {}
                Some(result) => return result,
            }
        }
    }

    /// What came of that renewal; `None` when the instant came first, or no clock is left to wait by.
    async fn wait_for(
        &self,
        in_flight: &InFlight,
        end: Instant,
        place: &Handle,
    ) -> Option<Result<Token, TokenError>> {
        wait(self.shared.clock(), Some(self.shared.changes()), end, place, |_| match in_flight.result() {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        })
        .await
    }

    /// Waits for a change since the bell had rung so often, or for the instant.
    async fn change_after(&self, seen: u64, until: Instant, place: &Handle) {
        let changes = self.shared.changes();
        wait(self.shared.clock(), Some(changes), until, place, |_| {
            if changes.count() == seen { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// When an exchange that starts now is over for certain.
    pub(crate) fn end_of_exchange(&self) -> Instant {
        // A moment more, so that what ends at its deadline is still heard of.
        self.shared.end_of(self.shared.longest_renewal()).plus(MOMENT)
    }
}

impl core::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TokenSource").field("lifecycle", &self.shared).finish_non_exhaustive()
    }
}
