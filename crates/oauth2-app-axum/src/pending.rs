//! Sign-ins between their start and the callback: each has a cookie of its own in the browser and a record in the store.
//!
//! Tabs therefore never share a sign-in, and a stale cookie spoils no other one. The record stands under the hash of the
//! state, and holds the hash of the cookie's secret: a callback needs both. A callback takes the sign-in once
//! ([`Attempts::take`]); the result is then kept in the place of the sign-in, so that the same callback, repeated by a
//! reload or a double click, gets the same result from every process.

use core::time::Duration;

use oauth2_app::{PendingLogin, RedirectUri};
use serde_json::Value;
use wellspring_core::{CodeVerifier, TokenError, UnixTime};

use crate::events;
use crate::next::Next;
use crate::random::{self, same};
use crate::sessions::{Data, Name, Sessions, text};

/// How long a sign-in stays pending.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// How long its record stays, for the path to go to after a callback that comes late.
const KEPT: Duration = Duration::from_secs(3_600);
/// Longer than any state that this crate makes.
const MAX_STATE_LENGTH: usize = 128;

/// All sign-ins that have been started.
pub(crate) struct Attempts(Sessions);

/// What a sign-in is known by from its start on.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) provider: String,
    /// Where the browser goes afterwards.
    pub(crate) next: Option<Next>,
    /// The sign-in runs in a popup, which closes afterwards.
    pub(crate) popup: bool,
    /// The hash of the secret in the browser's cookie.
    secret: String,
    until: UnixTime,
    /// The session that the browser had at the start.
    pub(crate) before: Option<Name>,
    /// What the start asked for beside a sign-in.
    pub(crate) asked: String,
    /// The number of sign-ins before this one that were seconds old and did not help.
    pub(crate) round: u64,
}

/// A sign-in that no callback has taken yet.
pub(crate) struct Pending {
    pub(crate) attempt: Attempt,
    verifier: Option<CodeVerifier>,
    nonce: Option<String>,
    max_age: Option<Duration>,
    acr_values: Option<String>,
}

/// A sign-in that a callback has taken.
pub(crate) struct Taken {
    pub(crate) attempt: Attempt,
    /// Which callback has taken it.
    pub(crate) fingerprint: String,
    /// `None` while a process works on it.
    pub(crate) outcome: Option<Outcome>,
}

/// What a callback has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    SignedIn,
    Failed {
        /// For `?error=`.
        word: String,
        /// The id of the application's own sentence.
        notice: Option<String>,
    },
}

/// What the store knows of a state.
pub(crate) enum Found {
    Unknown,
    Pending(Pending),
    Taken(Taken),
}

impl Attempt {
    /// A sign-in that starts now, in the browser whose cookie has this secret.
    pub(crate) fn new(provider: &str, secret: &str, now: UnixTime) -> Self {
        Self {
            provider: provider.to_owned(),
            next: None,
            popup: false,
            secret: Name::of("browser", secret).to_text(),
            until: now.plus(LIFETIME),
            before: None,
            asked: String::new(),
            round: 0,
        }
    }

    /// Whether the browser with this secret has started it, at most ten minutes ago.
    pub(crate) fn is_of(&self, secret: &str, now: UnixTime) -> bool {
        same(&self.secret, &Name::of("browser", secret).to_text()) && now < self.until
    }

    fn write(&self) -> Data {
        let mut data = Data::from_iter([
            ("provider".to_owned(), Value::from(self.provider.as_str())),
            ("popup".to_owned(), self.popup.into()),
            ("secret".to_owned(), self.secret.as_str().into()),
            ("pending".to_owned(), self.until.as_secs().into()),
            ("asked".to_owned(), self.asked.as_str().into()),
            ("round".to_owned(), self.round.into()),
        ]);
        let next = self.next.as_ref().map(|next| next.as_str().to_owned());
        put(&mut data, "next", next);
        put(&mut data, "before", self.before.as_ref().map(Name::to_text));
        data
    }

    fn read(data: &Data) -> Option<Self> {
        Some(Self {
            provider: text(data, "provider")?.to_owned(),
            next: text(data, "next").and_then(Next::parse),
            popup: data.get("popup").and_then(Value::as_bool).unwrap_or_default(),
            secret: text(data, "secret")?.to_owned(),
            until: UnixTime::from_secs(data.get("pending")?.as_u64()?),
            before: text(data, "before").and_then(Name::parse),
            asked: text(data, "asked").unwrap_or_default().to_owned(),
            round: data.get("round").and_then(Value::as_u64).unwrap_or_default(),
        })
    }
}

impl Pending {
    /// The protocol's part.
    pub(crate) fn login(&self, state: &str, uri: &RedirectUri) -> Result<PendingLogin, TokenError> {
        let login = PendingLogin::from_parts(state, self.verifier.clone(), uri.clone())?;
        let login = login.with_nonce(self.nonce.clone());
        Ok(login.with_max_age(self.max_age).with_acr_values(self.acr_values.clone()))
    }

    fn read(data: &Data) -> Option<Self> {
        Some(Self {
            attempt: Attempt::read(data)?,
            verifier: text(data, "verifier").map(CodeVerifier::new),
            nonce: text(data, "nonce").map(str::to_owned),
            max_age: data.get("max_age").and_then(Value::as_u64).map(Duration::from_secs),
            acr_values: text(data, "acr_values").map(str::to_owned),
        })
    }
}

impl Taken {
    fn read(data: &Data) -> Option<Self> {
        let failed = |word: &str| Outcome::Failed {
            word: word.to_owned(),
            notice: text(data, "notice").map(str::to_owned),
        };
        let outcome = if data.get("signed_in").is_some() {
            Some(Outcome::SignedIn)
        } else {
            text(data, "error").map(failed)
        };
        Some(Self {
            attempt: Attempt::read(data)?,
            fingerprint: text(data, "fingerprint")?.to_owned(),
            outcome,
        })
    }
}

impl Attempts {
    pub(crate) const fn new(sessions: Sessions) -> Self {
        Self(sessions)
    }

    /// Stores a sign-in. The verifier is the only secret in the record.
    pub(crate) async fn put(&self, login: PendingLogin, attempt: &Attempt) -> Result<(), TokenError> {
        let mut data = attempt.write();
        if let Some(max_age) = login.max_age() {
            data.insert("max_age".to_owned(), max_age.as_secs().into());
        }
        put(&mut data, "nonce", login.nonce().map(str::to_owned));
        put(&mut data, "acr_values", login.acr_values().map(str::to_owned));
        let (state, verifier, _) = login.into_parts();
        put(&mut data, "verifier", verifier.map(|verifier| verifier.expose().to_owned()));
        self.0.insert(&pending(state.expose()), data, self.0.end_of(KEPT)).await
    }

    /// What is known of this state. It says nothing of the browser: ask [`Attempt::is_of`].
    pub(crate) async fn find(&self, state: &str) -> Result<Found, TokenError> {
        if state.is_empty() || state.len() > MAX_STATE_LENGTH {
            return Ok(Found::Unknown);
        }
        if let Some(pending) = self.0.load(&pending(state)).await?.as_ref().and_then(Pending::read) {
            return Ok(Found::Pending(pending));
        }
        Ok(self.taken(state).await?.map_or(Found::Unknown, Found::Taken))
    }

    /// The state of a sign-in that was taken.
    pub(crate) async fn taken(&self, state: &str) -> Result<Option<Taken>, TokenError> {
        Ok(self.0.load(&taken(state)).await?.as_ref().and_then(Taken::read))
    }

    /// Takes a sign-in for this callback; `false` if another callback has taken it, in whatever process. It is removed before
    /// its code is exchanged.
    pub(crate) async fn take(&self, state: &str, attempt: &Attempt, by: &str) -> Result<bool, TokenError> {
        let first = self.0.create(&taken(state), mark(attempt, by), self.0.end_of(KEPT)).await?;
        if first {
            if let Err(error) = self.0.delete(&pending(state)).await {
                // The mark says that it is taken.
                events::failed("session", Some(&attempt.provider), &error);
            }
        }
        Ok(first)
    }

    /// Keeps the result of the callback that has taken it.
    pub(crate) async fn finish(
        &self,
        state: &str,
        attempt: &Attempt,
        by: &str,
        outcome: &Outcome,
    ) -> Result<(), TokenError> {
        let mut data = mark(attempt, by);
        match outcome {
            Outcome::SignedIn => put(&mut data, "signed_in", Some("yes".to_owned())),
            Outcome::Failed { word, notice } => {
                put(&mut data, "error", Some(word.clone()));
                put(&mut data, "notice", notice.clone());
            }
        }
        self.0.update(&taken(state), data, self.0.end_of(KEPT)).await
    }

    /// Claims a finished sign-in for a browser; `false` if it was ended because no browser came.
    pub(crate) async fn claim(&self, state: &str) -> Result<bool, TokenError> {
        self.decide(state, "claimed").await
    }

    /// Ends a finished sign-in that no browser came for; `false` if one has claimed it.
    pub(crate) async fn end(&self, state: &str) -> Result<bool, TokenError> {
        self.decide(state, "ended").await
    }

    /// The first decision holds, of whatever process.
    async fn decide(&self, state: &str, decision: &str) -> Result<bool, TokenError> {
        let name = Name::of("decided", state);
        let data = Data::from_iter([("decision".to_owned(), Value::from(decision))]);
        if self.0.create(&name, data, self.0.end_of(KEPT)).await? {
            return Ok(true);
        }
        let decided = self.0.load(&name).await?;
        Ok(decided.is_some_and(|data| text(&data, "decision") == Some(decision)))
    }
}

/// The names of a state's records.
fn pending(state: &str) -> Name {
    Name::of("pending", state)
}

fn taken(state: &str) -> Name {
    Name::of("taken", state)
}

fn mark(attempt: &Attempt, by: &str) -> Data {
    let mut data = attempt.write();
    put(&mut data, "fingerprint", Some(by.to_owned()));
    data
}

fn put(data: &mut Data, name: &str, value: Option<String>) {
    if let Some(value) = value {
        data.insert(name.to_owned(), value.into());
    }
}

/// A callback, as it is compared with itself.
pub(crate) fn fingerprint(state: &str, code: Option<&str>, error: Option<&str>) -> String {
    random::derived(state, &[code.unwrap_or_default(), error.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use tower_sessions_core::SessionStore;
    use tower_sessions_core::session::{Id, Record};
    use tower_sessions_core::session_store::Result;
    use wellspring_transport::Clock;

    use super::*;
    use crate::memory_sessions::MemorySessions;

    /// Sessions as in a database: each call yields, so that calls interleave.
    #[derive(Clone, Debug)]
    struct Yielding(MemorySessions);

    #[async_trait]
    impl SessionStore for Yielding {
        async fn create(&self, record: &mut Record) -> Result<()> {
            tokio::task::yield_now().await;
            self.0.create(record).await
        }

        async fn save(&self, record: &Record) -> Result<()> {
            self.0.save(record).await
        }

        async fn load(&self, id: &Id) -> Result<Option<Record>> {
            let found = self.0.load(id).await;
            tokio::task::yield_now().await;
            found
        }

        async fn delete(&self, id: &Id) -> Result<()> {
            tokio::task::yield_now().await;
            self.0.delete(id).await
        }
    }

    fn of(store: &MemorySessions) -> Attempts {
        Attempts::new(Sessions::new(Arc::new(Yielding(store.clone())), Clock::system()))
    }

    async fn started(attempts: &Attempts, state: &str) -> Attempt {
        let uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
        let login = PendingLogin::from_parts(state, None, uri).unwrap();
        let attempt = Attempt::new("default", "canary-secret", Clock::system().now().unix);
        attempts.put(login, &attempt).await.unwrap();
        attempt
    }

    #[tokio::test]
    async fn of_two_concurrent_callbacks_only_one_takes_the_sign_in_also_across_processes() {
        let store = MemorySessions::default();
        let (here, there) = (of(&store), of(&store));
        for (n, other) in [&here, &there].into_iter().enumerate() {
            let state = format!("state-{n}");
            let attempt = started(&here, &state).await;
            let (a, b) = tokio::join!(here.take(&state, &attempt, "a"), other.take(&state, &attempt, "b"));
            assert_eq!([a.unwrap(), b.unwrap()].iter().filter(|first| **first).count(), 1);
            assert!(!here.take(&state, &attempt, "c").await.unwrap());
            let Found::Taken(taken) = there.find(&state).await.unwrap() else { panic!("it is taken") };
            assert!(taken.outcome.is_none() && ["a", "b"].contains(&taken.fingerprint.as_str()));
        }
    }

    #[tokio::test]
    async fn a_result_is_found_by_every_process() {
        let store = MemorySessions::default();
        let (here, there) = (of(&store), of(&store));
        let failed = Outcome::Failed { word: "refused".to_owned(), notice: Some("n".to_owned()) };
        for (state, outcome) in [("s", Outcome::SignedIn), ("t", failed)] {
            let attempt = started(&here, state).await;
            assert!(here.take(state, &attempt, "a").await.unwrap());
            here.finish(state, &attempt, "a", &outcome).await.unwrap();
            assert_eq!(there.taken(state).await.unwrap().unwrap().outcome, Some(outcome));
        }
    }

    #[tokio::test]
    async fn a_finished_sign_in_is_claimed_or_ended_and_never_both() {
        let store = MemorySessions::default();
        let (here, there) = (of(&store), of(&store));
        assert!(here.claim("s").await.unwrap());
        assert!(there.claim("s").await.unwrap(), "the same browser may claim it again");
        assert!(!there.end("s").await.unwrap());
        assert!(here.end("t").await.unwrap());
        assert!(!there.claim("t").await.unwrap());
        let (claimed, ended) = tokio::join!(here.claim("u"), there.end("u"));
        assert_ne!(claimed.unwrap(), ended.unwrap());
    }

    #[tokio::test]
    async fn the_stored_record_contains_neither_the_state_nor_the_cookies_secret() {
        let store = MemorySessions::default();
        let attempts = of(&store);
        let attempt = started(&attempts, "canary-state").await;
        let now = Clock::system().now().unix;
        assert!(attempt.is_of("canary-secret", now) && !attempt.is_of("canary-secre", now));
        assert!(!attempt.is_of("canary-secret", now.plus(LIFETIME)));
        let kept = attempts.0.load(&pending("canary-state")).await.unwrap().unwrap();
        assert!(!format!("{kept:?}").contains("canary"), "{kept:?}");
    }
}
