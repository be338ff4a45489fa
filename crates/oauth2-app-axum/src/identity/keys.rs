//! The server's key set, fetched when a sign-in needs it and kept.
//!
//! One request serves all sign-ins that wait for it. It runs in a task of its own, so it goes on when a sign-in no longer waits, and the next sign-in
//! has its result. A key that is not in the set is a reason to fetch the set again, but not more often than once a minute: anyone
//! who can bring an ID token could otherwise make this site ask the server at will.

use core::time::Duration;
use std::sync::{Arc, MutexGuard, PoisonError};

use oauth2_app::{App, IdClaims, IdTokenChecks, IdTokenErrorKind, Jwks};
use tokio::sync::Mutex;
use wellspring_core::{HttpRequest, IdToken, Instant, TokenError};
use wellspring_transport::Clock;
use wellspring_transport_async::TokenSource;

use crate::clock::within;

/// How long a person waits for the key set.
const PATIENCE: Duration = Duration::from_secs(2);
/// The shortest time between two requests because of an unknown key.
const BETWEEN: Duration = Duration::from_secs(60);
/// How long a key set is used before it is fetched again, so that a key which the server has withdrawn does not stay.
const LIFETIME: Duration = Duration::from_secs(3_600);

#[derive(Clone)]
pub(super) struct Keys(Arc<Shared>);

struct Shared {
    app: App,
    clock: Clock,
    known: std::sync::Mutex<Known>,
    /// Held during a request.
    fetching: Arc<Mutex<()>>,
}

/// What the requests so far have brought.
#[derive(Clone, Default)]
struct Known {
    keys: Option<Arc<Jwks>>,
    /// When the last request that brought a key set began, the last request, and the last one because of an unknown key.
    fetched: Instant,
    asked: Instant,
    again: Option<Instant>,
    /// The number of requests that have ended, and why the last one failed.
    ended: u64,
    failed: Option<TokenError>,
}

impl Keys {
    pub(super) fn new(app: App, clock: Clock) -> Self {
        Self(Arc::new(Shared { app, clock, known: std::sync::Mutex::default(), fetching: Arc::default() }))
    }

    /// The claims of this ID token; `None` if the app has no issuer or no key set.
    ///
    /// # Errors
    ///
    /// If the ID token must not be believed, or no key set arrived in time.
    pub(super) async fn verify(
        &self,
        source: &TokenSource,
        id_token: &IdToken,
        checks: &IdTokenChecks,
    ) -> Result<Option<IdClaims>, TokenError> {
        let Shared { app, clock, .. } = &*self.0;
        let (Some(_), Some(request)) = (app.issuer(), app.jwks_request()) else { return Ok(None) };
        let verify = |keys: &Jwks| app.verify_id_token(id_token.expose(), keys, checks, clock.now().unix);
        let keys = self.current(source, &request).await?;
        let error = match verify(&keys) {
            Ok(claims) => return Ok(Some(claims)),
            Err(error) => error,
        };
        if error.kind() == IdTokenErrorKind::UnknownKey && self.may_ask_again() {
            let seen = self.0.known().ended;
            let newer = self.fetch(source, &request, seen).await?;
            return Ok(Some(verify(&newer)?));
        }
        Err(error.into())
    }

    /// The key set, fetched if there is none. A set that is too old is used if the server does not send another one.
    async fn current(&self, source: &TokenSource, request: &HttpRequest) -> Result<Arc<Jwks>, TokenError> {
        let Known { keys, ended, .. } = self.0.known().clone();
        match keys {
            Some(keys) if !self.is_old() => Ok(keys),
            Some(keys) => Ok(self.fetch(source, request, ended).await.unwrap_or(keys)),
            None => self.fetch(source, request, ended).await,
        }
    }

    /// Fetches the key set, or takes the result of a request that has ended since `seen`.
    async fn fetch(
        &self,
        source: &TokenSource,
        request: &HttpRequest,
        seen: u64,
    ) -> Result<Arc<Jwks>, TokenError> {
        let waited = within(&self.0.clock, PATIENCE, async {
            let guard = Arc::clone(&self.0.fetching).lock_owned().await;
            if self.0.known().ended != seen {
                return;
            }
            let (shared, source, request) = (Arc::clone(&self.0), source.clone(), request.clone());
            let task = tokio::spawn(async move {
                let _guard = guard;
                let began = shared.clock.now().instant;
                let result = source.exchange(&request).await.and_then(|answer| Jwks::read(&answer));
                shared.note(result, began);
            });
            // A task that panicked has noted nothing, which counts as no answer below.
            let _ = task.await;
        });
        let in_time = waited.await.is_some();
        let Known { keys, ended, failed, .. } = self.0.known().clone();
        match (in_time && ended != seen, keys, failed) {
            (true, Some(keys), None) => Ok(keys),
            (true, _, Some(error)) => Err(error),
            _ => Err(TokenError::unavailable("the server's key set did not arrive within two seconds")),
        }
    }

    /// Whether an unknown key is a reason to ask now. The next one is a minute later.
    fn may_ask_again(&self) -> bool {
        let now = self.0.clock.now().instant;
        let mut known = self.0.known();
        let may = known.again.is_none_or(|again| now.since(again) >= BETWEEN);
        if may {
            known.again = Some(now);
        }
        may
    }

    /// Whether the key set is due for another request.
    fn is_old(&self) -> bool {
        let (now, known) = (self.0.clock.now().instant, self.0.known());
        now.since(known.fetched) >= LIFETIME && now.since(known.asked) >= BETWEEN
    }
}

impl Shared {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, result: Result<Jwks, TokenError>, began: Instant) {
        let mut known = self.known();
        known.ended += 1;
        known.asked = began;
        match result {
            Ok(keys) => {
                known.keys = Some(Arc::new(keys));
                known.fetched = began;
                known.failed = None;
            }
            Err(error) => known.failed = Some(error),
        }
    }
}
