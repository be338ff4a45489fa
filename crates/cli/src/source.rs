//! Builds the source of tokens of a profile: resolves its settings and builds its transport.
//!
//! Errors that need no server to detect end the command here with the exit status for usage.

mod guarded_provider;
mod guarded_store;
mod issuer;

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use oauth2_app::App;
use wellspring_core::{
    AccessToken, AuthorizationGrant, CallFormat, ErrorKind, HttpRequest, HttpResponse, Need, Origin, Policy,
    Provider, RefreshToken, Revocation, Store, Token, TokenError, TokenResponse, UnixTime,
};
use wellspring_profiles::{AnyProvider, LocalStore, Profile, SignsIn, StoreSettings};
use wellspring_transport_blocking::{Clock, KeepAlive, KeptAlive, Tls};

use crate::arguments::Transport;
use crate::certificate;
use crate::driver::{Body, Driver, SourceConfig};
use crate::exit::{Exit, Failure, say};
use crate::interrupt;
use crate::progress;
use crate::source::guarded_provider::GuardedProvider;
use crate::source::guarded_store::GuardedStore;
use crate::span::rounded_up;

/// How long the command sleeps during a pause before it checks the clock again.
const PAUSE_POLL: Duration = Duration::from_millis(50);

/// The longest pause after a refusal of the credential that the command waits out.
const DOUBT: Duration = Duration::from_secs(2);

/// The least time for one exchange. With less time left the command reports the reason for the pause instead.
pub(crate) const SHORTEST_EXCHANGE: Duration = Duration::from_millis(100);

/// The resolved settings of a profile. Resolving them sends requests only to an issuer.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) policy: Policy,
    pub(crate) tls: Tls,
    pub(crate) provider: Arc<dyn Provider>,
    /// The provider as an app, if it can sign people in.
    pub(crate) app: Option<App>,
}

impl Parts {
    /// Resolves the settings. A `redirect_uri` replaces that of the profile.
    pub(crate) fn of(profile: &Profile, redirect_uri: Option<&str>) -> Result<Self, Failure> {
        let (policy, tls) = (profile.policy()?, profile.tls()?);
        let provider = issuer::provider(profile, redirect_uri)?;
        if let AnyProvider::PixBacen(gateway) = &provider {
            for warning in gateway.warnings() {
                say(format_args!("wellspring: {warning}"));
            }
        }
        let app = if let AnyProvider::Oauth2App(app) = &provider { Some(app.clone()) } else { None };
        Ok(Self { policy, tls, provider: provider.into(), app })
    }

    /// The settings, with what the issuer said before, of whatever age. Only an issuer that was never asked is asked.
    pub(crate) fn kept(profile: &Profile) -> Result<Self, Failure> {
        Self::offline(profile).or_else(|_| Self::of(profile, None))
    }

    /// The settings without a request: of an issuer, only what it has said before is used, of whatever age.
    pub(crate) fn offline(profile: &Profile) -> Result<Self, Failure> {
        let (policy, tls) = (profile.policy()?, profile.tls()?);
        Ok(Self { policy, tls, provider: issuer::offline(profile)?.into(), app: None })
    }
}

/// The provider of a profile, without a request to an issuer.
pub(crate) fn offline_provider(profile: &Profile) -> Option<Arc<dyn Provider>> {
    Some(issuer::offline(profile).ok()?.into())
}

/// The profile's source, for one command.
#[derive(Debug)]
pub(crate) struct Source {
    driver: Driver,
    provider: Arc<GuardedProvider>,
    /// The store, if there is one.
    store: Option<Arc<GuardedStore>>,
    /// The origins that may receive the token.
    allowed_origins: Vec<Origin>,
    clock: Clock,
    profile: Profile,
    /// The profile's own policy.
    policy: Policy,
    /// When the command must end.
    end: UnixTime,
    /// Whether the command has given up a token that the store does not take.
    gave_up: AtomicBool,
}

impl Source {
    /// The source of this profile's tokens. It renews no token that is in force: see [`is_due`](Self::is_due).
    pub(crate) fn new(profile: &Profile, transport: Transport) -> Result<Self, Failure> {
        let mut parts = Parts::of(profile, None)?;
        let policy = parts.policy.clone();
        if profile.store().outlives_the_process() {
            (parts.policy.margin, parts.policy.jitter) = (Duration::ZERO, Duration::ZERO);
        }
        let mut source = Self::of(profile, parts, transport)?;
        source.policy = policy;
        Ok(source)
    }

    /// The source of this profile's tokens, which renews a token that is due. What the issuer said is renewed first.
    pub(crate) fn renewing_early(profile: &Profile, transport: Transport) -> Result<Self, Failure> {
        issuer::ask_if_due(profile);
        let parts = Parts::of(profile, None)?;
        Self::of(profile, parts, transport)
    }

    fn of(profile: &Profile, parts: Parts, transport: Transport) -> Result<Self, Failure> {
        let token = profile.refresh_token()?;
        if profile.store().outlives_the_process() && token.is_some() {
            let what = format!(
                "has a `refresh_token` and a store, so the two would diverge: run `wellspring login {}`, which moves the \
                 token into the store, and remove the key",
                profile.name()
            );
            return Err(Failure::at(profile.place(), what));
        }
        let source = Self::over(profile, parts, profile.store().open()?, transport)?;
        if let Some(token) = token {
            // There is no store here: the check above returns early.
            source.driver.adopt(expired_with(token))?;
        }
        Ok(source)
    }

    /// A source with these parts and this store.
    pub(crate) fn over(
        profile: &Profile,
        parts: Parts,
        store: Option<Arc<dyn LocalStore>>,
        transport: Transport,
    ) -> Result<Self, Failure> {
        let Parts { policy, tls, provider, .. } = parts;
        certificate::warn(profile.name(), &tls);
        let clock = Clock::system();
        let end = clock.now().unix.plus(policy.deadline);
        let own_policy = policy.clone();
        let api_urls = profile.api_urls()?;
        let mut allowed_origins = provider.spec().origins.clone();
        // `api_urls` has checked that each URL has an origin.
        allowed_origins.extend(api_urls.iter().filter_map(|url| Origin::of(url).ok()));
        let guarded_provider = Arc::new(GuardedProvider::new(provider, store.is_none()));
        let provider = guarded_provider.clone();
        let guarded_store = store.map(|store| Arc::new(GuardedStore::new(store)));
        let store = guarded_store.clone().map(|guarded| guarded as Arc<dyn Store>);
        let user_agent = profile.user_agent()?;
        let clock_of = clock.clone();
        let config = SourceConfig { provider, policy, tls, user_agent, clock: clock_of, api_urls, store };
        let driver = Driver::new(transport, config).map_err(|error| Failure::at(profile.place(), error))?;
        Ok(Self {
            driver,
            provider: guarded_provider,
            store: guarded_store,
            allowed_origins,
            clock,
            profile: profile.clone(),
            policy: own_policy,
            end,
            gave_up: AtomicBool::new(false),
        })
    }

    /// A token. Waits out pauses and retries until the command must end.
    ///
    /// The command waits here and not in the source, so that Ctrl-C ends a pause at once.
    pub(crate) fn token(&self, need: Need) -> Result<Token, Failure> {
        let token = self.token_with_retries()?;
        if let Some(store) = &self.store {
            store.warn_if_broken();
        }
        let lasts = match need {
            Need::ValidFor(wanted) => {
                let times = token.lifetime().zip(self.remaining(&token));
                times.is_none_or(|(lifetime, left)| self.policy.lasts(lifetime, left, wanted))
            }
            _ => true,
        };
        if lasts {
            return Ok(token);
        }
        let waiting = progress::wait_for("a token that lasts as long as requested");
        let token = self.driver.acquire(need, self.end.since(self.now()));
        drop(waiting);
        self.release();
        token.map_err(|error| self.failure(&error))
    }

    /// The failure for this error of the source.
    fn failure(&self, error: &TokenError) -> Failure {
        Failure::of_token(error, Some(self.profile.name()))
    }

    fn token_with_retries(&self) -> Result<Token, Failure> {
        let mut refusals = 0_u32;
        loop {
            let result = self.driver.token();
            self.release();
            let error = match result {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            // Some servers refuse a good credential now and then. One that has worked is asked for again after a moment.
            refusals = refusals.saturating_add(u32::from(error.remembered_since().is_none()));
            let soon = error.next_attempt().filter(|again| again.since(self.now()) <= DOUBT && refusals <= 1);
            let is_verdict = error.status().is_some() && !error.is_without_verdict();
            let doubted = soon.filter(|_| error.kind() == ErrorKind::Misconfigured && is_verdict);
            let again = match error.kind() {
                ErrorKind::Unavailable { retry_at: Some(again) } => again,
                _ => doubted.unwrap_or_else(|| self.now()),
            };
            // The source has retried the store for as long as that may take.
            let may_retry = doubted.is_some() || error.is_transient() && error.kind() != ErrorKind::Store;
            if !may_retry || again.max(self.now()).plus(SHORTEST_EXCHANGE) >= self.end {
                issuer::learn(&self.profile, &error);
                return Err(self.too_late(error, again));
            }
            progress::failed(&error);
            let _pause = progress::wait_for("the end of the pause after a failure");
            interrupt::nap(PAUSE_POLL);
        }
    }

    /// The failure of a command that must end before its next attempt can succeed.
    fn too_late(&self, error: TokenError, again: UnixTime) -> Failure {
        let lease = self.store.as_ref().and_then(|store| store.lease());
        if !error.is_local() || lease.is_none() || again < self.end {
            return self.failure(&error);
        }
        let after = rounded_up(again);
        Failure::new(Exit::TryLater, format!("{error}; another one takes over after {after}; try again then"))
    }

    /// Checks that a call to this URL may carry the token, before the command gets one.
    pub(crate) fn check(&self, url: &str) -> Result<(), Failure> {
        match Origin::of(url) {
            Ok(origin) if self.allowed_origins.contains(&origin) => Ok(()),
            Ok(origin) => Err(Failure::usage(format!(
                "the token may not go to {origin}; to allow it, add that URL to the profile's `api_urls`"
            ))),
            Err(error) => Err(Failure::usage(format!("the request cannot be sent: {error}"))),
        }
    }

    /// Sends a request with the token. The source retries it once, and only after a 401.
    pub(crate) fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Body>, Failure> {
        let waiting = progress::wait_for("the API's response");
        let answer = self.driver.send(request);
        drop(waiting);
        self.release();
        answer.map_err(|error| self.failure(&error))
    }

    /// The next bytes of a response body; `None` at its end.
    pub(crate) fn chunk(&self, body: &mut Body) -> Result<Option<bytes::Bytes>, Failure> {
        let _waiting = progress::wait_for("the rest of the API's response");
        Ok(self.driver.chunk(body)?)
    }

    /// Warns that the process loses a rotated refresh token when it ends.
    pub(crate) fn warn_of_lost_refresh_token(&self) {
        if self.store.is_none() && self.provider.has_rotated() {
            say(format_args!(
                "wellspring: the profile's refresh token is used, and its successor is lost when this command ends: \
                 sign in again before the next command, or add a store that keeps it"
            ));
        }
    }

    /// Renews the stored token if it is due. The renewal runs until this command ends.
    pub(crate) fn renew_early(&self) {
        // The first one is that of the store, and the second one starts its renewal. The next command reports an error.
        if self.driver.token().is_ok() && self.may_renew_early() {
            let _ = self.driver.token();
        }
    }

    /// Whether this token is due, is worth a renewal by another process, and none renews it.
    pub(crate) fn is_due(&self, token: &Token) -> bool {
        let due = token.lifetime().zip(self.remaining(token));
        let due = due.is_some_and(|(lifetime, left)| left <= self.policy.margin_of(lifetime));
        due && self.may_renew_early() && self.store.as_ref().is_some_and(|store| store.lease().is_none())
    }

    /// Exchanges a new grant. Signals wait until the result is saved.
    pub(crate) fn sign_in(&self, grant: AuthorizationGrant) -> Result<Token, Failure> {
        Ok(self.try_sign_in(grant)?)
    }

    /// As [`sign_in`](Self::sign_in), with the error of the source, for callers that retry.
    pub(crate) fn try_sign_in(&self, grant: AuthorizationGrant) -> Result<Token, TokenError> {
        let signals = interrupt::defer_signals();
        let token = self.driver.sign_in(grant);
        self.release();
        progress::achieved(if token.is_ok() { "signed in" } else { "the sign-in has failed" });
        drop(signals);
        token
    }

    /// What each call of the API carries.
    pub(crate) fn calls(&self) -> &CallFormat {
        &self.provider.spec().calls
    }

    /// The refresh token that the last sign-in was granted, whether it was saved or not.
    pub(crate) fn granted(&self) -> Option<RefreshToken> {
        self.provider.granted()
    }

    /// Whether a token waits in the spill folder.
    pub(crate) fn has_spilled(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.has_spilled())
    }

    /// From now on this source waits for no save.
    pub(crate) fn give_up(&self) {
        self.gave_up.store(true, Ordering::Relaxed);
    }

    /// Whether the provider can revoke this token.
    pub(crate) fn can_revoke(&self, token: &RefreshToken) -> bool {
        self.provider.revocation(token).is_some()
    }

    /// Revokes this token at the server. Returns whether the server has done so.
    pub(crate) fn revoke(&self, token: &RefreshToken) -> bool {
        let _signals = interrupt::defer_signals();
        let request = self.provider.revocation(token);
        let answer = request.and_then(|request| self.driver.exchange(&request).ok());
        answer.is_some_and(|answer| (200..300).contains(&answer.head().status()))
    }

    /// Sends a request to another endpoint of the authorization server.
    pub(crate) fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        Ok(self.driver.exchange(request)?)
    }

    /// Ends the session here and, where the provider supports it, at the server. Signals wait for both.
    pub(crate) fn sign_out(&self) -> Result<Revocation, Failure> {
        let signals = interrupt::defer_signals();
        let revocation = self.driver.sign_out();
        progress::achieved(match &revocation {
            Ok(Revocation::Done) => "logged out, here and at the server",
            Ok(_) => "logged out here",
            Err(_) => "the logout has failed",
        });
        drop(signals);
        Ok(revocation?)
    }

    /// Renews the refresh token, if no process has used it for so long.
    pub(crate) fn keep_alive(&self, settings: KeepAlive) -> Result<KeptAlive, Failure> {
        let kept = self.driver.keep_alive(settings);
        self.release();
        // A failure says itself what it has to say of the store.
        if let (Some(store), Ok(_)) = (&self.store, &kept) {
            store.warn_if_broken();
        }
        kept.map_err(|error| self.failure(&error))
    }

    /// Whether an early renewal may run. After a spill the next command saves the spilled token first.
    fn may_renew_early(&self) -> bool {
        self.store.as_ref().is_some_and(|store| !store.has_spilled()) && !self.gave_up.load(Ordering::Relaxed)
    }

    /// Lets a pending signal end the process, where there is no store. Called when no token request is in flight.
    fn release(&self) {
        self.provider.release();
    }

    /// The remaining lifetime of a token.
    pub(crate) fn remaining(&self, token: &Token) -> Option<Duration> {
        token.remaining(self.clock.now())
    }

    fn now(&self) -> UnixTime {
        self.clock.now().unix
    }
}

impl Drop for Source {
    /// Waits for an early renewal, whose result would be lost when the process ends.
    fn drop(&mut self) {
        if self.may_renew_early() {
            // The command has succeeded or has reported its own failure already.
            let _ = self.driver.close(self.end.since(self.now()).saturating_sub(SHORTEST_EXCHANGE));
        }
    }
}

/// A token response with this refresh token and an expired access token.
fn expired_with(token: RefreshToken) -> TokenResponse {
    // The shortest lifetime above zero: zero would mean that the endpoint issues only expired tokens.
    TokenResponse::new(AccessToken::new("")).with_lifetime(Duration::from_nanos(1)).with_refresh_token(token)
}

/// How this profile gets its first token; an error if the profile does not say it.
pub(crate) fn signs_in(profile: &Profile) -> Result<SignsIn, Failure> {
    match profile.signs_in()? {
        SignsIn::Unspecified => Err(Failure::at(
            profile.place(),
            "lacks `redirect_uri` and `device_authorization_url`; a sign-in needs one of them: add it",
        )),
        specified => Ok(specified),
    }
}

/// The persistent store, for a command that needs one.
pub(crate) fn persistent(settings: &StoreSettings) -> Result<Arc<dyn LocalStore>, Failure> {
    settings.open()?.ok_or_else(|| {
        Failure::at(
            settings.place(),
            "keeps nothing after this command; add a persistent store: [store] with url = \"file:DIR\", \
             \"sqlite:PATH\", \"postgres://HOST/DATABASE\" or \"redis://HOST\"",
        )
    })
}
