//! From a profile to a source of tokens: its parts are looked up, the transport built.
//!
//! Everything that can be wrong without asking a server is found out here, as a matter of usage.

mod held;
mod held_store;

use core::time::Duration;
use std::sync::Arc;

use oauth2_app::App;
use wellspring_core::{
    AccessToken, AuthorizationGrant, ErrorKind, HttpRequest, HttpResponse, Need, Origin, Policy, Provider,
    RefreshToken, Revocation, Store, Token, TokenError, TokenResponse, UnixTime,
};
use wellspring_profiles::{AnyProvider, LocalStore, Profile, SignsIn, StoreSettings};
use wellspring_transport_blocking::{Clock, Tls};

use crate::arguments::Transport;
use crate::driver::{Body, Driver, Recipe};
use crate::exit::{Exit, Failure, say};
use crate::interrupt;
use crate::source::held::Held;
use crate::source::held_store::HeldStore;

/// How long a pause is slept through before the clock is looked at again.
const NAP: Duration = Duration::from_millis(50);

/// What an exchange needs at least: with less time left the reason for the pause is told instead.
const LAST_CALL: Duration = Duration::from_millis(100);

/// How long a command whose time is over still waits for credentials that are being spent: they can be spent again.
const LAST_SAVE: Duration = Duration::from_secs(2);

/// What a profile comes to, before anything is asked of anybody but an issuer.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) policy: Policy,
    pub(crate) tls: Tls,
    pub(crate) provider: Arc<dyn Provider>,
    /// The same once more, where it can sign people in.
    pub(crate) app: Option<App>,
}

impl Parts {
    /// Looks everything up. A sign-in may come back to another redirect URI than the profile's.
    pub(crate) fn of(profile: &Profile, redirect_uri: Option<&str>) -> Result<Self, Failure> {
        let (policy, tls) = (profile.policy()?, profile.tls()?);
        let provider = match redirect_uri {
            Some(_) => AnyProvider::Oauth2App(profile.app(redirect_uri)?),
            None => profile.provider()?,
        };
        if let AnyProvider::PixBacen(gateway) = &provider {
            for warning in gateway.warnings() {
                say(format_args!("wellspring: {warning}"));
            }
        }
        let app = if let AnyProvider::Oauth2App(app) = &provider { Some(app.clone()) } else { None };
        Ok(Self { policy, tls, provider: provider.into(), app })
    }
}

/// The profile's source, for one command.
#[derive(Debug)]
pub(crate) struct Source {
    driver: Driver,
    /// Where no store keeps what is obtained.
    held: Option<Arc<Held>>,
    /// The store that does.
    kept: Option<Arc<HeldStore>>,
    /// Where calls may carry the token.
    reach: Vec<Origin>,
    clock: Clock,
    /// When the command is over.
    end: UnixTime,
}

/// The time for a whole command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// In which it ends.
    pub(crate) deadline: Duration,
    /// How much longer it lasts where a grant is under way that would be lost with it.
    pub(crate) grace: Duration,
}

impl Time {
    pub(crate) fn of(profile: &Profile) -> Result<Self, Failure> {
        let policy = profile.policy()?;
        let grace = if !profile.store().outlives_the_process() {
            Duration::ZERO
        } else if matches!(signs_in(profile)?, SignsIn::Nobody) {
            LAST_SAVE
        } else {
            // An exchange that was begun late, and the save of what it brings.
            policy.deadline.saturating_add(policy.store_deadline)
        };
        Ok(Self { deadline: policy.deadline, grace })
    }
}

impl Source {
    /// The source of this profile's tokens.
    pub(crate) fn new(profile: &Profile, transport: Transport) -> Result<Self, Failure> {
        let parts = Parts::of(profile, None)?;
        let token = profile.refresh_token()?;
        if profile.store().outlives_the_process() && token.is_some() {
            let what = format!(
                "has a `refresh_token`, which would be spent beside the store; `wellspring login {}` takes it over, \
                 then remove it",
                profile.name()
            );
            return Err(Failure::at(profile.place(), what));
        }
        let kept = profile.store().open()?.map(|kept| kept as Arc<dyn Store>);
        let source = Self::over(profile, parts, kept, transport)?;
        if let Some(token) = token {
            // Without a store, which is looked at above.
            source.driver.adopt(spent_with(token))?;
        }
        Ok(source)
    }

    /// The source that these parts make.
    pub(crate) fn over(
        profile: &Profile,
        parts: Parts,
        store: Option<Arc<dyn Store>>,
        transport: Transport,
    ) -> Result<Self, Failure> {
        let Parts { policy, tls, provider, .. } = parts;
        let clock = Clock::system();
        let end = clock.now().unix.plus(policy.deadline);
        let api_urls = profile.api_urls()?;
        let mut reach = provider.spec().origins.clone();
        // Each has an origin, or there would be no such list.
        reach.extend(api_urls.iter().filter_map(|url| Origin::of(url).ok()));
        let held = store.is_none().then(|| Arc::new(Held::new(provider.clone())));
        let provider = held.clone().map_or(provider, |held| held);
        let kept = store.map(|store| Arc::new(HeldStore::new(store)));
        let store = kept.clone().map(|kept| kept as Arc<dyn Store>);
        let recipe = Recipe { provider, policy, tls, clock: clock.clone(), api_urls, store };
        let driver = Driver::new(transport, recipe).map_err(|error| Failure::at(profile.place(), error))?;
        Ok(Self { driver, held, kept, reach, clock, end })
    }

    /// A token, through pauses and further tries until the command's time is over.
    ///
    /// Pauses are waited out here and not in the source, so that Ctrl-C ends them at once.
    pub(crate) fn token(&self, need: Need) -> Result<Token, Failure> {
        let token = self.patiently()?;
        if need == Need::Fresh {
            return Ok(token);
        }
        let token = self.driver.acquire(need, self.end.since(self.now()));
        self.release();
        Ok(token?)
    }

    fn patiently(&self) -> Result<Token, Failure> {
        loop {
            let asked = self.driver.token();
            self.release();
            let error = match asked {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            let again = match error.kind() {
                ErrorKind::Unavailable { retry_at: Some(again) } => again,
                _ => self.now(),
            };
            if !error.is_transient() || again.max(self.now()).plus(LAST_CALL) >= self.end {
                return Err(error.into());
            }
            interrupt::nap(NAP);
        }
    }

    /// Whether a call to this URL may carry the token; asked before there is one.
    pub(crate) fn check(&self, url: &str) -> Result<(), Failure> {
        match Origin::of(url) {
            Ok(origin) if self.reach.contains(&origin) => Ok(()),
            Ok(origin) => Err(Failure::usage(format!(
                "the token may not go to {origin}; if it should, add that URL to the profile's `api_urls`"
            ))),
            Err(error) => Err(Failure::usage(format!("the call cannot be made: {error}"))),
        }
    }

    /// One call with the token on it. Tried again only after a 401.
    pub(crate) fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Body>, Failure> {
        let answer = self.driver.send(request);
        self.release();
        answer.map_err(Into::into)
    }

    /// The next bytes of an answer's body; `None` at its end.
    pub(crate) fn chunk(&self, body: &mut Body) -> Result<Option<bytes::Bytes>, Failure> {
        Ok(self.driver.chunk(body)?)
    }

    /// Tells a person what this process takes with it when it ends.
    pub(crate) fn tell(&self) {
        if self.held.as_ref().is_some_and(|held| held.has_rotated()) {
            say(format_args!(
                "wellspring: the profile's refresh token is spent, and the one that replaces it ends with this \
                 command: sign in again before the next one, until there is a store that keeps it"
            ));
        }
    }

    /// Renews what the store holds if that is due, for whoever asks next: what this command needed it has. Goes on
    /// behind its back, until it ends.
    pub(crate) fn renew_early(&self) {
        if self.goes_on() {
            // Whatever is wrong is for whoever needs the next token to hear.
            let _ = self.driver.token();
        }
    }

    /// Spends a fresh grant; no signal comes between that and its save.
    pub(crate) fn sign_in(&self, spend: AuthorizationGrant) -> Result<Token, Failure> {
        Ok(self.spend(spend)?)
    }

    /// The same, for whoever spends it again after some errors.
    pub(crate) fn spend(&self, spend: AuthorizationGrant) -> Result<Token, TokenError> {
        let hold = interrupt::hold();
        let token = self.driver.sign_in(spend);
        drop(hold);
        token
    }

    /// Asks a neighbour of the token endpoint.
    pub(crate) fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, Failure> {
        Ok(self.driver.exchange(request)?)
    }

    /// Ends the session, here and, where the provider can, at the server; no signal comes between the two.
    pub(crate) fn sign_out(&self) -> Result<Revocation, Failure> {
        let hold = interrupt::hold();
        let revocation = self.driver.sign_out();
        drop(hold);
        Ok(revocation?)
    }

    /// Whether there is anything to do for whoever comes next; what was spilled is theirs to store.
    fn goes_on(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| !kept.has_spilled())
    }

    /// No request without a store is under way any more.
    fn release(&self) {
        if let Some(held) = &self.held {
            held.release();
        }
    }

    /// How much of a token's life is left.
    pub(crate) fn remaining(&self, token: &Token) -> Option<Duration> {
        token.remaining(self.clock.now())
    }

    fn now(&self) -> UnixTime {
        self.clock.now().unix
    }
}

impl Drop for Source {
    /// A token that is due was handed out, and its renewal goes on behind the command's back: what it brings would
    /// end with this process.
    fn drop(&mut self) {
        if self.goes_on() {
            // What the command was for is done, or why it is not is told already.
            let _ = self.driver.close(self.end.since(self.now()).saturating_sub(LAST_CALL));
        }
    }
}

/// A sign-in of which nothing but the refresh token is left.
fn spent_with(token: RefreshToken) -> TokenResponse {
    // The least that is not zero: zero would be an endpoint that grants nothing but dead tokens.
    TokenResponse::new(AccessToken::new("")).with_lifetime(Duration::from_nanos(1)).with_refresh_token(token)
}

/// How this profile gets its first token, which it has to say.
pub(crate) fn signs_in(profile: &Profile) -> Result<SignsIn, Failure> {
    match profile.signs_in()? {
        SignsIn::Somehow => Err(Failure::at(
            profile.place(),
            "lacks `redirect_uri` or `device_authorization_url`, one of which a sign-in needs; add it",
        )),
        said => Ok(said),
    }
}

/// The store, for a command that makes no sense without one.
pub(crate) fn outliving(settings: &StoreSettings) -> Result<Arc<dyn LocalStore>, Failure> {
    settings.open()?.ok_or_else(|| {
        Failure::at(
            settings.place(),
            "keeps nothing beyond this command; add a store that does: [store] with url = \"file:DIR\" or \
             \"sqlite:PATH\"",
        )
    })
}

/// Does the work and gives it this much time, everything included. A grant that is under way then is still waited for.
pub(crate) fn within<T: Send + 'static>(
    time: Time,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let Time { deadline, grace } = time;
    let (tell, told) = std::sync::mpsc::channel();
    let working = std::thread::Builder::new().name("work".into()).spawn(move || {
        // Nobody listens any more when the time is over.
        let _ = tell.send(work());
    });
    working.map_err(|error| Failure::new(Exit::TryLater, format!("no thread can be started: {error}")))?;
    let in_time = told.recv_timeout(deadline).ok();
    let was_held = interrupt::settle(grace);
    // What came of it meanwhile is as good as if it had come in time.
    let late = || if was_held { told.recv_timeout(LAST_CALL).ok() } else { None };
    in_time.or_else(late).unwrap_or_else(|| {
        Err(Failure::new(
            Exit::TryLater,
            format!("no answer within the profile's deadline of {deadline:?}; try again later"),
        ))
    })
}
