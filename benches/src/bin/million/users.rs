//! A pool of many users, and a store that holds a session of each without keeping any of them in memory.

use core::hash::{BuildHasher, BuildHasherDefault};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::hash::DefaultHasher;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};
use oauth2_app::App;
use wellspring_core::{
    AsyncStore, Attempt, Epoch, Generation, Granted, HttpRequest, HttpResponse, LivenessLock, Loaded,
    LockDomain, PendingSave, Record, SessionState, SharedBy, StoreError, StoreGuarantees, Stored, Swap,
    TokenError, TokenKey, TokenResponse, TransportError, TransportErrorKind, Version, WatchOutcome,
};
use wellspring_transport_async::{Body, CallLimits, Clock, TokenPool, TokenSource, Transport};

/// How long each token lives.
pub(crate) const LIFETIME: u64 = 3_600;

/// The bytes of each access token.
pub(crate) const TOKEN: usize = 24;

/// A pool, and how many sessions the store was asked for.
pub(crate) struct Users {
    pub(crate) pool: TokenPool,
    pub(crate) loads: Arc<AtomicUsize>,
}

impl Users {
    /// A pool without a user. `reusable`: refresh tokens survive their use.
    pub(crate) fn new(reusable: bool, clock: Clock) -> Result<Self, TokenError> {
        let app = App::builder()
            .authorize_url("https://server.example/authorize")
            .token_url("https://server.example/token")
            .client_id("client")
            .client_secret("secret")
            .redirect_uri("https://app.example/callback")
            .build()?;
        let start = clock.now().unix.as_secs();
        let sessions = Sessions { start, clock: clock.clone(), loads: Arc::default(), reusable };
        let loads = Arc::clone(&sessions.loads);
        let users = app.clone();
        let pool = TokenSource::builder_with_transport(app, Unreachable)
            .async_store(sessions)
            .clock(clock)
            .idle(Duration::from_secs(7 * 86_400))
            .seed(7)
            .pool(move |user| users.for_user(user))?;
        Ok(Self { pool, loads })
    }

    /// Asks for the token of each of the first so many users.
    pub(crate) async fn fill(&self, users: usize) -> Result<(), TokenError> {
        for n in 0..users {
            let token = self.pool.source(&name(n))?.token().await?;
            assert_eq!(token.expose().len(), TOKEN);
        }
        Ok(())
    }
}

/// The name of a user.
pub(crate) fn name(n: usize) -> String {
    format!("user-{n:07}")
}

/// A session of every user, with a new token each hour, from a moment of the user's own on.
#[derive(Debug)]
struct Sessions {
    start: u64,
    clock: Clock,
    loads: Arc<AtomicUsize>,
    reusable: bool,
}

#[async_trait]
impl AsyncStore for Sessions {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Fleet, durable: true, may_go_back: false }
    }

    async fn load(&self, key: &TokenKey, _: Duration) -> Result<Loaded, StoreError> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        let user = BuildHasherDefault::<DefaultHasher>::default().hash_one(key.as_bytes());
        // Another process renews each token ten minutes before its end.
        let every = LIFETIME - 600;
        let lag = user % every;
        let count = (self.clock.now().unix.as_secs() - self.start + lag) / every + 1;
        let obtained_at = wellspring_core::UnixTime::from_secs(self.start + (count - 1) * every - lag);
        let response = TokenResponse::new(format!("access-{user:017x}"))
            .with_refresh_token(format!("refresh-{user:017x}"))
            .with_lifetime(Duration::from_secs(LIFETIME));
        let mut granted = Granted::new(obtained_at, response);
        granted.reusable = self.reusable;
        let generation = Generation::new(count);
        let record = Record::new(Epoch::new(1), generation, SessionState::Active(granted));
        let stored = Some(Stored { version: Version::new(1), record });
        Ok(Loaded { stored, ..Loaded::default() })
    }

    async fn save(
        &self,
        _: &TokenKey,
        _: Option<Version>,
        _: &Record,
        _: Duration,
    ) -> Result<Swap, StoreError> {
        Err(read_only())
    }

    async fn watch(
        &self,
        _: &TokenKey,
        _: Version,
        _: Option<LockDomain>,
        _: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        Err(read_only())
    }

    async fn liveness_lock(&self, _: &TokenKey, _: Duration) -> Result<LivenessLock, StoreError> {
        Err(read_only())
    }

    fn spill(&self, _: &TokenKey, _: &PendingSave) -> Result<(), StoreError> {
        Err(read_only())
    }

    fn forget_spill(&self, _: &TokenKey, _: Attempt) -> Result<(), StoreError> {
        Ok(())
    }
}

fn read_only() -> StoreError {
    StoreError::refused("this store is only read")
}

/// A transport without a network: every token comes from the store.
#[derive(Debug)]
struct Unreachable;

fn unreachable() -> TransportError {
    TransportError::new(TransportErrorKind::Refused, "this program sends nothing")
}

#[async_trait]
impl Transport for Unreachable {
    async fn exchange(&self, _: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        Err(unreachable())
    }

    async fn call(&self, _: Request<Body>, _: CallLimits) -> Result<Response<Body>, TransportError> {
        Err(unreachable())
    }
}
